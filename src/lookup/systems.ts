import { Fault, asFault } from '../connector/fault.ts';
import type { Answer, Question } from '../mapping/lookup/lookup.ts';
import type { Reference } from '../mapping/mapping.ts';
import type { LookupConnection } from './ask.ts';
import type { Asker } from './breaker.ts';
import type { Door } from './door.ts';
import { unlessAborted } from './in-time.ts';
import { Refused } from './outcome.ts';

/** A connection with the way to it. */
export type Reachable = {
  readonly connection: LookupConnection;
  readonly door: Door;
  /** Makes sure that the connection speaks to the tenant whose ids are stored; rejects with the Fault that says no. */
  readonly verify: (signal: AbortSignal) => Promise<void>;
};

/** What the questions of a lookup are put to. */
export type Systems = {
  reach(connection: string): Reachable;
  /** The ERP ids of references, all in one statement; null of one that is not linked. */
  linked(
    references: readonly Reference[],
    signal: AbortSignal,
  ): Promise<(reference: Reference) => string | null>;
};

/** On whose behalf a question is put, and for how long. */
export type Putting = { readonly systems: Systems; readonly asker: Asker; readonly signal: AbortSignal };

export type Answers = { readonly [question: string]: Answer };

/** What the systems have said. */
export type Gathered = {
  readonly answers: Answers;
  /** The records that it tells of. */
  readonly marks: readonly string[];
  /** Milliseconds for which the systems were waited for. */
  readonly vendorMs: number;
};

/**
 * Puts one question through its door. A kept-alive connection that the other side closed in this very moment is no
 * failure: reading is safe, so it is asked once more.
 */
export function put<T>(
  { systems, asker, signal }: Putting,
  question: Question,
  ask: (connection: LookupConnection, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { connection, door, verify } = systems.reach(question.connection);
  const once = (): Promise<T> => unlessAborted(ask(connection, signal), signal);
  const work = async (): Promise<T> => {
    try {
      await unlessAborted(verify(signal), signal);
      return await once().catch((error: unknown) => {
        if (error instanceof Fault && error.code === 'connection_lost' && !signal.aborted) return once();
        throw error;
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof Refused ? error : named(question, asFault(error));
    }
  };
  return door.pass(asker, work, signal);
}

/** Which connection failed, for whoever answers the caller. */
const failedAt = new WeakMap<Fault, string>();

function named({ connection }: Question, fault: Fault): Fault {
  failedAt.set(fault, connection);
  return fault;
}

/** The connection that a Fault came from. */
export const connectionOfFault = (fault: Fault): string => failedAt.get(fault) ?? 'a system';
