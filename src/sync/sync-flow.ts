import type { Mapping } from '../mapping/mapping.ts';
import { pushQueue, writeBackQueue } from '../queue/names.ts';
import { keepMappingVersion } from '../store/mapping-version.ts';
import { beginRun, type Cause, endRun, readRun, type RunReport } from '../store/run.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { deliverBatch } from './deliver.ts';
import { type Detected, detect } from './detect.ts';
import { drain, type Drained, type Patience } from './drain.ts';
import { sweep } from './sweep.ts';
import { writeBackBatch } from './write-back.ts';

export type FlowRun = {
  readonly run: RunReport;
  /** Why the run ended before everything was carried, or null. Nothing is lost: it goes on with the next run. */
  readonly stopped: { readonly connection: string; readonly reason: string } | null;
};

/**
 * One run of one flow: reads what changed, and at the same time decides, pushes, settles and writes back, until
 * nothing is left that is due in time. Aborting it ends it between two steps; whatever is unsettled stays queued.
 */
export async function syncFlow(context: SyncContext, mapping: Mapping, cause: Cause, patience: Patience, signal: AbortSignal): Promise<FlowRun> {
  await keepMappingVersion(context.database, mapping);
  const runId = await beginRun(context.database, mapping.flow, cause);
  let problem: string | null = 'ended before its time';
  try {
    await sweep(context, mapping);
    const stopped = await carry(context, mapping, runId, patience, signal);
    problem = stopped === null ? null : `${stopped.connection}: ${stopped.reason}`;
    await endRun(context.database, runId, problem);
    return { run: await readRun(context.database, runId), stopped };
  } catch (error) {
    if (!signal.aborted) problem = error instanceof Error ? error.message : 'an unknown error';
    await endRun(context.database, runId, problem).catch(() => {});
    throw error;
  }
}

async function carry(context: SyncContext, mapping: Mapping, runId: string, patience: Patience, signal: AbortSignal): Promise<FlowRun['stopped']> {
  // One part that fails ends the others, so that no work goes on behind a run that has ended.
  const ending = new AbortController();
  const abort = AbortSignal.any([signal, ending.signal]);
  let reading = true;
  const read = readUntilCaughtUp(context, mapping, runId, patience, abort).finally(() => (reading = false));
  const sink = connectionOf(context, mapping.write.to);
  const workers = Array.from({ length: sink.limits.concurrency }, () =>
    drain(context, mapping, {
      queue: pushQueue(mapping.flow), connection: sink.name, batch: sink.limits.batch, patience, nothingMoreComes: () => !reading,
      deliver: (taken) => deliverBatch(context, mapping, runId, taken),
    }, abort),
  );
  const pushed = Promise.all(workers);
  const parts: Promise<unknown>[] = [read, pushed];
  try {
    const [detected, drained] = await Promise.all([read, pushed]);
    const written = await writeBack(context, mapping, runId, patience, abort);
    return stopOf(mapping, detected, [...drained, written]);
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled([...parts, ...workers]);
    throw error;
  }
}

function stopOf(mapping: Mapping, detected: Detected, drained: readonly Drained[]): FlowRun['stopped'] {
  if (detected.end === 'held') return { connection: mapping.read.from, reason: detected.reason };
  const closed = drained.find((end) => end.end === 'closed');
  return closed?.end === 'closed' ? { connection: closed.connection, reason: closed.reason } : null;
}

/** Reads on after a source was held, as long as patience lasts. */
async function readUntilCaughtUp(context: SyncContext, mapping: Mapping, runId: string, patience: Patience, signal: AbortSignal): Promise<Detected> {
  let lastProgress = context.now().getTime();
  for (;;) {
    const detected = await detect(context, mapping, runId, signal);
    if (detected.end !== 'held') return detected;
    const waitMs = Math.max(1, detected.until.getTime() - context.now().getTime());
    if (detected.pages > 0) lastProgress = context.now().getTime();
    if (context.now().getTime() + waitMs - lastProgress > patience.closedForMs) return detected;
    context.onProgress({ flow: mapping.flow, kind: 'waiting_until', until: detected.until, reason: detected.reason });
    await context.sleep(waitMs, signal);
  }
}

async function writeBack(context: SyncContext, mapping: Mapping, runId: string, patience: Patience, signal: AbortSignal): Promise<Drained> {
  const to = mapping.writeBack[0]?.to;
  if (to === undefined) return { end: 'empty' };
  const connection = connectionOf(context, to);
  return drain(context, mapping, {
    queue: writeBackQueue(mapping.flow), connection: to, batch: connection.limits.batch, patience, nothingMoreComes: () => true,
    deliver: async (taken) => {
      await writeBackBatch(context, mapping, runId, taken);
      return {};
    },
  }, signal);
}
