import type { SinkItem } from '../connector/contract.ts';
import type { Reference } from '../mapping/mapping.ts';
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

/** What the ERP was last given of a record that is linked, and when it took it. */
export type Delivered = { readonly targetId: string; readonly at: Date; readonly output: Payload };

/** What was last delivered of records, in their order; null of one that is not linked, or of which nothing is kept. */
export async function loadDelivered(
  sql: Sql,
  references: readonly Reference[],
): Promise<readonly (Delivered | null)[]> {
  const { rows } = await sql.query<{ target_id: string | null; delivered_at: Date; output: string }>({
    name: 'load_delivered',
    text: `select d.target_id, d.delivered_at, d.output from unnest($1::text[], $2::text[]) with ordinality as r (flow, id, place)
     left join lateral (select l.target_id, l.delivered_at, p.output from link l join payload p on p.flow = l.flow and p.source_id = l.source_id
       where l.flow = r.flow and l.source_id = r.id and l.target_id is not null and l.state <> 'removed' and l.delivered_at is not null limit 1) d on true
     order by r.place`,
    values: [references.map(({ flow }) => flow), references.map(({ id }) => id)],
  });
  return rows.map((row) =>
    row.target_id === null
      ? null
      : { targetId: row.target_id, at: row.delivered_at, output: JSON.parse(row.output) as Payload },
  );
}
