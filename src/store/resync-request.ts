import { presentTrace } from '../connector/trace.ts';
import type { Sql } from './database.ts';

/** Which records a resync is asked for. `where` is an expression as in `only_when`, `since` an instant in ISO 8601. */
export type WantedRecords =
  | { readonly by: 'ids'; readonly ids: readonly string[] }
  | { readonly by: 'where'; readonly where: string }
  | { readonly by: 'since'; readonly since: string }
  | { readonly by: 'changed' }
  | { readonly by: 'all' };

/** `queued` until all chosen records are in the queue, `running` until something became of each. */
export type RequestState = 'queued' | 'running' | 'done' | 'cancelled' | 'failed';

/** What became of a record since it was asked for. */
export const outcomes = [
  'synced',
  'unchanged',
  'skipped',
  'waiting',
  'dead',
  'removed',
  'unknown',
  'cancelled',
] as const;
export type RequestOutcome = (typeof outcomes)[number];

/** How many records were asked for, and what became of them; `asked` is the sum of the others. */
export type RequestCounts = Readonly<Record<'asked' | 'pending' | RequestOutcome, number>>;

/** A resync that was asked for over HTTP, as it is stored. */
export type ResyncRequest = {
  readonly id: string;
  readonly flow: string;
  readonly choice: WantedRecords;
  readonly state: RequestState;
  readonly askedAt: Date;
  /** The id up to which records were chosen; null before the first page. */
  readonly chosenAfter: string | null;
  /** When all records were chosen: from then on `asked` does not grow. */
  readonly chosenAt: Date | null;
  /** Records of which the condition does not work out; they are not chosen. */
  readonly undecided: number;
  readonly counts: RequestCounts;
  /** Why it has failed, or cannot go on at the moment. */
  readonly problem: string | null;
  readonly cancelledAt: Date | null;
  /** How many records were on their way, or wanted by others, when it was cancelled. */
  readonly notCancelled: number | null;
  readonly finishedAt: Date | null;
  readonly callbackUrl: string | null;
  /** The trace of the request that asked for it, or null. */
  readonly traceId: string | null;
};

type Row = Omit<ResyncRequest, 'counts'> & { readonly counts: Partial<Record<string, number>> };

const columns = `id, flow, choice, state, asked_at as "askedAt", chosen_after as "chosenAfter", chosen_at as "chosenAt", undecided, counts, problem,
  cancelled_at as "cancelledAt", not_cancelled as "notCancelled", finished_at as "finishedAt", callback_url as "callbackUrl", trace_id as "traceId"`;

function requestOf({ counts, ...row }: Row): ResyncRequest {
  const of = (name: string): number => counts[name] ?? 0;
  const settled = Object.fromEntries(outcomes.map((name) => [name, of(name)]));
  const pending = of('asked') - outcomes.reduce((sum, name) => sum + of(name), 0);
  return { ...row, counts: { asked: of('asked'), pending, ...settled } as RequestCounts };
}

/** Stores a request with the trace of its caller, in the caller's transaction. */
export async function storeRequest(
  tx: Sql,
  request: Pick<ResyncRequest, 'flow' | 'choice' | 'callbackUrl'> & { readonly askedBy: string },
): Promise<ResyncRequest> {
  const { flow, choice, callbackUrl, askedBy } = request;
  const { rows } = await tx.query<Row>(
    `insert into resync_request (flow, choice, callback_url, asked_by, chosen_at, trace_id) values ($1, $2, $3, $4, case when $5 then now() end, $6) returning ${columns}`,
    [flow, JSON.stringify(choice), callbackUrl, askedBy, choice.by === 'ids', presentTrace()],
  );
  return firstOf(rows);
}

function firstOf(rows: readonly Row[]): ResyncRequest {
  const [row] = rows;
  if (row === undefined) throw new Error('a request gave back no row');
  return requestOf(row);
}

/** The request with this id, or null. */
export async function readRequest(sql: Sql, id: string): Promise<ResyncRequest | null> {
  const { rows } = await sql.query<Row>(`select ${columns} from resync_request where id = $1`, [id]);
  return rows.length === 0 ? null : firstOf(rows);
}

/** The newest requests, newest first; of one flow or of all. */
export async function newestRequests(sql: Sql, flow: string | null, limit: number): Promise<ResyncRequest[]> {
  const { rows } = await sql.query<Row>(
    `select ${columns} from resync_request where $1::text is null or flow = $1 order by asked_at desc, id limit $2`,
    [flow, limit],
  );
  return rows.map(requestOf);
}

/** Whether a request has ended. Cheap enough to be asked again and again; true for one that is gone. */
export async function hasEnded(sql: Sql, id: string): Promise<boolean> {
  const { rows } = await sql.query('select from resync_request where id = $1 and finished_at is null', [id]);
  return rows.length === 0;
}

/**
 * Takes requests that have not ended and that no living process sees to, and renews those that `worker` has: either those
 * that are still to be queued, or the others. They take turns: first those that nobody has seen to yet, then those that
 * were renewed longest ago, so that many that do not come to their end keep nobody else from it. A process that dies
 * leaves them to the others after `leaseSeconds`.
 */
