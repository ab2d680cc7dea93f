import pg from 'pg';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';

/** What runs a statement: the pool, or one client inside a transaction. Values go by parameter, never into the text. */
export type Sql = Pick<pg.ClientBase, 'query'>;

export type Database = pg.Pool;

/**
 * Opens a pool on the database. Every connection finds our tables first and speaks UTC.
 * `onError` hears of connections that break while idle; without it the process would end. With `readOnly`, Postgres
 * refuses every write of its sessions.
 */
export function openDatabase(
  url: string,
  options: {
    max: number;
    onError: (error: Error) => void;
    readOnly?: boolean;
    /** Statements, and waits for a connection, are given up after so many milliseconds. */
    answersWithinMs?: number;
  },
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    options: `-c search_path=causeway -c timezone=UTC${options.readOnly ? ' -c default_transaction_read_only=on' : ''}`,
    application_name: 'causeway',
    connectionTimeoutMillis: options.answersWithinMs ?? 10_000,
    ...(options.answersWithinMs !== undefined && { query_timeout: options.answersWithinMs }),
  });
  pool.on('error', options.onError);
  // A session may be thrown out in the very moment when it is handed out, before whoever asked for it can listen: an
  // error that nobody hears ends the process. Its next statement fails anyway.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return pool;
}

/** Throws `database_unreachable` (without the URL's password) or `database_too_old` when the database cannot be used. */
export async function requireDatabase(database: Database): Promise<void> {
  try {
    const { rows } = await database.query<{ version: number }>(
      "select current_setting('server_version_num')::int as version",
    );
    const version = rows[0]?.version ?? 0;
    if (version < 140_000) {
      throw new CausewayError([
        problem(
          'database_too_old',
          `The server is PostgreSQL ${Math.floor(version / 10_000)}; Causeway needs 14 or newer.`,
        ),
      ]);
    }
  } catch (error) {
    if (error instanceof CausewayError) throw error;
    const reason = error instanceof Error ? error.message : 'no reason given';
    throw new CausewayError([
      problem('database_unreachable', `The database could not be reached: ${reason}.`),
    ]);
  }
}

/** SQLSTATEs of a server that goes away, and what a socket says of one that is gone. */
const gone = /^(08\w{3}|57P0[1-3]|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)$/u;

/** Whether an error of a statement means that the database is not there any more, rather than that it refused. */
export function isLost(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return gone.test(code) || /^Connection terminated|timeout (?:expired|exceeded)/u.test(error.message);
}

/** SQLSTATEs of a transaction that Postgres gave up for the sake of another one. */
const givenUp = new Set(['40001', '40P01']);
const tries = 3;

/**
 * Runs `work` in one transaction on one client: committed when it returns, rolled back when it throws. A transaction
 * that Postgres gave up (deadlock, serialization) is run again, so `work` must do nothing outside of it.
 */
export async function transaction<T>(
  database: Database,
  work: (tx: pg.PoolClient) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transactOnce(database, work);
    } catch (error) {
      const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
      if (attempt === tries || !givenUp.has(code)) throw error;
    }
  }
}

async function transactOnce<T>(database: Database, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: unknown) => void (broken = failure as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/**
 * Runs `work` in one transaction that ends within the time, whatever the database does: when it is over, the connection
 * is cut and the work fails. For what must go on when the database hangs. Nothing is tried again.
 */
export async function within<T>(
  database: Database,
  { ms, readOnly }: { readonly ms: number; readonly readOnly: boolean },
  work: (tx: Sql) => Promise<T>,
): Promise<T> {
  const client = await database.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  // Ending the session is what rejects a query that nobody answers.
  const timer = setTimeout(() => {
    broken = new Error(`the database did not answer within ${ms} ms`);
    client.connection.stream.destroy(broken);
  }, ms);
  try {
    await client.query(readOnly ? 'begin read only' : 'begin');
    await client.query(`set local statement_timeout = ${Math.ceil(ms)}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: unknown) => void (broken ??= failure as Error));
    throw broken ?? error;
  } finally {
    clearTimeout(timer);
    client.off('error', onError);
    client.release(broken);
  }
}
