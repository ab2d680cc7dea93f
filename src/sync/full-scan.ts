import type { Source } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import { exceeds } from '../mapping/ceiling.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Stream } from '../store/cursor.ts';
import { transaction } from '../store/database.ts';
import { noteDue } from '../store/due.ts';
import {
  claimFullScan,
  databaseNow,
  isFullScanDue,
  type Mirrored,
  pageOfUnchanged,
  releaseFullScan,
} from '../store/full-scan.ts';
import { addCounts, beginRun, endRun } from '../store/run.ts';
import { markDeleted, questionInWords } from './approve.ts';
import { noteFailure, noteSuccess } from './connection-health.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { passConnection } from './gate.ts';
import { chunk } from './push.ts';
import { relatedOf, takeIn } from './resync.ts';

/** How long a scanner that died keeps others from scanning. Each page extends it. */
const scannerLeaseSeconds = 60;
const pageSize = 1000;

/** What a full scan found. `problem` says why it was not finished, or what waits for a person. */
export type Scanned = {
  readonly runId: string;
  readonly listed: number;
  /** Records that the source no longer has: deleted in the mirror, and queued. */
  readonly deleted: number;
  /** Records that were deleted in the mirror and that the source has all the same: taken in again. */
  readonly restored: number;
  /** Absent records that are believed only when a person approves. */
  readonly asked: number;
  readonly problem: string | null;
};

/** A full scan as part of a run, when the flow's `full_scan` says that it is time. */
export async function scanIfDue(context: SyncContext, mapping: Mapping, signal: AbortSignal): Promise<void> {
  if (mapping.fullScanSeconds === null) return;
  if (!(await isFullScanDue(context.database, streamOf(mapping), mapping.fullScanSeconds))) return;
  const scanned = await fullScan(context, mapping, signal);
  if (scanned?.problem)
    context.log.warn(
      { flow: mapping.flow, problem: scanned.problem },
      'the full scan of the source came to no good end',
    );
}

/**
 * Lists all ids of the source, and finds the records that were deleted without a trace. Nothing is believed of a
 * listing that was not read to its end; each absent id is asked for by itself; and a listing that lacks more records
 * than the ceiling for removals allows, or that is empty, is believed only when a person approves. The cursor stays
 * where it is. Gives null while another process is scanning.
 */
export async function fullScan(
  context: SyncContext,
  mapping: Mapping,
  signal: AbortSignal,
): Promise<Scanned | null> {
  const stream = streamOf(mapping);
  const { source } = connectionOf(context, stream.connection);
  if (source === null) throw new Error(`connection ${stream.connection} has no source`);
  if (!(await claimFullScan(context.database, stream, context.processId, scannerLeaseSeconds))) return null;
  const runId = await beginRun(context.database, mapping.flow, 'sweep');
  const worker = `${context.processId} scan ${stream.entity}`;
  let finished = false;
  let problem: string | null = 'ended before its time';
  try {
    const gate = await passConnection(context, stream.connection, worker, signal);
    const scanned = gate.open
      ? await scan({ context, mapping, source, stream, runId, signal })
      : { ...nothing(runId), problem: gate.reason };
    if (gate.open) await noteSuccess(context, stream.connection);
    problem = scanned.problem;
    finished = problem === null || scanned.asked > 0;
    return scanned;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    await noteFailure(context, stream.connection, error);
    problem = `the listing was not read to its end: ${error.message}`;
    return { ...nothing(runId), problem };
  } finally {
    await endRun(context.database, runId, problem);
    await releaseFullScan(context.database, stream, context.processId, finished);
  }
}

const streamOf = ({ read }: Mapping): Stream => ({ connection: read.from, entity: read.entity });

const nothing = (runId: string): Omit<Scanned, 'problem'> => ({
  runId,
  listed: 0,
  deleted: 0,
  restored: 0,
  asked: 0,
});

type Scan = {
  readonly context: SyncContext;
  readonly mapping: Mapping;
  readonly source: Source;
  readonly stream: Stream;
  readonly runId: string;
  readonly signal: AbortSignal;
};

