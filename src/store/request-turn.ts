import type { Sql } from './database.ts';

/** The allowance of a connection, as its connector states it. */
export type Allowance = {
  readonly concurrency: number;
  readonly rate: { readonly requests: number; readonly perMs: number } | null;
};

/** A turn that was asked for: granted when `waitMs` is 0, else to be asked for again after so long. */
export type Turn = { readonly id: string; readonly waitMs: number };

/**
 * Asks for a turn among the requests of all processes to a connection; `known` is the turn that waits already. A turn
 * that nobody keeps (see {@link keepTurns}) ends by itself after ten seconds.
 */
export async function takeTurn(
  sql: Sql,
  request: { connection: string; holder: string; priority: number; known: string | null },
  { concurrency, rate }: Allowance,
): Promise<Turn> {
  const { rows } = await sql.query<{ turn: string; wait_ms: number }>({
    name: 'take_turn',
    text: 'select turn, wait_ms from take_turn($1, $2, $3, $4, $5, $6, $7)',
    values: [
      request.connection,
      request.holder,
      request.priority,
      request.known,
      concurrency,
      rate?.requests ?? null,
      rate?.perMs ?? 0,
    ],
  });
  const row = rows[0];
  if (row === undefined) throw new Error('take_turn gave back no row');
  return { id: row.turn, waitMs: row.wait_ms };
}

/** Ends a turn. Where the vendor counts requests in a stretch of time it goes on counting until that has passed. */
export async function endTurn(sql: Sql, id: string, counted: boolean): Promise<void> {
  await sql.query(
    counted
      ? {
          name: 'end_turn',
          text: 'update request_turn set ended_at = clock_timestamp() where id = $1',
          values: [id],
        }
      : { name: 'drop_turn', text: 'delete from request_turn where id = $1', values: [id] },
  );
}

/** Says that requests are under way still, so that their turns go on counting. */
export async function keepTurns(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql.query(
    `update request_turn set until = clock_timestamp() + interval '10 s' where id = any($1::bigint[]) and ended_at is null`,
    [ids],
  );
}

/**
 * Halves the pace of a connection that said that there are too many requests (at least a tenth stays), or sets it to
 * what is given. It grows back to the full one within a minute.
 */
export async function slowDown(sql: Sql, connection: string, to: number | null): Promise<void> {
  await sql.query(
    `insert into connection_state as c (connection, state, since, pace, pace_at) values ($1, 'up', now(), coalesce($2, 0.5), clock_timestamp())
     on conflict (connection) do update set pace_at = excluded.pace_at,
       pace = coalesce($2, greatest(0.1, least(1, c.pace + coalesce(extract(epoch from clock_timestamp() - c.pace_at), 60) / 60) / 2))
       where c.pace_at is null or c.pace_at < clock_timestamp() - interval '1 s'`,
    [connection, to],
  );
}
