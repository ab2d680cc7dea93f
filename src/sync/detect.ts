import type { Change, Cursor, Page, Source } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { withPriority } from '../connector/priority.ts';
import { newTraceId, withTrace } from '../connector/trace.ts';
import { enqueue } from '../queue/enqueue.ts';
import { type Priority, pushQueue } from '../queue/names.ts';
import { advanceCursor, claimStream, releaseStream, type Stream } from '../store/cursor.ts';
import { transaction } from '../store/database.ts';
import { repointMerged } from '../store/merge.ts';
import { mirrorSightings, type Sighting } from '../store/mirror.ts';
import { addCounts } from '../store/run.ts';
import { noteFailure, noteSuccess } from './connection-health.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { fingerprint } from './fingerprint.ts';
import { passConnection, releaseProbe } from './gate.ts';

/** How long a reader that died keeps others from reading. Each page extends it. */
const readerLeaseSeconds = 20;

/**
 * How reading ended: everything up to now is read, another process is reading, or the source could not be read
 * (then the connection is held until the time given; `pages` says how many were committed before).
 */
export type Detected =
  | { readonly end: 'caught_up' }
  | { readonly end: 'elsewhere' }
  | { readonly end: 'held'; readonly until: Date; readonly reason: string; readonly pages: number };

/**
 * Reads the source's changes page by page, and commits each page's changes, its jobs and the cursor in one
 * transaction, for every flow that is interested. The next page is fetched while one commits.
 */
export async function detect(
  context: SyncContext,
  flow: Mapping,
  runId: string,
  signal: AbortSignal,
): Promise<Detected> {
  const stream: Stream = { connection: flow.read.from, entity: flow.read.entity };
  const source = connectionOf(context, stream.connection).source;
  if (source === null) throw new Error(`connection ${stream.connection} has no source`);
  const worker = `${context.processId} read ${stream.entity}`;
  const gate = await passConnection(context, stream.connection, worker, signal);
  if (!gate.open) return { end: 'held', until: opensAt(context, gate.waitMs), reason: gate.reason, pages: 0 };
  const claimed = await claimStream(context.database, stream, context.processId, readerLeaseSeconds);
  if (claimed === null) {
    await releaseProbe(context, gate, { connection: stream.connection, worker });
    return { end: 'elsewhere' };
  }
  const reading: Reading = { context, stream, source, flow, runId, signal, pages: 0 };
  const priority: Priority = claimed.position === null ? 'backfill' : 'incremental';
  try {
    return await withPriority(priority, () =>
      readPages(reading, claimed.position, claimed.revision, priority),
    );
  } catch (error) {
    signal.throwIfAborted();
    // Only what the source said; a failure of our own ends the run.
    if (!(error instanceof Fault)) throw error;
    const fault = error;
    if (fault.kind === 'bug')
      context.log.error(
        { alarm: 'unreadable', err: error, ...stream },
        'the source answered in a way that cannot be read',
      );
    return {
      end: 'held',
      until: await noteFailure(context, stream.connection, fault),
      reason: fault.message,
      pages: reading.pages,
    };
  } finally {
    await releaseStream(context.database, stream, context.processId).catch((error: unknown) =>
      context.log.warn({ err: error }, 'the stream was not given back'),
    );
  }
}

/** What a person has paused opens when a person says so: to whoever waits, that is never. */
const opensAt = (context: SyncContext, waitMs: number): Date =>
  new Date(Math.min(8.64e15, context.now().getTime() + waitMs));

/** The flows that consume the changes of a stream. */
export function readersOf(context: Pick<SyncContext, 'mappings'>, stream: Stream): Mapping[] {
  return context
    .mappings()
    .filter(({ read }) => read.from === stream.connection && read.entity === stream.entity);
}

type Reading = {
  readonly context: SyncContext;
  readonly stream: Stream;
  readonly source: Source;
  readonly flow: Mapping;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Pages committed so far. */
  pages: number;
};

type TracedPage = Page & { readonly traceId: string };

