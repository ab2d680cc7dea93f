import { once } from 'node:events';
import { isContinuous } from '../mapping/continuous.ts';
import { queuesDue } from '../queue/backlog.ts';
import { queuesOf } from '../sync/catch-up.ts';
import type { SyncContext } from '../sync/context.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import type { FlowRun } from '../sync/sync-flow.ts';
import type { Retention } from '../sync/purge.ts';
import { type FlowRuns, flowRuns } from './flow-runs.ts';
import { keepPurging } from './purging.ts';
import { startSchedule } from './schedule.ts';
import type { Waker } from './wake.ts';

/** What the service needs of a composed Causeway. */
export type ServiceParts = {
  readonly context: SyncContext;
  readonly folder: MappingFolder;
  readonly retention: Retention;
  /** Says which flows are to be run at once. */
  readonly waker: Pick<Waker, 'listen'>;
  /** Hears of every run that has ended. */
  readonly onRun: (run: FlowRun) => void;
};

/** How often the mapping files are looked at between ticks, in milliseconds. */
const refreshMs = 2000;

/**
 * Runs each flow at its times, and when it is woken, until the signal aborts, and then waits for the runs in hand. A good
 * edit of a mapping is used by the next run; a bad one is logged, and the last good version goes on.
 */
export async function runService(parts: ServiceParts, signal: AbortSignal): Promise<void> {
  const { context, folder } = parts;
  const runs = flowRuns(context, parts.onRun, signal);
  const schedule = startSchedule(async (flow) => {
    await context.refreshMappings('now', signal);
    schedule.keep(folder.current());
    await runs.tick(flow);
  }, context.log);
  schedule.keep(folder.current());
  const look = async (): Promise<void> => {
    await context.refreshMappings('now', signal);
    schedule.keep(folder.current());
  };
  const watch = setInterval(() => void look(), refreshMs);
  const purging = keepPurging(context, parts.retention, signal);
  const unlisten = parts.waker.listen(runs.wake);
  const queues = watchQueues(context, runs, signal);
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(watch);
    schedule.stop();
    unlisten();
    await Promise.all([runs.ended(), purging, queues]);
  }
}

/** How often the queues of continuous flows are looked at, in milliseconds. */
const queuesMs = 250;

/**
 * Wakes continuous flows for which something is due, whoever queued it: another process, a parent that was linked, a
 * retry. It asks rather than listens, because a pooler in front of Postgres keeps notices away.
 */
async function watchQueues(context: SyncContext, runs: FlowRuns, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const flows = context
      .mappings()
      .filter((mapping) => isContinuous(mapping) && !runs.rests(mapping.flow))
      .map(({ flow }) => ({ flow, queues: queuesOf(context, flow) }));
    try {
      const all = flows.flatMap(({ queues }) => queues);
      const due = all.length === 0 ? new Set() : await queuesDue(context.database, all);
      for (const { flow, queues } of flows) if (queues.some((queue) => due.has(queue))) runs.wake(flow);
    } catch (error) {
      context.log.debug({ err: error }, 'the queues could not be looked at; they are again shortly');
    }
    await context.sleep(queuesMs, signal).catch(() => {});
  }
}
