import { countNames, type CountName } from '../store/run.ts';
import type { Progress } from '../sync/context.ts';

/** What this process has done with records since it started, by flow and outcome. */
export type Tally = {
  take(progress: Progress): void;
  /** Of the flows named and of all that did something; a flow that did nothing yet has zeros. */
  counts(
    flows: readonly string[],
  ): { readonly flow: string; readonly outcome: CountName; readonly count: number }[];
};

/** Counts as the flows tell of what they have committed. */
export function outcomeTally(): Tally {
  const flows = new Map<string, Map<CountName, number>>();
  const of = (flow: string): Map<CountName, number> => {
    const own = flows.get(flow) ?? new Map<CountName, number>(countNames.map((name) => [name, 0]));
    flows.set(flow, own);
    return own;
  };
  const add = (flow: string, outcome: CountName, count: number): void =>
    void of(flow).set(outcome, (of(flow).get(outcome) ?? 0) + count);
  return {
    take(progress) {
      if (progress.kind === 'read') add(progress.flow, 'read', progress.read);
      if (progress.kind !== 'settled') return;
      for (const name of countNames) add(progress.flow, name, progress.counts[name] ?? 0);
    },
    counts(named) {
      for (const flow of named) of(flow);
      return [...flows].flatMap(([flow, own]) =>
        [...own].map(([outcome, count]) => ({ flow, outcome, count })),
      );
    },
  };
}
