import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
  type IBackoff,
  type IBackoffFactory,
} from 'cockatiel';
import { Fault } from '../connector/fault.ts';
import { TimeOver } from './in-time.ts';

/** When a connection is left alone, and for how long. Milliseconds. */
export type BreakerSettings = {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** An answer that took longer counts as a failure, though it is given. */
  readonly slowMs: number;
  /** How long it stays open the first time; twice as long each time that its one probe fails. */
  readonly openMs: number;
  readonly longestOpenMs: number;
};

export const usualBreaker: BreakerSettings = {
  failures: 3,
  slowMs: 5000,
  openMs: 1000,
  longestOpenMs: 15_000,
};

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Why nothing is asked now, and for how long. */
export type Closed = { readonly sentence: string; readonly forMs: number };

export type Breaker = {
  readonly state: () => BreakerState;
  /** Why nothing may be asked now; null where it may. */
  refuses(): Closed | null;
  /** Does the work and draws from its end what it says of the system. Ask `refuses` first. */
  run<T>(work: () => Promise<T>): Promise<T>;
};

/** Thrown, and caught here, so that a slow answer counts as a failure. */
class Slow extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super('slow');
    this.value = value;
  }
}

/**
 * Leaves a system alone that has failed several times in a row, and then asks it with ONE request whether it is well.
 * Each process finds out for itself, within a few requests. What is wrong with a question, and not with the system,
 * does not count.
 */
export function breaker(settings: BreakerSettings, now: () => number): Breaker {
  let openUntil = 0;
  let lastSentence = 'it did not answer';
  const waits = longerEachTime(settings, (ms) => (openUntil = now() + ms + clockGrainMs));
  const policy = circuitBreaker(
    handleWhen((error) => {
      // A probe that was given up has shown nothing; one that was refused for what it asked has shown that it answers.
      const probing = policy.state === CircuitState.HalfOpen;
      const counts = isSick(error) || (probing && !(error instanceof Fault));
      if (counts) lastSentence = sentenceOf(error);
      return counts;
    }),
    { breaker: new ConsecutiveBreaker(settings.failures), halfOpenAfter: waits },
  );
  return {
    state: () => states[policy.state],
    refuses() {
      const forMs = openUntil - now();
      if (policy.state === CircuitState.Open && forMs > 0) return { sentence: lastSentence, forMs };
      // Another request is asking already whether the system is well.
      if (policy.state === CircuitState.HalfOpen) return { sentence: lastSentence, forMs: settings.openMs };
      return null;
    },
    async run<T>(work: () => Promise<T>): Promise<T> {
      try {
        return await policy.execute(async () => {
          const started = now();
          const value = await work();
          if (now() - started > settings.slowMs) throw new Slow(value);
          return value;
        });
      } catch (error) {
        if (error instanceof Slow) return error.value as T;
        throw error;
      }
    },
  };
}

const states = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
} as const satisfies Record<CircuitState, BreakerState>;

/** cockatiel reads the clock a moment later than we do. */
const clockGrainMs = 2;

/** Tells how long it stays open, when it opens. */
function longerEachTime(
  { openMs, longestOpenMs }: BreakerSettings,
  opens: (ms: number) => void,
): IBackoffFactory<unknown> {
  const after = (ms: number): IBackoff<unknown> => ({
    duration: ms,
    next: () => begin(Math.min(longestOpenMs, ms * 2)),
  });
  const begin = (ms: number): IBackoff<unknown> => {
    opens(ms);
    return after(ms);
  };
  return { next: () => begin(openMs) };
}

/** Kinds of faults that tell of the system, and not of what was asked. */
const sick: ReadonlySet<string> = new Set(['transient', 'rate_limited', 'auth', 'ambiguous']);

const isSick = (error: unknown): boolean =>
  error instanceof Slow || error instanceof TimeOver || (error instanceof Fault && sick.has(error.kind));

function sentenceOf(error: unknown): string {
  if (error instanceof Fault) return error.message.replace(/\.$/, '');
  return error instanceof Slow ? 'it answers too slowly' : 'it did not answer in time';
}
