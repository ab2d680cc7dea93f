import type { CompiledMapping } from '../mapping/compile.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory } from '../store/history.ts';
import { markChanged } from '../store/link.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import type { SyncContext } from './context.ts';
import { countPlanned, planPages } from './plan.ts';
import type { Take } from './resync.ts';

const why = 'the mapping has changed, and it comes out differently';

/**
 * Queues exactly the records that a plan of the flow would change, behind the changes that come in meanwhile. What is
 * sent is still decided when it is sent: a record that comes out as it was by then is not sent. Returns how many.
 */
export async function resyncChanged(
  context: SyncContext,
  mapping: CompiledMapping,
  onProgress: (looked: number, total: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const total = await countPlanned(context, mapping);
  let looked = 0;
  let queued = 0;
  for await (const page of planPages(context, mapping, signal)) {
    const ids = page.filter(({ changed }) => changed).map(({ id }) => id);
    if (ids.length > 0) await queueChanged(context, mapping, ids);
    looked += page.length;
    queued += ids.length;
    onProgress(looked, total);
  }
  return queued;
}

/** Queues records whose mapping has changed, behind the changes that come in meanwhile. */
export async function queueChanged(
  context: SyncContext,
  mapping: Mapping,
  all: readonly string[],
  take?: Take,
): Promise<void> {
  const { flow, read } = mapping;
  await transaction(context.database, async (tx) => {
    // Mirror rows before links, here as in a settle.
    await lockMirrorVersions(tx, { connection: read.from, entity: read.entity }, all);
    const ids = take === undefined ? all : await take(tx, all);
    if (ids.length === 0) return;
    const marked = await markChanged(tx, flow, ids, why);
    await dropDeadLetters(tx, flow, marked);
    const jobs = ids.map((sourceId) => ({ sourceId, startAfter: null }));
    await enqueue(context.boss, tx, pushQueue(flow), flow, jobs, 'backfill');
    const entries = marked.map((sourceId) => ({
      sourceId,
      event: 'resync',
      code: null,
      message: why,
      version: null,
      targetId: null,
      mappingHash: mapping.hash,
    }));
    await addHistory(tx, flow, null, entries);
  });
}
