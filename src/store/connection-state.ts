import type { Sql } from './database.ts';

/**
 * Whether anything may be sent to a connection: `held` waits for an instant, `paused` waits for a person (and one
 * probe at each tick). Shared by every process through Postgres.
 */
export type ConnectionState = {
  readonly connection: string;
  readonly identity: string | null;
  readonly state: 'up' | 'held' | 'paused';
  readonly code: string | null;
  readonly reason: string | null;
  readonly since: Date;
  readonly until: Date | null;
  readonly failures: number;
  /** The part of its limits that the connection may be used with now: 1 is the full pace. */
  readonly pace: number;
};

const columns = `connection, identity, state, code, reason, since, until, failures,
  case when pace_at is null then 1 else least(1, pace + extract(epoch from clock_timestamp() - pace_at) / 60) end::float8 as pace`;

export async function listConnectionStates(sql: Sql): Promise<ConnectionState[]> {
  const { rows } = await sql.query<ConnectionState>(`select ${columns} from connection_state order by 1`);
  return rows;
}

export async function readConnectionState(sql: Sql, connection: string): Promise<ConnectionState | null> {
  const { rows } = await sql.query<ConnectionState>(
    `select ${columns} from connection_state where connection = $1`,
    [connection],
  );
  return rows[0] ?? null;
}

/**
 * Notes a failure, and holds or pauses the connection. Failures of work that was under way together count as one: only
 * the first one after the connection was tried again does. What a person has paused stays as it is.
 */
export async function stopConnection(
  sql: Sql,
  stop: {
    connection: string;
    state: 'held' | 'paused';
    code: string;
    reason: string;
    until: Date | null;
    now: Date;
  },
): Promise<void> {
  await sql.query(
    `insert into connection_state as c (connection, state, code, reason, since, until, failures) values ($1, $2, $3, $4, now(), $5, 1)
     on conflict (connection) do update set state = excluded.state, code = excluded.code, reason = excluded.reason,
       until = case when c.state = 'up' then excluded.until else greatest(c.until, excluded.until) end,
       since = case when c.state = excluded.state then c.since else now() end,
       failures = c.failures + case when c.state <> 'up' and c.until > $6 then 0 else 1 end, probe_by = null, probe_until = null
       where c.code is distinct from '${pausedByPerson}'`,
    [stop.connection, stop.state, stop.code, stop.reason, stop.until, stop.now],
  );
}

/**
 * Frees a connection, because it gave a good answer or because a person says so, and gives how often it had failed in a row,
 * or null when it was up. Writes only when it was not; and what a person has paused, only a person frees.
 */
export async function freeConnection(
  sql: Sql,
  connection: string,
  by: 'answer' | 'person',
): Promise<number | null> {
  const { rows } = await sql.query<{ failures: number }>(
    `with before as (select connection, failures from connection_state
       where connection = $1 and state <> 'up' and ($2 or code is distinct from '${pausedByPerson}') for update)
     update connection_state c set state = 'up', code = null, reason = null, until = null, failures = 0, since = now(),
       probe_by = null, probe_until = null
     from before where c.connection = before.connection returning before.failures`,
    [connection, by === 'person'],
  );
  return rows[0]?.failures ?? null;
}

/** The code of a pause that only a person ends. */
export const pausedByPerson = 'paused_by_person';

/** How the reason of such a pause begins. */
export const personPausedIt = 'a person paused it';

/** Pauses a connection because a person says so; it stays paused until a person resumes it. */
export async function pauseConnection(sql: Sql, connection: string, reason: string): Promise<void> {
  await sql.query(
    `insert into connection_state as c (connection, state, code, reason, since) values ($1, 'paused', $2, $3, now())
     on conflict (connection) do update set state = 'paused', code = excluded.code, reason = excluded.reason, until = null,
       since = case when c.code = excluded.code then c.since else now() end, probe_by = null, probe_until = null`,
    [connection, pausedByPerson, reason],
  );
}

/**
 * Claims the probe of a stopped connection whose time has come: one worker, over all processes, tries it. The claim
 * ends with the probe's outcome, or after `seconds`, should the prober have died.
 */
export async function claimProbe(
  sql: Sql,
  connection: string,
  worker: string,
  seconds: number,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update connection_state set probe_by = $2, probe_until = now() + make_interval(secs => $3)
     where connection = $1 and state <> 'up' and (probe_by is null or probe_by = $2 or probe_until < now())`,
    [connection, worker, seconds],
  );
  return rowCount === 1;
}

/** Gives a claimed probe back that was not made. */
export async function releaseProbe(sql: Sql, connection: string, worker: string): Promise<void> {
  await sql.query(
    'update connection_state set probe_by = null, probe_until = null where connection = $1 and probe_by = $2',
    [connection, worker],
  );
}

/**
 * Remembers which tenant the connection speaks to, the first time, and gives back the one that is remembered: links
 * made with one tenant must never be used with another.
 */
export async function rememberIdentity(sql: Sql, connection: string, identity: string): Promise<string> {
  const { rows } = await sql.query<{ identity: string }>(
    `insert into connection_state as c (connection, identity, state, since) values ($1, $2, 'up', now())
     on conflict (connection) do update set identity = coalesce(c.identity, excluded.identity) returning identity`,
    [connection, identity],
  );
  return rows[0]?.identity ?? identity;
}
