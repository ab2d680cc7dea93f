import { newTraceId, withTrace } from '../connector/trace.ts';
import { isContinuous } from '../mapping/continuous.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Lease } from '../queue/lease.ts';
import { pushQueue, writeBackQueue } from '../queue/names.ts';
import { keepMappingVersion } from '../store/mapping-version.ts';
import { listQuestions, type Question } from '../store/due.ts';
import { beginRun, type Cause, endRun, readRun, replaceQuietRun, type RunReport } from '../store/run.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { deliverBatch } from './deliver.ts';
import { type Detected, detect } from './detect.ts';
import { drain, type Drained, type Patience } from './drain.ts';
import { questionInWords } from './approve.ts';
import { mendLetters } from './mend-letters.ts';
import { presentMapping } from './present-mapping.ts';
import { sweep } from './sweep.ts';
import { writeBackBatch } from './write-back.ts';

export type FlowRun = {
  readonly run: RunReport;
  /** Why the run ended before everything was carried, or null. Nothing is lost: it goes on with the next run. */
  readonly stopped: { readonly connection: string; readonly reason: string } | null;
  /** What waits for a person's answer, asked by this run or by an earlier one. */
  readonly questions: readonly Question[];
};

/** How much a run does: it also looks for what was forgotten; it reads and carries; or it carries what is queued. */
export type Extent = 'all' | 'changes' | 'queued';

/**
 * One run of one flow: reads what changed, and at the same time decides, pushes, settles and writes back, until
 * nothing is left that is due in time. Aborting it ends it between two steps; whatever is unsettled stays queued.
 */
export async function syncFlow(
  context: SyncContext,
  mapping: Mapping,
  cause: Cause,
  patience: Patience,
  signal: AbortSignal,
  extent: Extent = 'all',
): Promise<FlowRun> {
  await context.reached('ticked', mapping.flow);
  await keepMappingVersion(context.database, mapping);
  const runId = await beginRun(context.database, mapping.flow, cause);
  let problem: string | null = 'ended before its time';
  try {
    if (extent === 'all') {
      await sweep(context, mapping);
      await mendLetters(context, mapping);
    }
    const stopped = await carry(context, mapping, runId, patience, signal, extent !== 'queued');
    const questions = await listQuestions(context.database, { flow: mapping.flow });
    const asked = questions.length === 0 ? null : questions.map(questionInWords).join('; ');
    problem = stopped === null ? asked : `${stopped.connection}: ${stopped.reason}`;
    await endRun(context.database, runId, problem);
    if (isContinuous(mapping)) await replaceQuietRun(context.database, mapping.flow, runId);
    return { run: await readRun(context.database, runId), stopped, questions };
  } catch (error) {
    if (!signal.aborted) problem = error instanceof Error ? error.message : 'an unknown error';
    await endRun(context.database, runId, problem).catch(() => {});
    throw error;
  }
}

/** Reading, pushing and writing back go on side by side; each ends when the one before it has ended and its queue is empty. */
async function carry(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  patience: Patience,
  signal: AbortSignal,
  reads: boolean,
): Promise<FlowRun['stopped']> {
  // One part that fails ends the others, so that no work goes on behind a run that has ended.
  const ending = new AbortController();
  const abort = AbortSignal.any([signal, ending.signal]);
  const progress = { reading: true, pushing: true };
  const reading = reads ? readUntilCaughtUp(context, mapping, runId, patience, abort) : nothingToRead;
  const read = reading.finally(() => (progress.reading = false));
  const again = readerAgain(context, mapping, runId, abort);
  void read.then(again.begin, () => {});
  const workers = pushers(context, mapping, runId, patience, abort, () => !progress.reading, again.look);
  const pushed = Promise.all(workers).finally(() => (progress.pushing = false));
  const writers = writeBackers(context, mapping, runId, patience, abort, () => !progress.pushing);
  const parts: Promise<unknown>[] = [read, pushed, ...workers, ...writers];
  try {
    const [detected, drained, ...written] = await Promise.all([read, pushed, ...writers]);
    await again.settled();
    return stopOf(mapping, detected, [...drained, ...written]);
  } catch (error) {
    ending.abort(error);
    await Promise.allSettled([...parts, again.settled()]);
    throw error;
  }
}

const nothingToRead: Promise<Detected> = Promise.resolve({ end: 'caught_up' });

