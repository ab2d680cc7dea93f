import type { Mapping } from '../mapping/mapping.ts';
import { takeJobs } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory } from '../store/history.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import {
  cancelUnqueued,
  countItems,
  putLinksBack,
  revocableItems,
  wantedByNobodyElse,
} from '../store/resync-item.ts';
import { cancelRequest, noteNotCancelled, readRequest, type ResyncRequest } from '../store/resync-request.ts';
import type { SyncContext } from './context.ts';
import { endRequest } from './judge-requests.ts';

const pageSize = 500;

/**
 * Cancels a request: what is not queued is not queued any more, and what is queued is taken out again where it is not
 * being sent and nobody else asks for it. The rest goes on, and is counted. Gives null when there is no such request,
 * and the request as it stands when it has ended already.
 */
export async function cancel(
  context: Pick<SyncContext, 'database' | 'mappings' | 'now'>,
  id: string,
  signal: AbortSignal,
): Promise<ResyncRequest | null> {
  const { database } = context;
  const cancelled = await transaction(database, async (tx) => {
    const request = await cancelRequest(tx, id);
    if (request !== null) await cancelUnqueued(tx, id);
    return request;
  });
  if (cancelled === null) return readRequest(database, id);
  const mapping = context.mappings().find(({ flow }) => flow === cancelled.flow);
  if (mapping !== undefined) await takeAllBack(context, mapping, id, signal);
  await transaction(database, async (tx) => {
    await countItems(tx, id);
    const pending = (await readRequest(tx, id))?.counts.pending ?? 0;
    await noteNotCancelled(tx, id, pending);
    if (pending === 0) await endRequest(tx, id, context.now());
  });
  return readRequest(database, id);
}

async function takeAllBack(
  context: Pick<SyncContext, 'database'>,
  mapping: Mapping,
  request: string,
  signal: AbortSignal,
): Promise<void> {
  for (let after = ''; ;) {
    signal.throwIfAborted();
    const ids = await revocableItems(context.database, request, after, pageSize);
    if (ids.length === 0) return;
    await takeBack(context, mapping, request, ids);
    after = ids.at(-1) ?? after;
  }
}

async function takeBack(
  { database }: Pick<SyncContext, 'database'>,
  mapping: Mapping,
  request: string,
  ids: readonly string[],
): Promise<void> {
  const { flow, read } = mapping;
  const stream = { connection: read.from, entity: read.entity };
  await transaction(database, async (tx) => {
    // Mirror rows first, then jobs, then links: as a settle does.
    await lockMirrorVersions(tx, stream, ids);
    const alone = await wantedByNobodyElse(tx, request, { flow, ...stream }, ids);
    const back = await takeJobs(tx, pushQueue(flow), alone);
    if (back.length === 0) return;
    await putLinksBack(tx, request, flow, back);
    const entry = {
      event: 'resync_cancelled',
      code: null,
      message: 'the resync was cancelled before it was sent',
    };
    await addHistory(
      tx,
      flow,
      null,
      back.map((sourceId) => ({ ...entry, sourceId, version: null, targetId: null, mappingHash: null })),
    );
  });
}
