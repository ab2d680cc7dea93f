import { inSteps, purgeHistory, purgeMappingVersions, purgePayloads, purgeRuns } from '../store/purge.ts';
import { lastRuns } from '../store/run.ts';
import { purgeKeys } from '../store/idempotency-key.ts';
import { purgeRequests } from '../store/resync-request.ts';
import type { SyncContext } from './context.ts';

/** How long what is only looked back on is kept, in seconds. Finished jobs are pg-boss's own matter. */
export type Retention = { readonly history: number; readonly runs: number };

/** How many rows went; null for what another process was purging at that moment. */
export type Purged = {
  readonly history: number | null;
  readonly runs: number | null;
  readonly payloads: number | null;
  readonly mappings: number | null;
  /** Resyncs that were asked for over HTTP, and the callbacks about them. */
  readonly requests: number | null;
};

/** A run that began with a mapping may go on for a while, and its history is younger than the mapping's last use. */
const longestRunSeconds = 30 * 86_400;

/**
 * Takes away what is older than it must be kept, in small steps, and what must not be kept at all. What people still
 * need stays: the history of records that are not settled, the newest delivery of each record, the newest runs.
 */
export async function purge(
  context: Pick<SyncContext, 'database' | 'now' | 'keepsPayloads'>,
  retention: Retention,
  signal: AbortSignal,
): Promise<Purged> {
  const { database } = context;
  const ago = (seconds: number): Date => new Date(context.now().getTime() - seconds * 1000);
  // Every flow that ever ran, so that one whose mapping is gone leaves nothing behind.
  const flows = (await lastRuns(database)).map(({ flow }) => flow);
  const hashed = flows.filter((flow) => !context.keepsPayloads(flow));
  const payloads = await inSteps(database, signal, (tx) => purgePayloads(tx, hashed));
  const runs = await inSteps(database, signal, (tx, after) => purgeRuns(tx, after, ago(retention.runs)));
  const spokenOf = new Set<string>();
  const history = await inSteps(database, signal, (tx, after) =>
    purgeHistory(tx, after, ago(retention.history), (hash) => spokenOf.add(hash)),
  );
  // Which mappings the history speaks of is known only when all of it has been looked at.
  const complete = history !== null && !signal.aborted;
  const unused = ago(retention.history + longestRunSeconds);
  const mappings = complete
    ? await inSteps(database, signal, (tx) => purgeMappingVersions(tx, unused, [...spokenOf]))
    : null;
  // A request is looked back on as a run is.
  const requests = await inSteps(database, signal, (tx) => purgeRequests(tx, ago(retention.runs)));
  await inSteps(database, signal, (tx) => purgeKeys(tx));
  return { history, runs, payloads, mappings, requests };
}
