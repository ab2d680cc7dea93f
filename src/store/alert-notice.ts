import type { Alert } from './alert.ts';
import type { Sql } from './database.ts';

/** A message to the receiver of the webhook. Its id stays the same however often it is sent. */
export type Notice = {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  /** How often it was sent, this time included. */
  readonly attempts: number;
  readonly createdAt: Date;
};

/**
 * Writes a notice for each alert of which the receiver believes something else than is true: one that is open and was
 * not told, or has ended and was told as open. Called in the transaction that raises and resolves.
 */
export async function writeNotices(tx: Sql, now: Date, bodyOf: (alert: Alert) => string): Promise<void> {
  const { rows } = await tx.query<Alert>(
    `update alert a set announced = (a.resolved_at is null)
     from (select key from alert where announced <> (resolved_at is null) order by key for update) c where a.key = c.key
     returning a.key, code, subject, severity, message, remedy, since, raised_at as "raisedAt", seen_at as "seenAt", resolved_at as "resolvedAt"`,
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into alert_notice (key, body, created_at, next_at) select *, $3, $3 from unnest($1::text[], $2::text[])`,
    [rows.map(({ key }) => key), rows.map(bodyOf), now],
  );
}

/**
 * Takes the next notice that is due, and leaves it to nobody else for `leaseMs`: should the process die with it, it is
 * sent again then. Notices of one alert go out in their order.
 */
export async function claimNotice(sql: Sql, now: Date, leaseMs: number): Promise<Notice | null> {
  const { rows } = await sql.query<Notice>(
    `update alert_notice set attempts = attempts + 1, next_at = $1::timestamptz + make_interval(secs => $2) where id = (
       select n.id from alert_notice n where n.delivered_at is null and n.given_up_at is null and n.next_at <= $1
         and not exists (select from alert_notice e where e.key = n.key and e.place < n.place and e.delivered_at is null and e.given_up_at is null)
       order by n.next_at, n.place limit 1 for update skip locked)
     returning id, key, body, attempts, created_at as "createdAt"`,
    [now, leaseMs / 1000],
  );
  return rows[0] ?? null;
}

/** The receiver has taken it. */
export async function noteDelivered(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query('update alert_notice set delivered_at = $2, problem = null where id = $1', [id, now]);
}

/** The receiver has not taken it: it is sent again at `nextAt`, or given up when that is null. */
export async function noteUndelivered(
  sql: Sql,
  id: string,
  problem: string,
  nextAt: Date | null,
  now: Date,
): Promise<void> {
  await sql.query(
    `update alert_notice set problem = $2, next_at = coalesce($3, next_at), given_up_at = case when $3::timestamptz is null then $4::timestamptz end
     where id = $1 and delivered_at is null`,
    [id, problem, nextAt, now],
  );
}

/** The notices that the receiver has not taken yet. */
export type NoticesWaiting = {
  readonly count: number;
  readonly oldest: Date | null;
  /** Why the newest of those that failed was not taken. */
  readonly problem: string | null;
};

export async function noticesWaiting(sql: Sql): Promise<NoticesWaiting> {
  const { rows } = await sql.query<NoticesWaiting>(
    `select count(*)::int as count, min(created_at) as oldest, (array_agg(problem order by place desc) filter (where problem is not null))[1] as problem
     from alert_notice where delivered_at is null and given_up_at is null`,
  );
  return rows[0] ?? { count: 0, oldest: null, problem: null };
}

/** Forgets notices that were delivered or given up before an instant. */
export async function forgetNotices(tx: Sql, before: Date): Promise<void> {
  await tx.query('delete from alert_notice where delivered_at < $1 or given_up_at < $1', [before]);
}
