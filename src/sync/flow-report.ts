import type { Problem } from '../errors/error.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { listConnectionStates } from '../store/connection-state.ts';
import type { Sql } from '../store/database.ts';
import { listFlowPauses } from '../store/flow-state.ts';
import { lastRuns, type RunReport } from '../store/run.ts';
import { brokenSince, lagSeconds, readFacts } from './alert-facts.ts';
import { type Stop, stopsOf } from './next-check.ts';
import { countStates, type InDoubt, readInDoubt, type StateCounts } from './record-state.ts';

/** How one flow stands. */
export type FlowReport = {
  readonly mapping: Mapping;
  readonly counts: StateCounts;
  /** Since when the oldest change waits to be settled; null when none does. */
  readonly oldestPending: Date | null;
  readonly lagSeconds: number;
  /** The mapping's promise, and since when it is broken; null where it promises nothing. */
  readonly freshness: { readonly promisedSeconds: number; readonly brokenSince: Date | null } | null;
  /** When everything in the source had been read. */
  readonly caughtUpAt: Date | null;
  readonly inDoubt: InDoubt | null;
  readonly lastRun: RunReport | null;
  readonly stops: readonly Stop[];
  /** What is wrong with its file as it stands: the last good version is in use. */
  readonly problems: readonly Problem[];
};

/** Reads how flows stand. */
export async function reportFlows(
  sql: Sql,
  mappings: readonly Mapping[],
  problems: readonly Problem[],
  now: Date,
): Promise<FlowReport[]> {
  const facts = await readFacts(sql, mappings, now);
  const runs = await lastRuns(sql);
  const inDoubt = await readInDoubt(sql);
  const connections = await listConnectionStates(sql);
  const pauses = await listFlowPauses(sql);
  const reports: FlowReport[] = [];
  for (const mapping of mappings) {
    const { counts, oldestPending } = await countStates(sql, mapping);
    const own = facts.flows.find(({ flow }) => flow === mapping.flow);
    reports.push({
      mapping,
      counts,
      oldestPending,
      lagSeconds: own === undefined ? 0 : Math.round(lagSeconds(own, now)),
      freshness:
        mapping.freshnessSeconds === null || own === undefined
          ? null
          : { promisedSeconds: mapping.freshnessSeconds, brokenSince: brokenSince(own, now) },
      caughtUpAt: own?.caughtUpAt ?? null,
      inDoubt: inDoubt.get(mapping.flow) ?? null,
      lastRun: runs.find(({ flow }) => flow === mapping.flow) ?? null,
      stops: stopsOf(mapping, connections, pauses),
      problems: problems.filter(({ at }) => at?.file === mapping.file),
    });
  }
  return reports;
}
