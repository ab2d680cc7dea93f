import type { Sql } from './database.ts';

/** A message to whoever asked for work. Its id stays the same however often it is sent. */
export type Callback = {
  readonly id: string;
  readonly requestId: string;
  readonly url: string;
  readonly body: string;
  /** How often it was sent, this time included. */
  readonly attempts: number;
  readonly createdAt: Date;
};

/** Writes a callback, in the transaction that ends its request. */
export async function writeCallback(
  tx: Sql,
  callback: Pick<Callback, 'requestId' | 'url' | 'body'>,
  now: Date,
): Promise<void> {
  await tx.query(
    'insert into callback (request_id, url, body, created_at, next_at) values ($1, $2, $3, $4, $4)',
    [callback.requestId, callback.url, callback.body, now],
  );
}

/**
 * Takes callbacks that are due, and leaves them to nobody else for `leaseMs`: should the process die with them, they are
 * sent again then. None to a receiver of which `but` has the origin.
 */
export async function claimCallbacks(
  sql: Sql,
  now: Date,
  leaseMs: number,
  limit: number,
  but: readonly string[] = [],
): Promise<Callback[]> {
  const { rows } = await sql.query<Callback>({
    name: 'claim_callbacks',
    text: `update callback set attempts = attempts + 1, next_at = $1::timestamptz + make_interval(secs => $2) where id = any(array(
       select id from callback where delivered_at is null and given_up_at is null and next_at <= $1
         and substring(url from '^[^:]+://[^/?#]+') <> all($4::text[]) order by next_at limit $3 for update skip locked))
     returning id, request_id as "requestId", url, body, attempts, created_at as "createdAt"`,
    values: [now, leaseMs / 1000, limit, but],
  });
  return rows;
}

/** The receiver has taken it. */
export async function noteCalledBack(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query('update callback set delivered_at = $2, problem = null where id = $1', [id, now]);
}

/** The receiver has not taken it: it is sent again at `nextAt`, or given up when that is null. */
export async function noteNotCalledBack(
  sql: Sql,
  id: string,
  problem: string,
  nextAt: Date | null,
  now: Date,
): Promise<void> {
  await sql.query(
    `update callback set problem = $2, next_at = coalesce($3, next_at), given_up_at = case when $3::timestamptz is null then $4::timestamptz end
     where id = $1 and delivered_at is null`,
    [id, problem, nextAt, now],
  );
}

/** How the callback of a request stands. Says nothing of where it goes. */
export type CallbackStanding = {
  readonly attempts: number;
  readonly problem: string | null;
  readonly deliveredAt: Date | null;
  readonly givenUpAt: Date | null;
  readonly nextAt: Date;
};

export async function readCallback(sql: Sql, request: string): Promise<CallbackStanding | null> {
  const { rows } = await sql.query<CallbackStanding>(
    `select attempts, problem, delivered_at as "deliveredAt", given_up_at as "givenUpAt", next_at as "nextAt" from callback where request_id = $1`,
    [request],
  );
  return rows[0] ?? null;
}
