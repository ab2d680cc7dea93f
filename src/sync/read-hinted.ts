import type { Change, Found, Source } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import { withPriority } from '../connector/priority.ts';
import { presentTrace, withTrace } from '../connector/trace.ts';
import type { Hint } from '../connector/webhook.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import type { Stream } from '../store/cursor.ts';
import { transaction } from '../store/database.ts';
import {
  claimHints,
  type ClaimedHints,
  endHints,
  hintedStreams,
  keepHints,
  releaseHints,
} from '../store/hint.ts';
import { repointMerged } from '../store/merge.ts';
import { changedSince, mirroredOf, mirrorSightings } from '../store/mirror.ts';
import { batchTrace } from './batch-trace.ts';
import { noteFailure, noteSuccess } from './connection-health.ts';
import type { OpenConnection, SyncContext } from './context.ts';
import { newestOfEach, readersOf } from './detect.ts';
import { passConnection, releaseProbe } from './gate.ts';
import { changeOf, relatedOf } from './resync.ts';

/** How long a reader that died keeps its hints from others: longer than a page takes. */
const claimSeconds = 20;

/** One record may be nested into so many that are read again; what is beyond is left to the reading of changes. */
const mostNesting = 100;

/**
 * Reads the records that webhooks have named, page by page, until none is left that may be read now; what has changed is
 * mirrored and queued as if a reading of changes had brought it. Any number of processes may do so at once. A connection
 * that is held or paused keeps its hints. Gives the flows for which something was queued.
 */
export async function readHinted(context: SyncContext, signal: AbortSignal): Promise<Set<string>> {
  const flows = new Set<string>();
  const streams = Map.groupBy(await hintedStreams(context.database), ({ connection }) => connection);
  await Promise.all(
    [...streams].map(async ([name, ofOne]) => {
      const connection = context.connections.get(name);
      if (connection?.source == null) return;
      for (const stream of ofOne) {
        while (
          !signal.aborted &&
          (await readPage(context, connection, connection.source, stream, flows, signal))
        );
      }
    }),
  );
  return flows;
}

/** Reads one page of hinted records; false when there was none to read, or the connection is closed. */
async function readPage(
  context: SyncContext,
  connection: OpenConnection,
  source: Source,
  stream: Stream,
  flows: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const worker = `${context.processId} hints ${stream.entity}`;
  const gate = await passConnection(context, stream.connection, worker, signal);
  if (!gate.open) return false;
  const claim = { reader: context.processId, seconds: claimSeconds, limit: connection.limits.page };
  const claimed = await claimHints(context.database, stream, claim);
  if (claimed.hints.length === 0) {
    await releaseProbe(context, gate, { connection: stream.connection, worker });
    return false;
  }
  try {
    const queued = await withPriority('incremental', () =>
      withTrace(batchTrace(claimed.hints), async () => {
        const read = await readClaimed(context, source, stream, claimed, signal);
        await context.reached('hinted_read', stream.entity);
        return commit(context, stream, claimed, read);
      }),
    );
    for (const flow of queued) flows.add(flow);
    await noteSuccess(context, stream.connection);
    return true;
  } catch (error) {
    await releaseHints(context.database, stream, context.processId).catch(() => {});
    signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    await noteFailure(context, stream.connection, error);
    return false;
  }
}

type Read = { readonly found: readonly Found[]; readonly nesting: readonly Hint[] };

async function readClaimed(
  context: SyncContext,
  source: Source,
  stream: Stream,
  { hints }: ClaimedHints,
  signal: AbortSignal,
): Promise<Read> {
  const { entity, connection } = stream;
  const ids = hints.map(({ sourceId }) => sourceId);
  const reads = context.mappings().flatMap(({ read }) => (read.from === connection ? [read] : []));
  const isRead = reads.some((read) => read.entity === entity);
  const [found, nesting] = await Promise.all([
    isRead ? source.readByIds({ entity, with: relatedOf(context, stream), ids }, signal) : [],
    source.nestedInto?.({ entity, ids, reads, most: mostNesting }, signal) ?? [],
  ]);
  return { found, nesting };
}

/**
 * The mirror, the jobs and the end of the hints in ONE transaction. A record that something else has brought into the
 * mirror since the reading began is left as it is, and read again: nobody knows which of the two is newer.
 */
async function commit(
  context: SyncContext,
  stream: Stream,
  { hints, since }: ClaimedHints,
  { found, nesting }: Read,
): Promise<string[]> {
  const traces = new Map(hints.map(({ sourceId, traceId }) => [sourceId, traceId]));
  const ids = hints.map(({ sourceId }) => sourceId);
  const readers = readersOf(context, stream);
  return transaction(context.database, async (tx) => {
    const missing = found.flatMap(({ id, status }) => (status === 'missing' ? [id] : []));
    const known = await mirroredOf(tx, stream, missing);
    const modifiedAt = context.now().toISOString();
    const changes: Change[] = [
      ...found.flatMap((answer) => changeOf(answer, context.now())),
      ...known.map((id): Change => ({ kind: 'delete', id, modifiedAt })),
    ];
    const sightings = newestOfEach(changes).map((sighting) => ({
      ...sighting,
      traceId: traces.get(sighting.sourceId) ?? null,
    }));
    const changed = (await mirrorSightings(tx, stream, sightings, { since })).sort();
    const merged = found.flatMap((answer) =>
      answer.status === 'merged' ? [{ loser: answer.id, survivor: answer.into }] : [],
    );
    const records = changed.map((sourceId) => ({ sourceId, startAfter: null }));
    for (const { flow } of readers) {
      if (merged.length > 0) await repointMerged(tx, flow, stream, merged);
      await enqueue(context.boss, tx, pushQueue(flow), flow, records, 'incremental');
    }
    const ours = new Set(changed);
    const overtaken = new Set((await changedSince(tx, stream, ids, since)).filter((id) => !ours.has(id)));
    const survivors = merged.flatMap(({ survivor: id }) =>
      ids.includes(id) ? [] : [{ entity: stream.entity, id }],
    );
    await keepHints(tx, stream.connection, [...nesting, ...survivors], presentTrace());
    await endHints(
      tx,
      stream,
      hints.filter(({ sourceId }) => !overtaken.has(sourceId)),
    );
    if (overtaken.size > 0) await releaseHints(tx, stream, context.processId);
    return changed.length === 0 ? [] : readers.map(({ flow }) => flow);
  });
}
