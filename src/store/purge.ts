import { type Database, type Sql, transaction } from './database.ts';

/** Rows that are looked at in one transaction. */
const stepSize = 1000;

/** Any 64-bit number would do; every process of every version must use the same one. */
const purgeLock = '7426983450305';

/** What one step looked at and took away; `after` is where the next one goes on, or null at the end. */
type Step = { readonly removed: number; readonly after: string | null };

/**
 * Does step after step, each in a short transaction of its own, until there is nothing left or the signal aborts. Only
 * one process purges at a time: null when another one does.
 */
export async function inSteps(
  database: Database,
  signal: AbortSignal,
  step: (tx: Sql, after: string) => Promise<Step>,
): Promise<number | null> {
  let removed = 0;
  let after: string | null = '0';
  while (after !== null) {
    if (signal.aborted) return removed;
    const from: string = after;
    const done = await transaction(database, async (tx) => {
      const { rows } = await tx.query<{ ours: boolean }>('select pg_try_advisory_xact_lock($1) as ours', [
        purgeLock,
      ]);
      return rows[0]?.ours === true ? step(tx, from) : null;
    });
    if (done === null) return null;
    removed += done.removed;
    after = done.after;
  }
  return removed;
}

type Row = { readonly id: string; readonly old: boolean };

/** The next rows in key order, until a whole step holds nothing that is old. */
function stepOver(rows: readonly Row[], removed: number): Step {
  const last = rows.at(-1);
  const goesOn = rows.length === stepSize && rows.some(({ old }) => old);
  return { removed, after: goesOn && last !== undefined ? last.id : null };
}

/**
 * Forgets what happened to records before an instant, save for records that are not settled, and save for the newest
 * delivery of each record. Where a link does not say whether its ERP record is ours, the create says it. `kept` hears of the mappings that the rows which stay speak of.
 */
export async function purgeHistory(
  tx: Sql,
  after: string,
  before: Date,
  kept: (mappingHash: string) => void,
): Promise<Step> {
  const { rows } = await tx.query<Row & { goes: boolean; hash: string | null }>(
    // The lateral joins with a limit hold the planner to one index probe for each row, as in `loadStandings`.
    `select h.id, h.at < $2 as old, h.mapping_hash as hash,
       h.at < $2 and coalesce(l.state, 'removed') in ('synced', 'skipped', 'removed') and (h.event not in ('created', 'updated') or n.newer is not null)
         and not (h.event = 'created' and l.unsure) as goes
     from (select * from history where id > $1 order by id limit ${stepSize}) h
     left join lateral (select state, ours is null as unsure from link where flow = h.flow and source_id = h.source_id limit 1) l on true
     left join lateral (select true as newer from history where flow = h.flow and source_id = h.source_id and id > h.id and event in ('created', 'updated')
       limit 1) n on true
     order by h.id`,
    [after, before],
  );
  for (const { goes, hash } of rows) if (!goes && hash !== null) kept(hash);
  const gone = rows.filter(({ goes }) => goes).map(({ id }) => id);
  if (gone.length > 0) await tx.query('delete from history where id = any($1::bigint[])', [gone]);
  return stepOver(rows, gone.length);
}

/** Forgets runs that ended before an instant, save for the newest of each flow and the newest that came to its end. */
export async function purgeRuns(tx: Sql, after: string, before: Date): Promise<Step> {
  const { rows } = await tx.query<Row & { goes: boolean }>(
    `select r.id, coalesce(r.finished_at, r.started_at) < $2 as old, coalesce(r.finished_at, r.started_at) < $2
       and exists (select from run n where n.flow = r.flow and n.id > r.id)
       and (r.finished_at is null or exists (select from run n where n.flow = r.flow and n.id > r.id and n.finished_at is not null)) as goes
     from (select * from run where id > $1 order by id limit ${stepSize}) r order by r.id`,
    [after, before],
  );
  const gone = rows.filter(({ goes }) => goes).map(({ id }) => id);
  if (gone.length > 0) await tx.query('delete from run where id = any($1::bigint[])', [gone]);
  return stepOver(rows, gone.length);
}

/** Forgets what was sent for flows of which nothing but hashes is kept. */
export async function purgePayloads(tx: Sql, flows: readonly string[]): Promise<Step> {
  const { rowCount: delivered } = await tx.query(
    `delete from payload p using (select flow, source_id from payload where flow = any($1::text[]) order by flow, source_id limit ${stepSize} for update) as old
     where p.flow = old.flow and p.source_id = old.source_id`,
    [flows],
  );
  const { rowCount: refused } = await tx.query(
    `update dead_letter d set payload = null from (select flow, source_id from dead_letter where flow = any($1::text[]) and payload is not null
       order by flow, source_id limit ${stepSize} for update) as old where d.flow = old.flow and d.source_id = old.source_id`,
    [flows],
  );
  const removed = (delivered ?? 0) + (refused ?? 0);
  return { removed, after: removed === 0 ? null : '0' };
}

/**
 * Forgets mappings that were last used before an instant and that nothing speaks of, save for the newest of each file:
 * it goes on when the file is bad. `spokenOf` are those that the history has.
 */
export async function purgeMappingVersions(
  tx: Sql,
  before: Date,
  spokenOf: readonly string[],
): Promise<Step> {
  const { rowCount } = await tx.query(
    `delete from mapping_version v where coalesce(last_used_at, first_used_at) < $1 and hash <> all ($2::text[])
       and not exists (select from link where mapping_hash = v.hash) and not exists (select from dead_letter where mapping_hash = v.hash)
       and hash not in (select distinct on (file) hash from mapping_version order by file, last_used_at desc nulls last)`,
    [before, spokenOf],
  );
  return { removed: rowCount ?? 0, after: null };
}
