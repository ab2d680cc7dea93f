import type { SinkItem } from '../connector/contract.ts';
import type { Sql } from './database.ts';

/** What the mapping made of a record on its last delivery; fields that are written on create only are not in it. */
export type Payload = Pick<SinkItem, 'fields' | 'lines'>;

/** Keeps what was delivered, in the caller's transaction and in id order. Takes the place of what was kept before. */
export async function keepPayloads(
  sql: Sql,
  flow: string,
  delivered: readonly { readonly sourceId: string; readonly output: Payload }[],
): Promise<void> {
  if (delivered.length === 0) return;
  await sql.query({
    name: 'keep_payloads',
    text: `insert into payload as p (flow, source_id, output) select $1, d.source_id, d.output from unnest($2::text[], $3::text[]) as d (source_id, output)
     order by d.source_id on conflict (flow, source_id) do update set output = excluded.output`,
    values: [flow, delivered.map((d) => d.sourceId), delivered.map((d) => JSON.stringify(d.output))],
  });
}

/** What was last delivered of records; one of which nothing is kept is left out. */
export async function loadPayloads(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
): Promise<Map<string, Payload>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await sql.query<{ source_id: string; output: string }>({
    name: 'load_payloads',
    text: 'select source_id, output from payload where flow = $1 and source_id = any($2::text[])',
    values: [flow, sourceIds],
  });
  return new Map(rows.map((row) => [row.source_id, JSON.parse(row.output) as Payload]));
}
