import { LRUCache } from 'lru-cache';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { Answers } from './answers.ts';
import { replied } from './body.ts';
import type { Delivery, Written } from './deliveries.ts';
import type { Facts } from './facts.ts';
import { fallbacks, timeForAll, timeForAsking } from './fallback.ts';
import { timeLimit } from './in-time.ts';
import { liveAnswers } from './live.ts';
import type { Outcome, Refusal } from './outcome.ts';
import { refusalOf } from './refuse.ts';
import type { Systems } from './systems.ts';
import type { LookupTally } from './tally.ts';

export type Asking = {
  /** The caller's own deadline in milliseconds; the lookup's holds where it is shorter. */
  readonly deadlineMs: number | null;
  /** Aborts when the caller has gone. Asked for only where the caller has to wait. */
  readonly signal: () => AbortSignal;
};

/** Answers lookups. One for each process: what it keeps and what it knows of the systems is shared by all callers. */
export type LookupEngine = {
  /** Answers within the deadline, whatever the systems and the database do. Rejects when the caller has gone. */
  answer(lookup: Lookup, key: string, asking: Asking): Promise<Outcome>;
  /** Drops the answers that tell of what the ERP was given. */
  delivered(delivery: Delivery): void;
  /** Drops everything: deliveries may have been missed. */
  forgetAll(): void;
};

export type EngineParts = {
  /** The newest good lookups. */
  readonly lookups: () => readonly Lookup[];
  readonly reach: Systems['reach'];
  readonly facts: Facts;
  /** What a flow writes; null of a flow that is not known. */
  readonly written: (flow: string) => Written | null;
  readonly answers: Answers;
  readonly tally: LookupTally;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/** How long it is remembered that a system has no such record, in milliseconds, and of how many keys. */
const absentForMs = 1000;
const mostAbsent = 5000;

export function lookupEngine(parts: EngineParts): LookupEngine {
  const { facts, now, tally } = parts;
  const live = liveAnswers({ ...parts, systems: { reach: parts.reach, linked: facts.linked } });
  const fallBack = fallbacks(facts, now);
  const absent = new LRUCache<string, { readonly refusal: Refusal; readonly until: number }>({
    max: mostAbsent,
  });
  let changes = 0;

  const askNow = async (lookup: Lookup, key: string, asking: Asking): Promise<Outcome> => {
    const deadlineMs = Math.min(lookup.deadlineMs, asking.deadlineMs ?? lookup.deadlineMs);
    const ownMs = timeForAll(deadlineMs);
    const whole = timeLimit(ownMs);
    const forAsking = timeLimit(timeForAsking(lookup, ownMs));
    const gone = asking.signal();
    const signal = AbortSignal.any([whole.signal, gone]);
    const other = fallBack(lookup, key, ownMs, signal);
    try {
      const landed = await live.ask(lookup, key, AbortSignal.any([forAsking.signal, gone]));
      return replied('live', landed.answer, now(), landed.vendorMs);
    } catch (error) {
      gone.throwIfAborted();
      const refusal = await refusalOf(error, facts, deadlineMs, signal);
      return (await other.instead(refusal, live.kept(lookup, key))) ?? refusal;
    } finally {
      other.end();
      whole.end();
      forAsking.end();
    }
  };
  const answer = async (lookup: Lookup, key: string, asking: Asking): Promise<Outcome> => {
    const kept = live.kept(lookup, key);
    const at = now();
    if (kept !== undefined && at < kept.freshUntil) {
      if (kept.freshUntil - at <= lookup.refreshAheadMs) live.renew(lookup, key, kept);
      return replied('cache', kept, at, 0);
    }
    const name = `${lookup.hash}\n${lookup.name}\n${key}`;
    const known = absent.get(name);
    if (known !== undefined && at < known.until) return known.refusal;
    const before = changes;
    const outcome = await askNow(lookup, key, asking);
    // What was not there before a delivery may be there now.
    if (outcome.kind === 'not_found' && before === changes)
      absent.set(name, { refusal: outcome, until: now() + absentForMs });
    return outcome;
  };

  return {
    async answer(lookup, key, asking) {
      const started = performance.now();
      const outcome = await answer(lookup, key, asking);
      tally.take(lookup.name, outcome, (performance.now() - started) / 1000);
      return outcome;
    },
    delivered(delivery) {
      changes += 1;
      absent.clear();
      live.delivered(delivery);
    },
    forgetAll() {
      changes += 1;
      absent.clear();
      live.forgetAll();
    },
  };
}
