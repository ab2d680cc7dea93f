import type { Reference } from '../mapping/mapping.ts';
import type { Sql } from './database.ts';

export type Parked = { readonly sourceId: string; readonly for: readonly Reference[] };

/**
 * Takes the locks that keep a parent's settle and a child's parking from missing each other: whoever links records
 * of a flow holds it shared, whoever parks records for it holds it alone. Called first in the settle transaction,
 * in name order, so that two settles cannot deadlock.
 */
export async function lockFlowLinks(
  sql: Sql,
  linking: string,
  parkingFor: ReadonlySet<string>,
): Promise<void> {
  const flows = [...new Set([linking, ...parkingFor])].sort();
  for (const flow of flows) {
    const lock = parkingFor.has(flow) ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    await sql.query(`select ${lock}(hashtextextended($1, 42))`, [`links of ${flow}`]);
  }
}

/** Parks records: they have no job until a parent's settle inserts one. Replaces what they waited for before. */
export async function park(sql: Sql, flow: string, parked: readonly Parked[]): Promise<void> {
  const rows = parked.flatMap(({ sourceId, for: parents }) =>
    parents.map((parent) => ({ sourceId, ...parent })),
  );
  await sql.query(
    `insert into waiting (flow, source_id, parent_flow, parent_id)
     select $1, w.* from unnest($2::text[], $3::text[], $4::text[]) as w on conflict do nothing`,
    [flow, rows.map((row) => row.sourceId), rows.map((row) => row.flow), rows.map((row) => row.id)],
  );
}

/** Forgets what records waited for, once they are decided otherwise. */
export async function unpark(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query({
    name: 'unpark',
    text: 'delete from waiting where flow = $1 and source_id = any($2::text[])',
    values: [flow, sourceIds],
  });
}

/** Takes the children of newly linked parents out of the car park; the caller queues them again in the same transaction. */
export async function wakeChildren(
  sql: Sql,
  parentFlow: string,
  parentIds: readonly string[],
): Promise<Map<string, string[]>> {
  const { rows } = await sql.query<{ flow: string; source_id: string }>({
    name: 'wake_children',
    text: 'delete from waiting where parent_flow = $1 and parent_id = any($2::text[]) returning flow, source_id',
    values: [parentFlow, parentIds],
  });
  const children = new Map<string, Set<string>>();
  for (const row of rows) children.set(row.flow, (children.get(row.flow) ?? new Set()).add(row.source_id));
  return new Map([...children].map(([flow, ids]) => [flow, [...ids].sort()]));
}

/** What one record waits for, for `explain`. */
export async function waitsFor(sql: Sql, flow: string, sourceId: string): Promise<Reference[]> {
  const { rows } = await sql.query<Reference>(
    'select parent_flow as flow, parent_id as id from waiting where flow = $1 and source_id = $2 order by 1, 2',
    [flow, sourceId],
  );
  return rows;
}
