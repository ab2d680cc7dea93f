import { isContinuous } from '../mapping/continuous.ts';
import type { Cause } from '../store/run.ts';
import { catchUp } from '../sync/catch-up.ts';
import type { SyncContext } from '../sync/context.ts';
import type { Patience } from '../sync/drain.ts';
import type { Extent, FlowRun } from '../sync/sync-flow.ts';

/** The runs of one process: no flow runs twice at once. */
export type FlowRuns = {
  /** A run at its time. A flow that is still running goes on; it resolves with the run. */
  tick(flow: string): Promise<void>;
  /** A run of what is queued, now, or when the present run has ended: that may have looked into the queue already. */
  wake(flow: string): void;
  /** Whether a flow is running, or was found a moment ago to have nothing that can be sent now. */
  rests(flow: string): boolean;
  /** Resolves when everything in hand has ended. */
  ended(): Promise<unknown>;
};

/** A tick does not wait longer than this for jobs that are due later, or for a system that does not answer. */
const patience: Patience = { dueWithinMs: 30_000, closedForMs: 30_000, awaitReader: false };
/** What is due later in a continuous flow is taken when it is due. */
const impatience: Patience = { ...patience, dueWithinMs: 0 };

/** How often a continuous flow looks for what was forgotten, which costs more the more records it has. */
const mendsEveryMs = 5 * 60_000;
/** After a run that could not send, and after one that found nothing to send, a flow is not woken by its queue for so long. */
const restMs = { stopped: 10_000, idle: 1000, moved: 0 } as const;

export function flowRuns(context: SyncContext, onRun: (run: FlowRun) => void, signal: AbortSignal): FlowRuns {
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const mendedAt = new Map<string, number>();
  const restsUntil = new Map<string, number>();
  const lastStop = new Map<string, string>();
  const time = (): number => context.now().getTime();

  const continues = (flow: string): boolean =>
    context.mappings().some((mapping) => mapping.flow === flow && isContinuous(mapping));

  /** The first run of a flow is whole: one that has never run finds what is mirrored for others. */
  const extentOf = (flow: string, cause: Cause): Extent => {
    const mended = mendedAt.get(flow);
    const whole = mended === undefined || !continues(flow) || time() - mended >= mendsEveryMs;
    if (mended !== undefined && cause === 'wake') return 'queued';
    if (whole) mendedAt.set(flow, time());
    return whole ? 'all' : 'changes';
  };

  /** That a continuous flow is still stopped, for the same reason, is said once. */
  const tell = (run: FlowRun): void => {
    const { flow } = run.run;
    const stop = run.stopped === null ? '' : `${run.stopped.connection}: ${run.stopped.reason}`;
    const known = continues(flow) && stop !== '' && stop === lastStop.get(flow) && !moved(run);
    lastStop.set(flow, stop);
    if (!known) onRun(run);
  };

  const carry = async (flow: string, cause: Cause): Promise<keyof typeof restMs> => {
    try {
      const limits = continues(flow) ? impatience : patience;
      const runs = await catchUp(context, [flow], cause, limits, signal, extentOf(flow, cause));
      for (const run of runs) tell(run);
      if (runs.some(({ stopped }) => stopped !== null)) return 'stopped';
      return runs.some(moved) ? 'moved' : 'idle';
    } catch (error) {
      if (!signal.aborted)
        context.log.error(
          { err: error, flow },
          'the run ended with an error; the next one goes on from there',
        );
      return 'stopped';
    }
  };

  const run = (flow: string, cause: Cause): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    const started = carry(flow, cause).then((end) => {
      running.delete(flow);
      restsUntil.set(flow, time() + restMs[end]);
      if (again.delete(flow)) void run(flow, 'wake');
    });
    running.set(flow, started);
    return started;
  };

  return {
    tick: (flow) => running.get(flow) ?? run(flow, 'schedule'),
    wake(flow) {
      if (running.has(flow)) again.add(flow);
      else void run(flow, 'wake');
    },
    rests: (flow) => running.has(flow) || time() < (restsUntil.get(flow) ?? 0),
    async ended() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

const moved = ({ run }: FlowRun): boolean =>
  run.created + run.updated + run.unchanged + run.skipped + run.removed + run.waiting + run.dead > 0;
