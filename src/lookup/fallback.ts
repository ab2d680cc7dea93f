import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { KeptAnswer } from './answers.ts';
import { bodyOf, replied } from './body.ts';
import type { Facts } from './facts.ts';
import { flights } from './flights.ts';
import { linkedQuestion, replyFromDelivered } from './mirrored.ts';
import type { Refusal, Replied } from './outcome.ts';

/** The part of a deadline that is kept for the mirror, where that may be what is answered in the end. */
const mirrorShare = 0.1;
const mostForMirrorMs = 200;

/** The part of a deadline that is kept for the answer's own way: a crowd is answered one after the other. */
const answeringShare = 0.1;
const mostForAnsweringMs = 50;

/** How long everything may take within a deadline, in milliseconds, so that the answer is there in time. */
export const timeForAll = (deadlineMs: number): number =>
  deadlineMs - Math.min(mostForAnsweringMs, deadlineMs * answeringShare);

/** How long of that the systems may take, in milliseconds: what the mirror needs in the end is kept for it. */
export const timeForAsking = ({ fallback }: Lookup, ownMs: number): number =>
  ownMs - (fallback.includes('mirror') ? Math.min(mostForMirrorMs, ownMs * mirrorShare) : 0);

/** Refusals that tell nothing of the record: something else may be answered in their place. */
const replaceable: ReadonlySet<Refusal['kind']> = new Set(['late', 'unavailable', 'refused', 'too_many']);

/** A system is waited for so long, as a part of the deadline, before the mirror is read: so it is at hand in the end. */
const aheadShare = 1 / 3;

/** What stands ready for one caller to be answered in place of a system. */
export type Fallback = {
  /** Gives it in the lookup's order; null where nothing is there, or the refusal tells of the record. */
  instead(refusal: Refusal, kept: KeptAnswer | undefined): Promise<Replied | null>;
  /** To be called when the caller has been answered. */
  end(): void;
};

export type Fallbacks = (lookup: Lookup, key: string, deadlineMs: number, signal: AbortSignal) => Fallback;

type Mirrored = { readonly text: string; readonly asOf: number };

/** Makes ready what is answered in place of a system that gives no answer. */
export function fallbacks(facts: Facts, now: () => number): Fallbacks {
  const underWay = flights<Mirrored | null>();
  const work = async (lookup: Lookup, key: string, signal: AbortSignal): Promise<Mirrored | null> => {
    const question = linkedQuestion(lookup);
    if (question?.find.by !== 'link') return null;
    const delivered = await facts.delivered(question.find.flow, key, signal);
    if (delivered === null) return null;
    const said = replyFromDelivered(lookup, question, delivered, new Date(now()).toISOString());
    if (said === null) return null;
    const asOf = delivered.at.getTime();
    return { text: bodyOf(lookup, key, said, asOf), asOf };
  };
  const fromMirror = (lookup: Lookup, key: string, signal: AbortSignal): Promise<Mirrored | null> => {
    const start = {
      limitMs: lookup.deadlineMs,
      lasting: false,
      work: (within: AbortSignal) => work(lookup, key, within),
    };
    // Were the mirror to fail as well, the refusal of the system is what the caller is told.
    return underWay.join(`${lookup.name}\n${lookup.hash}\n${key}`, start, signal).catch(() => null);
  };

  return (lookup, key, deadlineMs, signal) => {
    let reading: Promise<Mirrored | null> | null = null;
    const read = (): Promise<Mirrored | null> => (reading ??= fromMirror(lookup, key, signal));
    const timer =
      lookup.fallback.includes('mirror') && setTimeout(() => void read(), deadlineMs * aheadShare);
    return {
      async instead(refusal, kept) {
        if (!replaceable.has(refusal.kind)) return null;
        for (const way of lookup.fallback) {
          if (way === 'stale' && kept !== undefined && now() < kept.staleUntil)
            return replied('stale', kept, now(), 0);
          const mirrored = way === 'mirror' ? await read() : null;
          if (mirrored !== null)
            return replied('mirror', { ...mirrored, freshUntil: 0, staleUntil: 0 }, now(), 0);
        }
        return null;
      },
      end: () => clearTimeout(timer || undefined),
    };
  };
}
