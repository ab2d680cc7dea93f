import { Socket } from 'node:net';
import { Client } from 'pg';

/** Any number would do; every process of every version must use the same one. */
const inUse = '7426983450218';

/** A session that says "in use" for as long as it lives, even if its process is killed. */
export type Keeper = {
  /** Takes the word back. True when nobody else keeps the server; then nobody can begin to until the session ends. */
  leave(): Promise<boolean>;
  end(): Promise<void>;
};

/** The server is there and takes no connection at this moment: it starts, or stops, or hangs. */
const passing = new Set(['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/**
 * Connects and keeps the server in use. Gives null when it takes no connection at this moment.
 * `onLost` hears of it when the server goes away although it is in use.
 */
export async function keepInUse(url: string, onLost: (error: Error) => void): Promise<Keeper | null> {
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    application_name: 'causeway keeper',
    connectionTimeoutMillis: 3000,
    stream: () => socket,
  });
  let left = false;
  let lost = false;
  client.on('error', (error) => {
    if (!left && !lost) onLost(error);
    lost = true;
  });
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [inUse]);
  } catch (error) {
    left = true;
    await client.end().catch(() => {});
    if (isPassing(error)) return null;
    throw error;
  }
  // A process whose work is done may end without having left.
  socket.unref();
  return {
    async leave() {
      left = true;
      if (lost) return false;
      socket.ref();
      try {
        await client.query('select pg_advisory_unlock_shared($1)', [inUse]);
        const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
          inUse,
        ]);
        return rows[0]?.alone === true;
      } catch (error) {
        // Somebody else found himself alone and stops the server already.
        if (isPassing(error)) return false;
        throw error;
      }
    },
    end: () => client.end().catch(() => {}),
  };
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') return passing.has(error.code);
  return /timeout|terminated|not queryable/iu.test(error.message);
}
