import type { Sql } from './database.ts';

/** What happened in a run, counted in the transactions in which it happened. */
export const countNames = [
  'read',
  'created',
  'updated',
  'unchanged',
  'skipped',
  'waiting',
  'dead',
  'removed',
  'retried',
] as const;
export type CountName = (typeof countNames)[number];
export type Counts = Readonly<Record<CountName, number>>;

export const noCounts: Counts = {
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  waiting: 0,
  dead: 0,
  removed: 0,
  retried: 0,
};

/**
 * Why a run was started: by the clock, because something was queued, by a person, to catch up at start, or to look for
 * deletes without a trace.
 */
export type Cause = 'schedule' | 'wake' | 'start' | 'sync' | 'resync' | 'sweep';

export async function beginRun(sql: Sql, flow: string, cause: Cause): Promise<string> {
  const { rows } = await sql.query<{ id: string }>(
    'insert into run (flow, cause, started_at) values ($1, $2, now()) returning id',
    [flow, cause],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('an insert gave back no row');
  return row.id;
}

/** Adds to the counts of a run, in the caller's transaction. */
export async function addCounts(sql: Sql, runId: string, counts: Partial<Counts>): Promise<void> {
  const named = countNames.filter((name) => (counts[name] ?? 0) !== 0);
  if (named.length === 0) return;
  const set = named.map((name, index) => `${name} = ${name} + $${index + 2}`).join(', ');
  await sql.query(`update run set ${set} where id = $1`, [runId, ...named.map((name) => counts[name])]);
}

export async function endRun(sql: Sql, runId: string, problem: string | null): Promise<void> {
  await sql.query('update run set finished_at = now(), problem = $2 where id = $1', [runId, problem]);
}

/**
 * Lets a run that carried nothing take the place of the one before it, where that carried nothing either and ended alike:
 * a flow that is looked at every few seconds would otherwise leave a row each time. A run that asked something stays.
 */
export async function replaceQuietRun(sql: Sql, flow: string, runId: string): Promise<void> {
  const quiet = (run: string): string =>
    countNames
      .filter((name) => name !== 'read')
      .map((name) => `${run}.${name} = 0`)
      .join(' and ');
  await sql.query(
    `delete from run b using run r where r.id = $2 and b.id = (select max(id) from run where flow = $1 and id < $2)
       and b.finished_at is not null and b.problem is not distinct from r.problem and ${quiet('r')} and ${quiet('b')}
       and not exists (select from due where run_id = b.id)`,
    [flow, runId],
  );
}

export type RunReport = Counts & {
  readonly id: string;
  readonly flow: string;
  readonly cause: Cause;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly problem: string | null;
};

const columns = `id, flow, cause, started_at as "startedAt", finished_at as "finishedAt", problem,
  ${countNames.map((name) => `${name}::int`).join(', ')}`;

export async function readRun(sql: Sql, runId: string): Promise<RunReport> {
  const { rows } = await sql.query<RunReport>(`select ${columns} from run where id = $1`, [runId]);
  const row = rows[0];
  if (row === undefined) throw new Error(`run ${runId} is not in the database`);
  return row;
}

/** The newest run of each flow. */
export async function lastRuns(sql: Sql): Promise<RunReport[]> {
  const { rows } = await sql.query<RunReport>(
    `select distinct on (flow) ${columns} from run order by flow, id desc`,
  );
  return rows;
}
