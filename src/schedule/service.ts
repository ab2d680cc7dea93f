import { once } from 'node:events';
import type { Cause } from '../store/run.ts';
import { catchUp } from '../sync/catch-up.ts';
import type { SyncContext } from '../sync/context.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import type { FlowRun } from '../sync/sync-flow.ts';
import type { Retention } from '../sync/purge.ts';
import { keepPurging } from './purging.ts';
import { startSchedule } from './schedule.ts';

/** What the service needs of a composed Causeway. */
export type ServiceParts = {
  readonly context: SyncContext;
  readonly folder: MappingFolder;
  readonly retention: Retention;
  /** Hears of every run that has ended. */
  readonly onRun: (run: FlowRun) => void;
};

/** A tick does not wait longer than this for jobs that are due later, or for a system that does not answer. */
const patience = { dueWithinMs: 30_000, closedForMs: 30_000, awaitReader: false };

/** How often the mapping files are looked at between ticks, in milliseconds. */
const refreshMs = 2000;

/**
 * Runs each flow at its times until the signal aborts, and then waits for the runs in hand. A good edit of a mapping
 * is used by the next run; a bad one is logged, and the last good version goes on.
 */
export async function runService(parts: ServiceParts, signal: AbortSignal): Promise<void> {
  const { context, folder } = parts;
  const running = new Map<string, Promise<void>>();
  const run = (flow: string, cause: Cause): Promise<void> => {
    const current = running.get(flow);
    if (current !== undefined || signal.aborted) return current ?? Promise.resolve();
    const started = carry(parts, flow, cause, signal).finally(() => running.delete(flow));
    running.set(flow, started);
    return started;
  };
  const schedule = startSchedule(async (flow) => {
    await context.refreshMappings('now', signal);
    schedule.keep(folder.current());
    await run(flow, 'schedule');
  }, context.log);
  schedule.keep(folder.current());
  const look = async (): Promise<void> => {
    await context.refreshMappings('now', signal);
    schedule.keep(folder.current());
  };
  const watch = setInterval(() => void look(), refreshMs);
  const purging = keepPurging(context, parts.retention, signal);
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(watch);
    schedule.stop();
    await Promise.all([...running.values(), purging]);
  }
}

/** One run; what goes wrong is logged, and the next tick tries again. */
async function carry(
  { context, onRun }: ServiceParts,
  flow: string,
  cause: Cause,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (const run of await catchUp(context, [flow], cause, patience, signal)) onRun(run);
  } catch (error) {
    if (!signal.aborted)
      context.log.error({ err: error, flow }, 'the run ended with an error; the next one goes on from there');
  }
}
