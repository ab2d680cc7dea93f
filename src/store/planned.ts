import type { Sql } from './database.ts';

/** What the newest plan of a flow came to. */
export type Planned = { readonly mappingHash: string; readonly plannedAt: Date; readonly records: number };

/** Notes how many records a plan with this mapping would change. */
export async function notePlanned(
  sql: Sql,
  flow: string,
  mappingHash: string,
  records: number,
): Promise<Planned> {
  const { rows } = await sql.query<Planned>(
    `insert into planned (flow, mapping_hash, planned_at, records) values ($1, $2, now(), $3)
     on conflict (flow) do update set mapping_hash = excluded.mapping_hash, planned_at = now(), records = excluded.records
     returning mapping_hash as "mappingHash", planned_at as "plannedAt", records::int`,
    [flow, mappingHash, records],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('an insert gave back no row');
  return row;
}

export async function readPlanned(sql: Sql, flow: string): Promise<Planned | null> {
  const { rows } = await sql.query<Planned>(
    'select mapping_hash as "mappingHash", planned_at as "plannedAt", records::int from planned where flow = $1',
    [flow],
  );
  return rows[0] ?? null;
}

/** Whether any record of a flow was last decided about by another mapping than this one. */
export async function decidedByAnother(sql: Sql, flow: string, mappingHash: string): Promise<boolean> {
  const { rows } = await sql.query(
    'select from link where flow = $1 and mapping_hash is not null and mapping_hash <> $2 limit 1',
    [flow, mappingHash],
  );
  return rows.length > 0;
}

/** Whether a run of the flow has decided about any record since an instant. */
export async function decidedSince(sql: Sql, flow: string, since: Date): Promise<boolean> {
  const { rows } = await sql.query(
    `select from run where flow = $1 and coalesce(finished_at, now()) >= $2
       and created + updated + unchanged + skipped + waiting + dead + removed > 0 limit 1`,
    [flow, since],
  );
  return rows.length > 0;
}
