/**
 * The judge of a run. It has its own reading of the truth and its own small idea of the mappings, and takes nothing
 * from the product: a mistake of the product cannot hide in it.
 */
import { judgeBooks } from './check-books.ts';
import { judgeFlights } from './check-flights.ts';
import { judgeRecords } from './check-records.ts';
import type { Snapshot } from './snapshot.ts';

export const verdicts = ['lost', 'duplicated', 'stale', 'unexplained'] as const;
export type Verdict = (typeof verdicts)[number];

/** One thing that is not as it must be. */
export type Finding = {
  readonly verdict: Verdict;
  readonly record: string;
  readonly expected: string;
  readonly found: string;
};

/** Compares what there is with what there must be. Pure; an empty list is a good run. */
export function judge(snapshot: Snapshot): Finding[] {
  const hanging = snapshot.hanging.map((what): Finding => ({
    verdict: 'unexplained',
    record: 'the run',
    expected: 'everything comes to rest in time',
    found: what,
  }));
  // What still moves cannot be judged.
  if (hanging.length > 0) return hanging;
  return [...judgeRecords(snapshot), ...judgeBooks(snapshot), ...judgeFlights(snapshot)];
}