type NothingMoreComes = () => boolean;

const workerName = ({ processId }: SyncContext, queue: string, index: number): string =>
  `${processId} ${queue} ${index}`;

function pushers(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  patience: Patience,
  signal: AbortSignal,
  nothingMoreComes: NothingMoreComes,
  readAgain: () => void,
): Promise<Drained>[] {
  const { name, limits } = connectionOf(context, mapping.write.to);
  // What an edit has changed is kept once, and not again with every batch.
  let present = mapping;
  const draining = {
    queue: pushQueue(mapping.flow),
    pushes: true,
    connection: name,
    batch: limits.batch,
    patience,
    nothingMoreComes,
    deliver: async (taken: Lease) => {
      readAgain();
      present = await presentMapping(context, present, 'when_due', signal);
      return deliverBatch(context, present, runId, taken);
    },
  };
  return Array.from({ length: limits.concurrency }, (_, index) =>
    drain(context, mapping, { ...draining, worker: workerName(context, draining.queue, index) }, signal),
  );
}

function writeBackers(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  patience: Patience,
  signal: AbortSignal,
  nothingMoreComes: NothingMoreComes,
): Promise<Drained>[] {
  const to = mapping.writeBack[0]?.to;
  if (to === undefined) return [];
  const { limits } = connectionOf(context, to);
  const draining = {
    queue: writeBackQueue(mapping.flow),
    pushes: false,
    connection: to,
    batch: limits.batch,
    patience,
    nothingMoreComes,
    deliver: async (taken: Lease) => {
      await withTrace(newTraceId(), () => writeBackBatch(context, mapping, runId, taken));
      return {};
    },
  };
  // Half of what the connection allows, so that reading goes on beside it.
  return Array.from({ length: Math.max(1, Math.floor(limits.concurrency / 2)) }, (_, index) =>
    drain(context, mapping, { ...draining, worker: workerName(context, draining.queue, index) }, signal),
  );
}

function stopOf(mapping: Mapping, detected: Detected, drained: readonly Drained[]): FlowRun['stopped'] {
  if (detected.end === 'held') return { connection: mapping.read.from, reason: detected.reason };
  const closed = drained.find((end) => end.end === 'closed');
  return closed?.end === 'closed' ? { connection: closed.connection, reason: closed.reason } : null;
}

const readAgainMs = 15_000;

type Rereader = {
  /** The source has been read to its end. */
  begin(): void;
  /** Reads again what changed meanwhile, when the last reading is some seconds old. */
  look(): void;
  /** Resolves when what is being read is read. */
  settled(): Promise<unknown>;
};

/** A run may take hours, or hold a record that waits for something: what changes in the source is read all the same. */
function readerAgain(context: SyncContext, mapping: Mapping, runId: string, signal: AbortSignal): Rereader {
  let readAt = Number.POSITIVE_INFINITY;
  let reading: Promise<unknown> = Promise.resolve();
  const begin = (): void => void (readAt = context.now().getTime());
  return {
    begin,
    look() {
      if (context.now().getTime() - readAt < readAgainMs) return;
      readAt = Number.POSITIVE_INFINITY;
      reading = detect(context, mapping, runId, signal).finally(begin);
      // Whoever awaits `settled` hears of a failure.
      reading.catch(() => {});
    },
    settled: () => reading,
  };
}

const readerPollMs = 500;

/** Reads on after a source was held, as long as patience lasts. */
async function readUntilCaughtUp(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  patience: Patience,
  signal: AbortSignal,
): Promise<Detected> {
  let lastProgress = context.now().getTime();
  for (;;) {
    const detected = await detect(context, mapping, runId, signal);
    if (detected.end === 'caught_up') return detected;
    if (detected.end === 'elsewhere') {
      if (!patience.awaitReader) return detected;
      // Another process reads, or was killed while it did: then its claim runs out.
      await context.sleep(readerPollMs, signal);
      lastProgress = context.now().getTime();
      continue;
    }
    const waitMs = Math.max(1, detected.until.getTime() - context.now().getTime());
    if (detected.pages > 0) lastProgress = context.now().getTime();
    if (context.now().getTime() + waitMs - lastProgress > patience.closedForMs) return detected;
    context.onProgress({
      flow: mapping.flow,
      kind: 'waiting_until',
      until: detected.until,
      reason: detected.reason,
    });
    await context.sleep(waitMs, signal);
  }
}
