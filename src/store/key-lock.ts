import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from './database.ts';

/** The keys that were got, and for how long. */
export type KeysHeld = {
  readonly keys: ReadonlySet<string>;
  /** Aborts when the locks are gone before they were given back: nothing more may be sent under them. */
  readonly signal: AbortSignal;
  /** Gives the locks back. Never throws. */
  release(): Promise<void>;
};

/**
 * Locks on external keys that last as long as the process, and no longer: one that is stopped keeps its locks, one that
 * dies loses them. No transaction is open meanwhile, and a thousand keys cost no more than one.
 */
export type KeyLocks = {
  /** Takes what nobody holds, in one statement: not even another batch of this process. Waits for nobody. */
  take(connection: string, keys: readonly string[]): Promise<KeysHeld>;
  close(): Promise<void>;
};

/** A database session of its own that holds one advisory lock; who lives, and who does not, is what Postgres says. */
type Session = {
  readonly client: pg.Client;
  readonly holder: string;
  readonly gone: AbortController;
};

/** The locks of a dead process on a machine that is gone fall when Postgres misses its signs of life: after 25 seconds. */
const signsOfLife =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c idle_session_timeout=0';

/** Opens nothing yet: the session begins with the first keys that are taken. */
export function openKeyLocks(url: string, database: Database, onError: (error: Error) => void): KeyLocks {
  let opening: Promise<Session> | null = null;
  let open: Session | null = null;

  const drop = async (session: Session, reason: Error): Promise<void> => {
    if (open === session) opening = open = null;
    session.gone.abort(reason);
    await session.client.end().catch(() => {});
  };
  const begin = async (): Promise<Session> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'causeway locks',
      keepAlive: true,
      options: signsOfLife,
      connectionTimeoutMillis: 10_000,
    });
    const session = {
      client,
      holder: randomBytes(8).readBigInt64BE().toString(),
      gone: new AbortController(),
    };
    client.on('error', (error) => {
      onError(error);
      void drop(session, error);
    });
    await client.connect();
    await client.query('select pg_advisory_lock($1)', [session.holder]);
    await forgetTheDead(database);
    open = session;
    return session;
  };
  const current = (): Promise<Session> => {
    opening ??= begin().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };

  return {
    async take(connection, keys) {
      const session = await current();
      const { ours, taken } = await takeKeys(database, session.holder, connection, keys);
      if (!ours) {
        // The session has ended and nobody has told us: what was taken under it is no longer ours.
        const ended = new Error('the database session that held the locks has ended');
        await drop(session, ended);
        throw ended;
      }
      const release = async (): Promise<void> => {
        if (taken.length === 0 || session.gone.signal.aborted) return;
        // What cannot be given back must not stay locked for as long as this process lives.
        await giveBack(database, session.holder, connection, taken).catch((error: Error) =>
          drop(session, error),
        );
      };
      return { keys: new Set(taken), signal: session.gone.signal, release };
    },
    async close() {
      const session = await opening?.catch(() => null);
      if (session) await drop(session, new Error('the process ends'));
    },
  };
}

/**
 * A row whose holder lives is somebody's: that number's advisory lock is held, so it cannot be had even shared, not by
 * the holder's own process either, since this runs in another session than the one that holds it.
 */
async function takeKeys(
  database: Database,
  holder: string,
  connection: string,
  keys: readonly string[],
): Promise<{ ours: boolean; taken: string[] }> {
  const { rows } = await database.query<{ ours: boolean; taken: string[] }>({
    name: 'take_keys',
    text: `with me as materialized (select not pg_try_advisory_xact_lock_shared($3) as ours),
     got as (
       insert into key_lock as k (connection, external_key, holder, taken_at)
       select $1, key, $3, now() from (select distinct key from unnest($2::text[]) as key order by key) as wanted, me where me.ours
       on conflict (connection, external_key) do update set holder = excluded.holder, taken_at = excluded.taken_at
         where pg_try_advisory_xact_lock_shared(k.holder)
       returning external_key)
     select me.ours, array(select external_key from got) as taken from me`,
    values: [connection, keys, holder],
  });
  return rows[0] ?? { ours: false, taken: [] };
}

async function giveBack(
  database: Database,
  holder: string,
  connection: string,
  keys: readonly string[],
): Promise<void> {
  await database.query({
    name: 'give_back_keys',
    text: 'delete from key_lock where connection = $1 and external_key = any($2::text[]) and holder = $3',
    values: [connection, keys, holder],
  });
}

/** Rows of processes that have died count for nothing; they are only in the way of whoever reads the table. */
async function forgetTheDead(database: Database): Promise<void> {
  await database.query(
    `delete from key_lock k using (
       select connection, external_key from key_lock where pg_try_advisory_xact_lock_shared(holder) for update skip locked) as dead
     where k.connection = dead.connection and k.external_key = dead.external_key`,
  );
}