async function readPages(
  reading: Reading,
  position: Cursor | null,
  revision: string,
  priority: Priority,
): Promise<Detected> {
  const { context, stream, flow, signal } = reading;
  const interested = readersOf(context, stream);
  const related = [...new Set(interested.flatMap((mapping) => mapping.read.with))].sort();
  const now = context.now();
  const read = (cursor: Cursor | null): Promise<TracedPage> => {
    // The changes of a page are seen for the first time together: they bear the trace of the request that brought them.
    const traceId = newTraceId();
    const request = { entity: stream.entity, with: related, cursor, now };
    return withTrace(traceId, async () => ({
      ...(await reading.source.changesSince(request, signal)),
      traceId,
    }));
  };
  let page = await read(position);
  let at = BigInt(revision);
  let seen = 0;
  for (;;) {
    await context.reached('page_read', flow.flow);
    const next = page.caughtUp ? null : read(page.cursor);
    // A failed read is dealt with when its turn comes; the page before it is committed first.
    next?.catch(() => {});
    const present = page;
    await context.giveWay();
    const queued = await withTrace(page.traceId, () =>
      commitPage(reading, interested, present, String(at), priority),
    );
    if (queued === null) return { end: 'elsewhere' };
    await context.reached('page_committed', flow.flow);
    at += 1n;
    reading.pages += 1;
    seen += page.changes.length;
    context.onProgress({
      flow: flow.flow,
      kind: 'read',
      read: page.changes.length,
      total: page.total,
      queued,
    });
    if (next === null) break;
    page = await next;
  }
  await noteSuccess(context, stream.connection);
  context.log.debug({ ...stream, read: seen }, 'everything up to now is read');
  return { end: 'caught_up' };
}

/** P1: the mirror, the jobs and the cursor in ONE transaction. Null when another reader has moved the cursor. */
async function commitPage(
  reading: Reading,
  interested: readonly Mapping[],
  page: Page,
  revision: string,
  priority: Priority,
): Promise<number | null> {
  const { context, stream } = reading;
  const sightings = newestOfEach(page.changes);
  return transaction(context.database, async (tx) => {
    const moved = await advanceCursor(tx, {
      ...stream,
      revision,
      position: page.cursor,
      watermark: page.watermark,
      caughtUp: page.caughtUp,
      leaseSeconds: readerLeaseSeconds,
    });
    if (!moved) return null;
    await context.reached('cursor_moved', reading.flow.flow);
    const changed = sightings.length === 0 ? [] : await mirrorSightings(tx, stream, sightings);
    const merged = page.changes.flatMap((change) =>
      change.kind === 'merge' ? [{ loser: change.id, survivor: change.into }] : [],
    );
    const records = changed.sort().map((sourceId) => ({ sourceId, startAfter: null }));
    for (const { flow } of interested) {
      if (merged.length > 0) await repointMerged(tx, flow, stream, merged);
      await enqueue(context.boss, tx, pushQueue(flow), flow, records, priority);
    }
    await addCounts(tx, reading.runId, { read: page.changes.length });
    return changed.length;
  });
}

/** The last word on each record of a page, sorted by id: the order in which rows are locked everywhere. */
export function newestOfEach(changes: readonly Change[]): Sighting[] {
  const byId = new Map<string, Sighting>();
  for (const change of changes) {
    const before = byId.get(change.id);
    if (before === undefined || before.modifiedAt <= change.modifiedAt)
      byId.set(change.id, sightingOf(change));
  }
  return [...byId.values()].sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1));
}

function sightingOf(change: Change): Sighting {
  const base = {
    sourceId: change.id,
    modifiedAt: change.modifiedAt,
    record: null,
    deleted: false,
    mergedInto: null,
  };
  if (change.kind === 'upsert')
    return { ...base, record: change.record, fingerprint: fingerprint(change.record) };
  if (change.kind === 'delete')
    return { ...base, deleted: true, fingerprint: fingerprint({ deleted: true }) };
  return { ...base, mergedInto: change.into, fingerprint: fingerprint({ mergedInto: change.into }) };
}
