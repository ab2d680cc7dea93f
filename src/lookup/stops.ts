import type { Database } from '../store/database.ts';
import { listConnectionStates, pausedByPerson } from '../store/connection-state.ts';
import type { Stop } from './door.ts';

/** What every process knows of the connections: which of them are held or paused. */
export type Stops = {
  /** Why nothing may be asked of the connection; null where it may. Answers at once. */
  of(connection: string): Stop | null;
  /** Reads it again now. Never rejects: what was known before stands then. */
  read(): Promise<void>;
  /** Reads it once a second from now on; gives the function that ends that. */
  watch(): () => void;
};

/** How often the state of the connections is read, in milliseconds. */
const readEveryMs = 1000;

/** What was read longer ago counts for nothing: the database is gone, and the system may be well. */
const believedForMs = 30_000;

/** Reads the state of the connections in the background once a second; no caller waits for it. */
export function watchStops(database: Database, now: () => number): Stops {
  let stops: ReadonlyMap<string, Stop> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const readNow = async (): Promise<void> => {
    try {
      const states = await listConnectionStates(database);
      // What a person writes is for callers; what stands there of a failure is the vendor's text.
      stops = new Map(
        states.flatMap(({ connection, state, code, reason, until }): [string, Stop][] =>
          state === 'up'
            ? []
            : [
                [
                  connection,
                  { state, reason: (code === pausedByPerson && reason) || `it is ${state}`, until },
                ],
              ],
        ),
      );
      readAt = now();
    } catch {
      // The database says so elsewhere, and loudly; a lookup goes on with what is known.
    } finally {
      reading = null;
    }
  };
  const read = (): Promise<void> => (reading ??= readNow());
  return {
    of(connection) {
      const stop = stops.get(connection);
      if (stop === undefined || now() - readAt > believedForMs) return null;
      // A hold ends by itself at its time.
      return stop.state === 'held' && stop.until !== null && stop.until.getTime() <= now() ? null : stop;
    },
    read,
    watch() {
      const timer = setInterval(() => void read(), readEveryMs).unref();
      return () => clearInterval(timer);
    },
  };
}
