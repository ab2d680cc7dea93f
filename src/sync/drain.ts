import type { Mapping } from '../mapping/mapping.ts';
import { backlogs } from '../queue/backlog.ts';
import { type Priority, priorityOf } from '../queue/names.ts';
import { withPriority } from '../connector/priority.ts';
import { giveBack, type Lease, lease, LeaseLost, releaseFailed } from '../queue/lease.ts';
import { askSystem } from './connection-health.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { type Gate, passGate, releaseProbe } from './gate.ts';
import { resumeFlow } from '../store/flow-state.ts';
import { type Counts, countNames } from '../store/run.ts';

/** How long a drain waits for jobs that are due later, in milliseconds, and what ends it early. */
export type Patience = {
  /** A job due later than this is left to the next run. */
  readonly dueWithinMs: number;
  /** A connection that stays closed longer than this ends the drain. */
  readonly closedForMs: number;
  /** Whether a run that finds another process reading the source waits until that has ended. */
  readonly awaitReader: boolean;
};

export type Drained =
  | { readonly end: 'empty' }
  | { readonly end: 'closed'; readonly connection: string; readonly reason: string };

export type Deliver = (taken: Lease) => Promise<Partial<Counts>>;

export type Draining = {
  readonly queue: string;
  /** The connection that is written to: its state decides whether anything is taken from the queue. */
  readonly connection: string;
  readonly batch: number;
  readonly patience: Patience;
  readonly deliver: Deliver;
  /** Whether the queue holds the flow's records, and not what is to be written back. */
  readonly pushes: boolean;
  /** Names the worker among those of all processes. */
  readonly worker: string;
  /** False while more may still be queued (the source is being read). */
  readonly nothingMoreComes: () => boolean;
};

/**
 * Takes batch after batch until the queue holds nothing that is due in time. While the connection is held or paused
 * it takes nothing; when the time has come one small batch goes ahead as a probe, and the flow resumes by itself.
 * Aborting `signal` takes nothing more and lets the batch in hand finish.
 */
export async function drain(
  context: SyncContext,
  flow: Mapping,
  draining: Draining,
  signal: AbortSignal,
): Promise<Drained> {
  let closedSince: number | null = null;
  let looks = 0;
  for (;;) {
    signal.throwIfAborted();
    const gate = await passGate(context, flow, draining, signal);
    if (!gate.open) {
      closedSince ??= context.now().getTime();
      const waited = context.now().getTime() - closedSince;
      if (waited + gate.waitMs > draining.patience.closedForMs)
        return { end: 'closed', connection: gate.what, reason: gate.reason };
      context.onProgress({
        flow: flow.flow,
        kind: 'waiting_until',
        until: new Date(context.now().getTime() + gate.waitMs),
        reason: gate.reason,
      });
      await context.sleep(gate.waitMs, signal);
      continue;
    }
    if (!gate.probesConnection && gate.probesFlow === null) closedSince = null;
    const taken = await lease(context.boss, draining.queue, sizeFor(gate, draining), context.now);
    if (taken === null) {
      await endIdleProbe(context, draining, gate, signal);
      const more = await waitForMore(context, draining, looks, signal);
      if (!more) return { end: 'empty' };
      looks += 1;
      continue;
    }
    looks = 0;
    const counts = await deliverOrRelease(context, draining, taken);
    const moved = countNames.some((name) => name !== 'retried' && (counts[name] ?? 0) > 0);
    if (moved) closedSince = null;
    if (gate.probesFlow === null) continue;
    const took = (counts.created ?? 0) + (counts.updated ?? 0) + (counts.removed ?? 0) > 0;
    if (!took) await releaseProbe(context, gate, draining);
    else if (await resumeFlow(context.database, gate.probesFlow, 'probe'))
      context.log.info({ flow: gate.probesFlow }, 'a record went through: the flow goes on');
  }
}

/** A batch is as urgent as the most urgent record in it. */
const mostUrgent = ({ jobs }: Lease): Priority =>
  priorityOf(Math.max(...jobs.map(({ priority }) => priority)));

/** So many records try a paused flow: the first ones may be those at fault. */
const flowProbe = 10;

/** A connection is probed with one record; after an outage the batches grow with the pace. */
function sizeFor({ probesConnection, probesFlow, pace }: Gate & { open: true }, { batch }: Draining): number {
  if (probesConnection) return 1;
  return probesFlow === null ? Math.max(1, Math.floor(batch * pace)) : Math.min(batch, flowProbe);
}

/** Nothing was there to probe with: the system itself is asked, so that a connection does not stay closed for want of work. */
async function endIdleProbe(
  context: SyncContext,
  draining: Draining,
  gate: Gate & { open: true },
  signal: AbortSignal,
): Promise<void> {
  if (gate.probesConnection) await askSystem(context, connectionOf(context, draining.connection), signal);
  await releaseProbe(context, gate, draining);
}

/** A batch that cannot be finished goes back to the queue at once, rather than when its lease ends. */
async function deliverOrRelease(
  context: SyncContext,
  draining: Draining,
  taken: Lease,
): Promise<Partial<Counts>> {
  try {
    return await withPriority(mostUrgent(taken), () => draining.deliver(taken));
  } catch (error) {
    if (error instanceof LeaseLost && !context.halt.aborted) {
      // Nothing was settled, and whoever holds the jobs now carries them.
      context.log.warn({ queue: draining.queue }, 'the lease on a batch ran out before it was settled');
      return {};
    }
    const release = context.halt.aborted ? giveBack : releaseFailed;
    await release(context.boss, context.database, draining.queue, taken).catch((failure: unknown) =>
      context.log.warn(
        { err: failure, queue: draining.queue },
        'a batch was not given back; it returns when its lease ends',
      ),
    );
    throw error;
  } finally {
    taken.end();
  }
}

const pollMs = 200;
const longestPollMs = 1000;
/** So many looks in a row are made at the quick pace: while a source is read, the next page is seldom farther away. */
const quickLooks = 2;

/**
 * How long to wait, in milliseconds, after so many looks that found nothing to take. What a dead worker had in hand comes
 * back after a lease, and each look of each drain of each process costs the database four queries.
 */
export const lookAgainMs = (looks: number): number =>
  looks < quickLooks ? pollMs : Math.min(longestPollMs, pollMs * 2 ** (looks - quickLooks + 1));

/** Waits for the next job; false when none is due in time. */
async function waitForMore(
  context: SyncContext,
  draining: Draining,
  looks: number,
  signal: AbortSignal,
): Promise<boolean> {
  const backlog = (await backlogs(context.database, [draining.queue])).get(draining.queue);
  const waitMs = backlog?.nextDue ? backlog.nextDue.getTime() - context.now().getTime() : null;
  const dueNow = waitMs !== null && waitMs <= 0;
  if (dueNow || !draining.nothingMoreComes() || (backlog?.active ?? 0) > 0) {
    // Another worker has jobs in hand, the source is still being read, or a job is due by this clock and not yet by
    // the database's: look again shortly.
    await context.sleep(lookAgainMs(looks), signal);
    return true;
  }
  if (waitMs === null || waitMs > draining.patience.dueWithinMs) return false;
  await context.sleep(Math.min(waitMs, 1000), signal);
  return true;
}