async function scan(given: Scan): Promise<Scanned> {
  const { context, mapping, stream, runId } = given;
  const since = await databaseNow(context.database);
  const listed = await listIds(given);
  const { mirrored, absent, back } = await compare(given, since, listed);
  await addCounts(context.database, runId, { read: listed.size });
  const found = { ...nothing(runId), listed: listed.size };
  const ceiling = mapping.ceiling.removals;
  if (absent.length > 0 && (listed.size === 0 || exceeds(ceiling, absent.length, mirrored))) {
    // Before a person is asked, a few are looked for: a source that lists nothing and still has them is at fault.
    const [some = []] = chunk(absent, connectionOf(context, stream.connection).limits.page);
    const { gone } = await askById(given, some);
    if (gone.length < some.length)
      return {
        ...found,
        problem: `the source lists ${listed.size} of ${mirrored} records, and has others all the same: the listing is not believed`,
      };
  }
  const asked = await askById(given, absent);
  const restored = await takeBack(given, back);
  if (asked.gone.length === 0 || (listed.size > 0 && !exceeds(ceiling, asked.gone.length, mirrored))) {
    for (const page of chunk(asked.gone, pageSize))
      await transaction(context.database, (tx) =>
        markDeleted(
          context,
          tx,
          mapping,
          page.map(({ sourceId }) => sourceId),
        ),
      );
    return { ...found, deleted: asked.gone.length, restored, problem: null };
  }
  const records = asked.gone.map(({ sourceId, version }) => ({ sourceId, version, what: 'absent' }));
  for (const page of chunk(records, pageSize))
    await noteDue(context.database, mapping.flow, 'absence', page, runId);
  const problem = questionInWords({ runId, kind: 'absence', count: records.length });
  return { ...found, restored, asked: records.length, problem };
}

/** Every id that the source lists, from the beginning. The cursor is not touched. */
async function listIds({ context, mapping, source, stream, signal }: Scan): Promise<Set<string>> {
  const ids = new Set<string>();
  const now = context.now();
  let cursor = null;
  for (;;) {
    signal.throwIfAborted();
    const page = await source.changesSince({ entity: stream.entity, with: [], cursor, now }, signal);
    for (const change of page.changes) {
      if (change.kind === 'upsert') ids.add(change.id);
      else ids.delete(change.id);
    }
    await claimFullScan(context.database, stream, context.processId, scannerLeaseSeconds);
    context.onProgress({
      flow: mapping.flow,
      kind: 'read',
      read: page.changes.length,
      total: page.total,
      queued: 0,
    });
    if (page.caughtUp) return ids;
    cursor = page.cursor;
  }
}

type Compared = {
  /** How many records the mirror holds that are not deleted. */
  readonly mirrored: number;
  readonly absent: readonly Mirrored[];
  /** Deleted in the mirror, and listed by the source. */
  readonly back: readonly Mirrored[];
};

async function compare(
  { context, mapping, stream, signal }: Scan,
  since: Date,
  listed: ReadonlySet<string>,
): Promise<Compared> {
  const absent: Mirrored[] = [];
  const back: Mirrored[] = [];
  let mirrored = 0;
  let after = '';
  for (;;) {
    signal.throwIfAborted();
    const page = await pageOfUnchanged(context.database, mapping.flow, stream, since, after, pageSize);
    for (const record of page) {
      if (!record.deleted) mirrored += 1;
      if (record.deleted && listed.has(record.sourceId)) back.push(record);
      if (!record.deleted && !listed.has(record.sourceId)) absent.push(record);
    }
    after = page.at(-1)?.sourceId ?? after;
    if (page.length < pageSize) return { mirrored, absent, back };
  }
}

/** Asks for absent records by their ids: those that are there after all, or were merged, are taken in as they are. */
async function askById(given: Scan, absent: readonly Mirrored[]): Promise<{ gone: Mirrored[] }> {
  const gone: Mirrored[] = [];
  for (const page of chunk(absent, connectionOf(given.context, given.stream.connection).limits.page)) {
    const missing = await readAgain(given, page);
    gone.push(...page.filter(({ sourceId }) => missing.has(sourceId)));
  }
  return { gone };
}

async function takeBack(given: Scan, back: readonly Mirrored[]): Promise<number> {
  let restored = 0;
  for (const page of chunk(back, connectionOf(given.context, given.stream.connection).limits.page))
    restored += page.length - (await readAgain(given, page)).size;
  return restored;
}

/** Reads records by their ids and takes in what is there. Gives the ids that the source does not know. */
async function readAgain(given: Scan, records: readonly Mirrored[]): Promise<Set<string>> {
  const { context, mapping, source, stream, signal } = given;
  const ids = records.map(({ sourceId }) => sourceId);
  const found = await source.readByIds(
    { entity: stream.entity, with: relatedOf(context, stream), ids },
    signal,
  );
  await claimFullScan(context.database, stream, context.processId, scannerLeaseSeconds);
  await takeIn(
    context,
    mapping,
    found.filter(({ status }) => status !== 'missing'),
    null,
  );
  return new Set(found.flatMap(({ id, status }) => (status === 'missing' ? id : [])));
}
