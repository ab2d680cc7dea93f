import { Fault, type FaultKind } from '../connector/fault.ts';
import { TimeOver } from './in-time.ts';
import { Refused } from './outcome.ts';

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

/** Stands for one lookup: all its questions have one asker, which is the same object. */
export type Asker = object;

export type Breaker = {
  readonly state: () => BreakerState;
  /** Why this asker may ask nothing now; null where it may. */
  refuses(asker: Asker): Closed | null;
  /** Does the work and draws from its end what it says of the system. Ask `refuses` first. */
  run<T>(asker: Asker, work: () => Promise<T>): Promise<T>;
};

type Phase =
  | { readonly state: 'closed'; failures: number }
  | { readonly state: 'open'; readonly until: number; readonly forMs: number }
  | { readonly state: 'half_open'; readonly prober: Asker; asking: number; readonly forMs: number };

/** What the end of a question says of the system; a question that was given up says nothing. */
type Verdict = 'answers' | 'sick' | 'nothing';

/**
 * Leaves a system alone that has failed several times in a row, and then asks it with ONE lookup whether it is well: a
 * lookup needs all its questions, so that a probe of one question alone could never be of use to it. Each process finds
 * out for itself, within a few requests. What is wrong with a question, and not with the system, does not count. A
 * probe that is given up by us has shown nothing, and the next lookup takes its turn.
 */
export function breaker(settings: BreakerSettings, now: () => number): Breaker {
  const { failures, slowMs, openMs, longestOpenMs } = settings;
  let phase: Phase = { state: 'closed', failures: 0 };
  let lastSentence = 'it did not answer';

  const open = (forMs: number): void => void (phase = { state: 'open', until: now() + forMs, forMs });
  /** Takes the turn to probe where there is one, and gives the phase that the question belongs to. */
  const enter = (asker: Asker): Phase => {
    if (phase.state === 'open') phase = { state: 'half_open', prober: asker, asking: 0, forMs: phase.forMs };
    if (phase.state === 'half_open') phase.asking += 1;
    return phase;
  };
  const leave = (entered: Phase, verdict: Verdict): void => {
    // What was asked before the breaker turned says nothing of now.
    if (entered !== phase) return;
    if (entered.state === 'half_open') {
      entered.asking -= 1;
      if (verdict === 'answers') phase = { state: 'closed', failures: 0 };
      else if (verdict === 'sick') open(Math.min(longestOpenMs, entered.forMs * 2));
      else if (entered.asking === 0) phase = { state: 'open', until: now(), forMs: entered.forMs };
    } else if (entered.state === 'closed' && verdict === 'sick') {
      entered.failures += 1;
      if (entered.failures >= failures) open(openMs);
    }
  };

  return {
    state: () => phase.state,
    refuses(asker) {
      if (phase.state === 'open' && phase.until > now())
        return { sentence: lastSentence, forMs: phase.until - now() };
      // Another lookup is asking already whether the system is well.
      if (phase.state === 'half_open' && phase.prober !== asker)
        return { sentence: lastSentence, forMs: openMs };
      return null;
    },
    async run(asker, work) {
      const entered = enter(asker);
      const started = now();
      const isSlow = (): boolean => now() - started > slowMs;
      try {
        const value = await work();
        if (isSlow()) lastSentence = 'it answers too slowly';
        else if (entered.state === 'closed') entered.failures = 0;
        leave(entered, isSlow() ? 'sick' : 'answers');
        return value;
      } catch (error) {
        const verdict = isSlow() ? 'sick' : verdictOf(error);
        if (verdict === 'sick') lastSentence = sentenceOf(error);
        leave(entered, verdict);
        throw error;
      }
    },
  };
}

/** Kinds of faults that tell of the system, and not of what was asked. */
const sick: ReadonlySet<FaultKind> = new Set(['transient', 'rate_limited', 'auth', 'ambiguous']);

function verdictOf(error: unknown): Verdict {
  if (error instanceof TimeOver) return 'sick';
  // One that was refused for what it asked has shown that the system answers.
  if (error instanceof Fault) return sick.has(error.kind) ? 'sick' : 'answers';
  return error instanceof Refused ? 'answers' : 'nothing';
}

/** In our own words: what a vendor says may hold its names, and values of a record. */
function sentenceOf(error: unknown): string {
  if (error instanceof Fault) return `it gave no answer (${error.kind})`;
  return 'it did not answer in time';
}
