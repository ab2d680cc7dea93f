import { backlogs } from '../queue/backlog.ts';
import { pushQueue, writeBackQueue } from '../queue/names.ts';
import type { Cause } from '../store/run.ts';
import type { SyncContext } from './context.ts';
import type { Patience } from './drain.ts';
import { scanIfDue } from './full-scan.ts';
import { type Extent, type FlowRun, syncFlow } from './sync-flow.ts';

/**
 * Runs the flows, parents first, until none has anything left to carry: a parent that arrives late wakes children
 * of a flow that has run already. Returns the runs in the order in which they ended.
 */
export async function catchUp(
  context: SyncContext,
  flows: readonly string[],
  cause: Cause,
  patience: Patience,
  signal: AbortSignal,
  extent: Extent = 'all',
): Promise<FlowRun[]> {
  const runs: FlowRun[] = [];
  let due: readonly string[] = flows;
  while (due.length > 0) {
    for (const name of due) {
      const mapping = context.mappings().find(({ flow }) => flow === name);
      if (mapping === undefined) continue;
      if (due === flows && extent !== 'queued') await scanIfDue(context, mapping, signal);
      const run = await syncFlow(context, mapping, cause, patience, signal, extent);
      runs.push(run);
    }
    const stopped = runs.some((run) => run.stopped !== null);
    due = stopped ? [] : await flowsWithWork(context, flows, patience);
  }
  return runs;
}

/** The flows whose queues hold something that is due in time. */
async function flowsWithWork(
  context: SyncContext,
  flows: readonly string[],
  patience: Patience,
): Promise<string[]> {
  const found = await backlogs(
    context.database,
    flows.flatMap((flow) => queuesOf(context, flow)),
  );
  const latest = context.now().getTime() + patience.dueWithinMs;
  return flows.filter((flow) =>
    queuesOf(context, flow).some((queue) => {
      const backlog = found.get(queue);
      return (
        backlog !== undefined &&
        (backlog.active > 0 || (backlog.nextDue !== null && backlog.nextDue.getTime() <= latest))
      );
    }),
  );
}

/** The queues that a flow carries. One whose mapping no longer writes back leaves what is queued for that alone. */
export function queuesOf(context: Pick<SyncContext, 'mappings'>, flow: string): string[] {
  const mapping = context.mappings().find((candidate) => candidate.flow === flow);
  return (mapping?.writeBack.length ?? 0) > 0 ? [pushQueue(flow), writeBackQueue(flow)] : [pushQueue(flow)];
}
