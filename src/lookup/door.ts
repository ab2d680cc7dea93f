import { budget } from '../connector/budget.ts';
import { Fault } from '../connector/fault.ts';
import { withPriority } from '../connector/priority.ts';
import { type Asker, breaker, type BreakerSettings, type BreakerState } from './breaker.ts';
import { Refused } from './outcome.ts';

/** Why nothing may be asked of a connection, as every process knows it, and until when. */
export type Stop = {
  readonly state: 'held' | 'paused';
  readonly reason: string;
  readonly until: Date | null;
};

/** The way to one connection. Every question to it goes through here. */
export type Door = {
  readonly state: () => BreakerState;
  /** Throws `Refused` where this asker may ask nothing of the connection now. */
  requireOpen(asker: Asker): void;
  /**
   * Asks when it is this question's turn. Throws `Refused` at once where the connection is stopped, its breaker is
   * open, or too many questions wait; else what the work throws, and the signal's reason.
   */
  pass<T>(asker: Asker, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
};

export type DoorSettings = {
  readonly connection: string;
  /** So many questions are asked at once. */
  readonly concurrency: number;
  /** So many more may wait for their turn; the next is refused. */
  readonly queue: number;
  readonly breaker: BreakerSettings;
  /** What is known of the connection. Must answer at once. */
  readonly stopped: () => Stop | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** A vendor that asks for patience is given no more of it than this at a time, in milliseconds. */
const longestHoldMs = 60_000;

/** When to ask again where nobody knows better: a pause ends when a person ends it. */
const pauseSeconds = 30;

/** Bounds what one connection can take of this process: a bulkhead, behind it the breaker. */
export function door(settings: DoorSettings): Door {
  const { connection, concurrency, queue, now } = settings;
  const turns = budget({ concurrency, rate: null });
  const guard = breaker(settings.breaker, now);
  let inside = 0;
  let heldUntil = 0;

  const requireOpen = (asker: Asker): void => {
    const forMs = heldUntil - now();
    if (forMs > 0) throw unavailable(connection, 'it asks for fewer requests', forMs);
    const stop = settings.stopped();
    if (stop !== null) throw unavailable(connection, stop.reason, untilMs(stop, now()));
    const refusal = guard.refuses(asker);
    if (refusal !== null) throw unavailable(connection, refusal.sentence, refusal.forMs);
  };
  const ask = async <T>(asker: Asker, work: () => Promise<T>): Promise<T> => {
    requireOpen(asker);
    try {
      return await guard.run(asker, work);
    } catch (error) {
      if (error instanceof Fault && error.kind === 'rate_limited' && error.retryAfterMs !== null)
        heldUntil = now() + Math.min(longestHoldMs, error.retryAfterMs);
      throw error;
    }
  };

  return {
    state: guard.state,
    requireOpen,
    async pass(asker, work, signal) {
      requireOpen(asker);
      if (inside >= concurrency + queue) throw tooMany(connection);
      inside += 1;
      try {
        const endTurn = await withPriority('interactive', () => turns.take(signal));
        try {
          return await withPriority('interactive', () => ask(asker, work));
        } finally {
          endTurn();
        }
      } finally {
        inside -= 1;
      }
    },
  };
}

const untilMs = ({ until }: Stop, now: number): number =>
  until === null ? pauseSeconds * 1000 : Math.max(1000, until.getTime() - now);

/** A whole number of seconds, as `Retry-After` wants it (RFC 9110, section 10.2.3). */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

export const unavailable = (system: string, why: string, forMs: number): Refused =>
  new Refused({
    kind: 'unavailable',
    system,
    sentence: `${system} is not asked now: ${why}.`,
    retryAfterSeconds: secondsOf(forMs),
  });

const tooMany = (connection: string): Refused =>
  new Refused({
    kind: 'too_many',
    sentence: `Too many questions wait for ${connection} already.`,
    retryAfterSeconds: 1,
  });
