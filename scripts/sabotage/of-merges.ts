import type { Sabotage } from '../sabotage.ts';

/** What a merge, or a record that leaves, may do to others. */
export const ofMerges: readonly Sabotage[] = [
  {
    what: 'a number is written on a record that was merged away, and so over that of the survivor',
    file: 'src/sync/write-back.ts',
    take: 'wish !== null && !merged &&',
    put: 'wish !== null &&',
    test: 'goes nowhere once that was merged away',
  },
  {
    what: 'a number that was written on a merged-away record stays on the survivor',
    file: 'src/store/merge.ts',
    take: 'await forgetWrittenBack(',
    put: '((..._: unknown[]) => {})(',
    test: 'is put right on the survivor',
  },
  {
    what: 'a record is a dead letter because the one that it refers to is leaving at this moment',
    file: 'src/sync/leaving-parents.ts',
    take: 'return gone.length === 0 ? one : excused(one, gone);',
    put: 'void excused; return one;',
    test: 'are no dead letters where the parent has just left',
  },
];
