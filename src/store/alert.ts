import type { Sql } from './database.ts';

/** How much an alert presses: `critical` breaks a promise or needs a person now. */
export type Severity = 'warning' | 'critical';

/** Something that needs attention. The key tells causes apart; the texts hold ids, codes and counts, and no payload. */
export type AlertCause = {
  readonly key: string;
  readonly code: string;
  /** The flow, connection, stream or file that it is about. */
  readonly subject: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
  readonly since: Date;
};

/** An alert that is open, or was. */
export type Alert = AlertCause & {
  readonly raisedAt: Date;
  /** When a process last found the cause. */
  readonly seenAt: Date;
  readonly resolvedAt: Date | null;
};

const columns = `key, code, subject, severity, message, remedy, since, raised_at as "raisedAt", seen_at as "seenAt", resolved_at as "resolvedAt"`;

const roundLock = '7426983450230';

/**
 * Claims the round in which shared causes are looked for: true for one process at a time, and not again before
 * `everyMs` have passed. The claim ends with the transaction.
 */
export async function claimRound(tx: Sql, now: Date, everyMs: number): Promise<boolean> {
  const { rows } = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
    roundLock,
  ]);
  if (rows[0]?.got !== true) return false;
  const { rowCount } = await tx.query(
    `update alert_round set at = $1 where at <= $1::timestamptz - make_interval(secs => $2)`,
    [now, everyMs / 1000],
  );
  return rowCount === 1;
}

/** The alerts that are open, the oldest first. */
export async function listOpenAlerts(sql: Sql): Promise<Alert[]> {
  const { rows } = await sql.query<Alert>(
    `select ${columns} from alert where resolved_at is null order by raised_at, key`,
  );
  return rows;
}

/** Opens alerts in the order of their keys, and gives those that were not open before: over all processes, once each. */
export async function raiseAlerts(tx: Sql, causes: readonly AlertCause[], now: Date): Promise<Alert[]> {
  if (causes.length === 0) return [];
  const { rows } = await tx.query<Alert>(
    `insert into alert as a (key, code, subject, severity, message, remedy, since, raised_at, seen_at)
     select c.*, $8, $8 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
       as c (key, code, subject, severity, message, remedy, since) order by c.key
     on conflict (key) do update set code = excluded.code, subject = excluded.subject, severity = excluded.severity, message = excluded.message,
       remedy = excluded.remedy, since = excluded.since, raised_at = excluded.raised_at, seen_at = excluded.seen_at, resolved_at = null
       where a.resolved_at is not null
     returning ${columns}`,
    [...textColumns(causes), causes.map((c) => c.since), now],
  );
  return rows;
}

/** Notes that open alerts still hold, with what is to be said of them now. */
export async function keepAlerts(tx: Sql, causes: readonly AlertCause[], now: Date): Promise<void> {
  if (causes.length === 0) return;
  await tx.query(
    `update alert a set seen_at = greatest(a.seen_at, $7), code = c.code, subject = c.subject, severity = c.severity, message = c.message, remedy = c.remedy
     from (select a.key, u.code, u.subject, u.severity, u.message, u.remedy
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as u (key, code, subject, severity, message, remedy)
       join alert a on a.key = u.key order by a.key for update of a) c
     where a.key = c.key and a.resolved_at is null`,
    [...textColumns(causes), now],
  );
}

const textColumns = (causes: readonly AlertCause[]): string[][] => [
  causes.map((c) => c.key),
  causes.map((c) => c.code),
  causes.map((c) => c.subject),
  causes.map((c) => c.severity),
  causes.map((c) => c.message),
  causes.map((c) => c.remedy),
];

/** Ends alerts that no process has found since an instant, and gives those that this call has ended. */
export async function resolveAlerts(
  tx: Sql,
  keys: readonly string[],
  now: Date,
  notSeenSince: Date,
): Promise<Alert[]> {
  if (keys.length === 0) return [];
  const { rows } = await tx.query<Alert>(
    `update alert a set resolved_at = $2
     from (select key from alert where key = any($1::text[]) and resolved_at is null and seen_at <= $3 order by key for update) c
     where a.key = c.key returning ${columns.replaceAll(/\bkey\b/gu, 'a.key')}`,
    [keys, now, notSeenSince],
  );
  return rows;
}

/** Forgets alerts that ended before an instant. */
export async function forgetAlerts(tx: Sql, before: Date): Promise<void> {
  await tx.query('delete from alert where resolved_at < $1', [before]);
}
