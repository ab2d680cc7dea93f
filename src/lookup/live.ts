import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { Answers, KeptAnswer } from './answers.ts';
import { bodyOf } from './body.ts';
import { type Delivery, mayConcern, touchedBy, type Written } from './deliveries.ts';
import { timeForAll, timeForAsking } from './fallback.ts';
import { flights, type Start } from './flights.ts';
import { gatherAll, type Search } from './gather.ts';
import { gatherFirst } from './gather-first.ts';
import { Refused } from './outcome.ts';
import type { Systems } from './systems.ts';

/** What the systems said, and how long they took, in milliseconds. */
export type Landed = { readonly answer: KeptAnswer; readonly vendorMs: number };

/** Answers that are asked now, or were: one request for all that wait for the same, and the memory of them. */
export type LiveAnswers = {
  kept(lookup: Lookup, key: string): KeptAnswer | undefined;
  /** Asks, or waits with those who have asked already. */
  ask(lookup: Lookup, key: string, signal: AbortSignal): Promise<Landed>;
  /** Asks behind the callers' backs, at most once a second. */
  renew(lookup: Lookup, key: string, kept: KeptAnswer): void;
  delivered(delivery: Delivery): void;
  forgetAll(): void;
};

export type LiveParts = {
  readonly lookups: () => readonly Lookup[];
  readonly systems: Systems;
  /** What a flow writes; null of a flow that is not known. */
  readonly written: (flow: string) => Written | null;
  readonly answers: Answers;
  readonly now: () => number;
};

/** What is being asked, and what was delivered since it was asked. */
type Asked = {
  readonly question: string;
  readonly lookup: Lookup;
  readonly key: string;
  readonly heard: Delivery[];
  missed: boolean;
};

/** A system that does not answer is asked for a renewal no more often, in milliseconds. */
const renewEveryMs = 1000;

/** Names what is asked: an edited lookup is another question. */
const questionKey = ({ name, hash }: Lookup, key: string): string => `${name}\n${hash}\n${key}`;

export function liveAnswers(parts: LiveParts): LiveAnswers {
  const { answers, now } = parts;
  const underWay = flights<Landed>();
  // One of each flight: several may be under way for one question, of which the oldest may land last.
  const asked = new Set<Asked>();
  const touched = (lookup: Lookup, delivery: Delivery) =>
    touchedBy(lookup, delivery, parts.written(delivery.flow));

  const work = async (lookup: Lookup, key: string, signal: AbortSignal): Promise<Landed> => {
    const question = questionKey(lookup, key);
    const note: Asked = { question, lookup, key, heard: [], missed: false };
    asked.add(note);
    try {
      const landed = await askSystems(parts, lookup, key, signal);
      const isOld = note.heard.some((delivery) => {
        const { all, marks } = touched(lookup, delivery);
        return all || marks.some((mark) => landed.answer.marks.includes(mark));
      });
      const isOvertaken = (answers.get(question)?.asOf ?? 0) > landed.answer.asOf;
      if (!isOld && !isOvertaken && !note.missed) answers.keep(question, landed.answer, now());
      return landed;
    } finally {
      asked.delete(note);
    }
  };
  const start = (lookup: Lookup, key: string): Start<Landed> => ({
    // What is kept serves whoever asks next, also where nobody waits for it any more.
    limitMs: lookup.ttlMs > 0 ? lookup.deadlineMs : timeForAsking(lookup, timeForAll(lookup.deadlineMs)),
    lasting: lookup.ttlMs > 0,
    work: (signal) => work(lookup, key, signal),
  });

  return {
    kept: (lookup, key) => answers.get(questionKey(lookup, key)),
    ask: (lookup, key, signal) => underWay.join(questionKey(lookup, key), start(lookup, key), signal),
    renew(lookup, key, kept) {
      if (now() < kept.renewNotBefore) return;
      kept.renewNotBefore = now() + renewEveryMs;
      underWay.begin(questionKey(lookup, key), start(lookup, key));
    },
    delivered(delivery) {
      for (const lookup of parts.lookups()) {
        const { all, marks } = touched(lookup, delivery);
        if (all) answers.dropLookup(lookup.name);
        else answers.dropMarked(marks);
      }
      for (const note of asked) {
        if (!note.lookup.flows.includes(delivery.flow)) continue;
        note.heard.push(delivery);
        if (mayConcern(note.lookup, note.key, delivery, touched(note.lookup, delivery)))
          underWay.forget(note.question);
      }
    },
    forgetAll() {
      answers.dropAll();
      for (const note of asked) {
        note.missed = true;
        underWay.forget(note.question);
      }
    },
  };
}

/** Puts the questions, and makes the reply. */
async function askSystems(
  { systems, now }: LiveParts,
  lookup: Lookup,
  key: string,
  signal: AbortSignal,
): Promise<Landed> {
  const asOf = now();
  const search: Search = { lookup, key, systems, asker: {}, signal, clock: now };
  const gathered =
    lookup.ask === 'first' ? await gatherFirst(search, lookup.deadlineMs) : await gatherAll(search);
  const ending = lookup.run(gathered.answers, { now: new Date(asOf).toISOString() });
  if (ending.kind === 'rejected') throw new Refused({ kind: 'rejected', problems: ending.problems });
  const answer: KeptAnswer = {
    lookup: lookup.name,
    text: bodyOf(lookup, key, { reply: ending.reply, cut: ending.cut, unknown: [] }, asOf),
    asOf,
    freshUntil: asOf + lookup.ttlMs,
    staleUntil: asOf + lookup.ttlMs + lookup.staleForMs,
    marks: gathered.marks,
    renewNotBefore: 0,
  };
  return { answer, vendorMs: gathered.vendorMs };
}
