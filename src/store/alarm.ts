import type { Sql } from './database.ts';

/** Something that must never happen, and was found. */
export type Alarm = {
  readonly kind: string;
  /** The flow that it is about. */
  readonly subject: string;
  readonly at: Date;
  readonly found: number;
};

/** Notes an alarm; the newest of each kind and subject is kept. */
export async function noteAlarm(sql: Sql, { kind, subject, at, found }: Alarm): Promise<void> {
  await sql.query(
    `insert into alarm (kind, subject, at, found) values ($1, $2, $3, $4)
     on conflict (kind, subject) do update set at = excluded.at, found = excluded.found`,
    [kind, subject, at, found],
  );
}

export async function alarmsSince(sql: Sql, since: Date): Promise<Alarm[]> {
  const { rows } = await sql.query<Alarm>(
    'select kind, subject, at, found::int from alarm where at >= $1 order by 1, 2',
    [since],
  );
  return rows;
}