export async function claimRequests(
  sql: Sql,
  worker: string,
  { which, leaseSeconds, limit }: { which: 'queued' | 'others'; leaseSeconds: number; limit: number },
): Promise<ResyncRequest[]> {
  const { rows } = await sql.query<Row>({
    name: 'claim_requests',
    text: `with due as (
         select id, worker_until as until from resync_request
         where finished_at is null and (state = 'queued') = $4 and (worker is null or worker = $1 or worker_until < now())
         order by worker_until nulls first, asked_at limit $3 for update skip locked),
       claimed as (
         update resync_request set worker = $1, worker_until = now() + make_interval(secs => $2) where id in (select id from due) returning *)
     select ${columns} from claimed join due using (id) order by due.until nulls first, asked_at`,
    values: [worker, leaseSeconds, limit, which === 'queued'],
  });
  return rows.map(requestOf);
}

/** Gives the requests of a process back, so that another one takes them at once. */
export async function releaseRequests(sql: Sql, worker: string): Promise<void> {
  await sql.query(
    'update resync_request set worker = null, worker_until = null where worker = $1 and finished_at is null',
    [worker],
  );
}

/**
 * Locks a request that is still being queued, so that no page is added to one that was cancelled meanwhile. False when
 * it is not.
 */
export async function lockQueued(tx: Sql, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from resync_request where id = $1 and state = 'queued' for update`,
    [id],
  );
  return rowCount === 1;
}

/** Notes how far records were chosen; `ended` when there are no more. */
export async function noteChosen(
  tx: Sql,
  id: string,
  page: { readonly after: string; readonly undecided: number; readonly ended: boolean },
): Promise<void> {
  await tx.query(
    `update resync_request set chosen_after = $2, undecided = undecided + $3, chosen_at = case when $4 then now() end, problem = null where id = $1`,
    [id, page.after, page.undecided, page.ended],
  );
}

/** All chosen records are in the queue. Whoever looks first what becomes of them takes it: the next look is at what is new. */
export async function noteQueued(sql: Sql, id: string): Promise<void> {
  await sql.query(
    `update resync_request set state = 'running', problem = null, worker = null, worker_until = null where id = $1 and state = 'queued'`,
    [id],
  );
}

/** Why a request does not go on at the moment; null when it does. */
export async function noteProblem(sql: Sql, id: string, problem: string | null): Promise<void> {
  await sql.query(
    'update resync_request set problem = $2 where id = $1 and finished_at is null and problem is distinct from $2',
    [id, problem],
  );
}

/** Cancels a request that has not ended, in the caller's transaction; null when it has, or is not there. */
export async function cancelRequest(tx: Sql, id: string): Promise<ResyncRequest | null> {
  const { rows } = await tx.query<Row>(
    `update resync_request set state = 'cancelled', cancelled_at = now(), chosen_at = coalesce(chosen_at, now()), problem = null
     where id = $1 and state in ('queued', 'running') returning ${columns}`,
    [id],
  );
  return rows.length === 0 ? null : firstOf(rows);
}

/** How many records could not be taken back from a request that was cancelled. */
export async function noteNotCancelled(sql: Sql, id: string, count: number): Promise<void> {
  await sql.query('update resync_request set not_cancelled = $2 where id = $1', [id, count]);
}

/** A request cannot be carried out. What was queued of it goes on. */
export async function failRequest(sql: Sql, id: string, problem: string): Promise<void> {
  await sql.query(
    `update resync_request set state = 'failed', problem = $2, chosen_at = coalesce(chosen_at, now()) where id = $1 and state in ('queued', 'running')`,
    [id, problem],
  );
}

/**
 * Ends a request of which nothing is pending, in the caller's transaction: done, unless it was cancelled, or has failed, or
 * the source knows none of its records: that is no success. Its counts have to be right. Null when somebody else has ended it.
 */
export async function finishRequest(tx: Sql, id: string): Promise<ResyncRequest | null> {
  const { rows } = await tx.query<Row>(
    `update resync_request set finished_at = now(), worker = null, worker_until = null,
       state = case when state <> 'running' then state when counts->'unknown' = counts->'asked' then 'failed' else 'done' end
     where id = $1 and finished_at is null and state <> 'queued' returning ${columns}`,
    [id],
  );
  return rows.length === 0 ? null : firstOf(rows);
}

/** Forgets requests that ended before an instant, and what was to be told of them: one after the other, its records first. */
export async function purgeRequests(
  tx: Sql,
  before: Date,
): Promise<{ readonly removed: number; readonly after: string | null }> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from resync_request where finished_at < $1 order by finished_at limit 1',
    [before],
  );
  const [old] = rows;
  if (old === undefined) return { removed: 0, after: null };
  const { rowCount } = await tx.query(
    'delete from resync_item where request_id = $1 and source_id in (select source_id from resync_item where request_id = $1 limit 1000)',
    [old.id],
  );
  if ((rowCount ?? 0) > 0) return { removed: 0, after: '0' };
  await tx.query('delete from resync_request where id = $1', [old.id]);
  return { removed: 1, after: '0' };
}
