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
};

const columns = 'connection, identity, state, code, reason, since, until, failures';

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

/** Notes a failure: counts it, and holds or pauses the connection. */
export async function stopConnection(
  sql: Sql,
  stop: { connection: string; state: 'held' | 'paused'; code: string; reason: string; until: Date | null },
): Promise<void> {
  await sql.query(
    `insert into connection_state as c (connection, state, code, reason, since, until, failures) values ($1, $2, $3, $4, now(), $5, 1)
     on conflict (connection) do update set state = excluded.state, code = excluded.code, reason = excluded.reason, until = excluded.until,
       since = case when c.state = excluded.state then c.since else now() end, failures = c.failures + 1`,
    [stop.connection, stop.state, stop.code, stop.reason, stop.until],
  );
}

/** Notes that the connection answered well. Writes only when it was not up already. */
export async function freeConnection(sql: Sql, connection: string): Promise<void> {
  await sql.query(
    `update connection_state set state = 'up', code = null, reason = null, until = null, failures = 0, since = now()
     where connection = $1 and (state <> 'up' or failures > 0)`,
    [connection],
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
