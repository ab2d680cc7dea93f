import { type EndingName, endingOf, endings, type Outcome } from './outcome.ts';

/** Upper bounds of the histogram's buckets, in seconds: from a kept answer to the longest deadline. */
export const bucketSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How lookups of one name have ended, and how long callers waited. */
export type LookupCounts = {
  readonly lookup: string;
  readonly endings: readonly { readonly ending: EndingName; readonly count: number }[];
  /** How many callers waited at most so long, by {@link bucketSeconds}. */
  readonly within: readonly number[];
  readonly count: number;
  readonly seconds: number;
};

/** What this process has answered since it started. */
export type LookupTally = {
  take(lookup: string, outcome: Outcome, seconds: number): void;
  /** Of the lookups named, and of all that were asked. */
  counts(lookups: readonly string[]): LookupCounts[];
};

/** `apart` counts each caller in the first bucket that holds it, and no other. */
type Own = { endings: Map<EndingName, number>; apart: number[]; count: number; seconds: number };

export function lookupTally(): LookupTally {
  const all = new Map<string, Own>();
  const of = (lookup: string): Own => {
    const own = all.get(lookup) ?? {
      endings: new Map(endings.map((ending) => [ending, 0])),
      apart: bucketSeconds.map(() => 0),
      count: 0,
      seconds: 0,
    };
    all.set(lookup, own);
    return own;
  };
  return {
    take(lookup, outcome, seconds) {
      const own = of(lookup);
      const ending = endingOf(outcome);
      own.endings.set(ending, (own.endings.get(ending) ?? 0) + 1);
      own.count += 1;
      own.seconds += seconds;
      const bucket = bucketSeconds.findIndex((bound) => seconds <= bound);
      if (bucket !== -1) own.apart[bucket] = (own.apart[bucket] ?? 0) + 1;
    },
    counts(lookups) {
      for (const lookup of lookups) of(lookup);
      return [...all].map(([lookup, own]) => ({
        lookup,
        endings: [...own.endings].map(([ending, count]) => ({ ending, count })),
        within: summedUp(own.apart),
        count: own.count,
        seconds: own.seconds,
      }));
    },
  };
}

/** Each number with all before it. */
function summedUp(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => (sum += number));
}
