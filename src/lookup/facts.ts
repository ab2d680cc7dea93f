import type { Reference } from '../mapping/mapping.ts';
import type { Database } from '../store/database.ts';
import { loadLinked } from '../store/link.ts';
import { type Delivered, loadDelivered } from '../store/payload.ts';
import { unlessAborted } from './in-time.ts';
import { together } from './together.ts';
import { type NotLinked, Refused } from './outcome.ts';

/** What the database knows. Each question ends with the signal, whatever the database does. */
export type Facts = {
  linked(
    references: readonly Reference[],
    signal: AbortSignal,
  ): Promise<(reference: Reference) => string | null>;
  /** What was last delivered for a record of a flow; null where nothing was, or nothing is kept. */
  delivered(flow: string, sourceId: string, signal: AbortSignal): Promise<Delivered | null>;
  /** Where a record stands; null when the source has never shown it. */
  standing(flow: string, sourceId: string, signal: AbortSignal): Promise<NotLinked | null>;
};

/** Tells where a record stands, as every other page of Causeway tells it. */
export type TellStanding = (flow: string, sourceId: string) => Promise<NotLinked | null>;

/** More lookups than this never wait for the database; the next is refused at once. */
const mostWaiting = 500;

/** What a crowd asks of the mirror at once goes in few statements: each of a bounded size, and one beside another. */
const mirrorReading = { atOnce: 2, most: 100 };

/** Asks the database, which may hang or be gone: then the lookup is refused, and says so. */
export function facts(database: Database, tellStanding: TellStanding): Facts {
  let waiting = 0;
  const deliveredOf = together(
    (references: readonly Reference[]) => loadDelivered(database, references),
    mirrorReading,
  );
  const ask = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    if (waiting >= mostWaiting)
      throw new Refused({
        kind: 'too_many',
        sentence: 'Too many lookups wait for the database already.',
        retryAfterSeconds: 1,
      });
    waiting += 1;
    const asked = work().finally(() => (waiting -= 1));
    try {
      return await unlessAborted(asked, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Refused ? error : databaseGone(error);
    }
  };
  return {
    linked: (references, signal) => ask(() => loadLinked(database, references), signal),
    delivered: (flow, id, signal) => ask(() => deliveredOf({ flow, id }), signal),
    standing: (flow, id, signal) => ask(() => tellStanding(flow, id), signal),
  };
}

function databaseGone(cause: unknown): Refused {
  const refused = new Refused({
    kind: 'unavailable',
    system: 'database',
    sentence: 'The database of Causeway does not answer.',
    retryAfterSeconds: 5,
  });
  refused.cause = cause;
  return refused;
}
