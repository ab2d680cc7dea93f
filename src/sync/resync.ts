import type { PoolClient } from 'pg';
import type { Change, Found } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { enqueue, raisePriority } from '../queue/enqueue.ts';
import { type Priority, pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory } from '../store/history.ts';
import { askAgain } from '../store/link.ts';
import type { Stream } from '../store/cursor.ts';
import { repointMerged } from '../store/merge.ts';
import { lockMirrorVersions, mirrorSightings, pageOfMirrored } from '../store/mirror.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { externalKey } from './external-key.ts';
import { newestOfEach, readersOf } from './detect.ts';
import { chunk } from './push.ts';

export type Resynced = {
  /** Records that were queued, to be sent even if nothing differs. */
  readonly queued: readonly string[];
  /** Ids that the source does not know. */
  readonly unknown: readonly string[];
};

/**
 * Says, in the transaction that queues records on purpose and with their mirror rows locked, which of them are still to
 * be queued. For work that was asked for and may be cancelled, or taken over by another process.
 */
export type Take = (tx: PoolClient, ids: readonly string[]) => Promise<readonly string[]>;

/**
 * Repeats chosen records on purpose: reads them again from the source, and queues them, before everything else unless
 * another priority is given.
 * What is sent is their newest state, and it is sent even if Causeway believes that the ERP has it already.
 */
export async function resyncIds(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  signal: AbortSignal,
  priority: Priority = 'interactive',
  take?: Take,
): Promise<Resynced> {
  const queued: string[] = [];
  const unknown: string[] = [];
  for await (const page of readAgain(context, mapping, ids, signal)) {
    unknown.push(...page.unknown);
    queued.push(...(await takeIn(context, mapping, page.found, priority, take)));
  }
  return { queued, unknown };
}

type Reread = { readonly found: readonly Found[]; readonly unknown: readonly string[] };

/** Reads records by id from the source, a page at a time, with what all flows of the entity need of them. */
export async function* readAgain(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Reread> {
  const connection = connectionOf(context, mapping.read.from);
  if (connection.source === null) throw new Error(`connection ${connection.name} has no source`);
  const related = relatedOf(context, { connection: mapping.read.from, entity: mapping.read.entity });
  for (const page of chunk([...new Set(ids)], connection.limits.page)) {
    const found = await connection.source.readByIds(
      { entity: mapping.read.entity, with: related, ids: page },
      signal,
    );
    yield {
      found: found.filter((answer) => answer.status !== 'missing'),
      unknown: found.filter((answer) => answer.status === 'missing').map((answer) => answer.id),
    };
  }
}

/** The related records that the flows of a stream want to have nested, all together. */
export function relatedOf(context: Pick<SyncContext, 'mappings'>, stream: Stream): string[] {
  return [...new Set(readersOf(context, stream).flatMap(({ read }) => read.with))].sort();
}

/**
 * Takes the newest state of records into the mirror, for every flow that reads them, and queues what changed; for this
 * flow, it queues all of them on purpose where a priority is given.
 */
export async function takeIn(
  context: SyncContext,
  mapping: Mapping,
  found: readonly Found[],
  priority: Priority | null,
  take?: Take,
): Promise<readonly string[]> {
  const all = found.map((answer) => answer.id);
  const ids = await transaction(context.database, async (tx) => {
    const wanted = priority === null || take === undefined ? all : await taken(tx, mapping, all, take);
    await mirrorFound(context, tx, mapping, found, priority === null ? [] : wanted);
    if (priority !== null) await queueOnPurpose(context, tx, mapping, wanted, priority);
    return wanted;
  });
  if (priority === 'interactive')
    await raisePriority(context.boss, context.database, pushQueue(mapping.flow), ids);
  return ids;
}

/** Locks the mirror rows of records, and asks which of them are still to be queued. */
export async function taken(
  tx: PoolClient,
  { read }: Mapping,
  ids: readonly string[],
  take: Take,
): Promise<readonly string[]> {
  await lockMirrorVersions(tx, { connection: read.from, entity: read.entity }, ids);
  return take(tx, ids);
}

/**
 * Mirrors what was read by id, in the caller's transaction, and queues what has changed for every flow that reads it.
 * Those that this flow queues on purpose are left to the caller.
 */
export async function mirrorFound(
  context: SyncContext,
  tx: PoolClient,
  mapping: Mapping,
  found: readonly Found[],
  onPurpose: readonly string[],
): Promise<void> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const sightings = newestOfEach(found.flatMap((answer) => changeOf(answer, context.now())));
  const merged = found.flatMap((answer) =>
    answer.status === 'merged' ? [{ loser: answer.id, survivor: answer.into }] : [],
  );
  const changed = (await mirrorSightings(tx, stream, sightings, 'record')).sort();
  for (const { flow } of readersOf(context, stream)) {
    if (merged.length > 0) await repointMerged(tx, flow, stream, merged);
    const left = flow === mapping.flow ? changed.filter((id) => !onPurpose.includes(id)) : changed;
    const jobs = left.map((sourceId) => ({ sourceId, startAfter: null }));
    await enqueue(context.boss, tx, pushQueue(flow), flow, jobs, 'incremental');
  }
}

/** What an answer by id says, as a change; nothing for a record that is missing. */
export function changeOf(answer: Found, now: Date): Change[] {
  if (answer.status === 'found')
    return [{ kind: 'upsert', id: answer.id, modifiedAt: answer.modifiedAt, record: answer.record }];
  if (answer.status === 'merged')
    return [{ kind: 'merge', id: answer.id, into: answer.into, modifiedAt: now.toISOString() }];
  return [];
}

async function queueOnPurpose(
  context: SyncContext,
  tx: PoolClient,
  mapping: Mapping,
  ids: readonly string[],
  priority: Priority,
): Promise<void> {
  if (ids.length === 0) return;
  const { flow } = mapping;
  // Mirror rows before links, here as in a settle.
  await lockMirrorVersions(tx, { connection: mapping.read.from, entity: mapping.read.entity }, ids);
  const wanted = ids.map((sourceId) => ({ sourceId, externalKey: externalKey(mapping, sourceId) }));
  // Whatever was put aside is superseded by the wish.
  await dropDeadLetters(tx, flow, ids);
  await askAgain(tx, flow, wanted, 'resync', 'a person asked for it again');
  await enqueue(
    context.boss,
    tx,
    pushQueue(flow),
    flow,
    ids.map((sourceId) => ({ sourceId, startAfter: null })),
    priority,
  );
  await addHistory(
    tx,
    flow,
    null,
    ids.map((sourceId) => ({
      sourceId,
      event: 'resync',
      code: null,
      message: 'a person asked for it again',
      version: null,
      targetId: null,
      mappingHash: null,
    })),
  );
}

/**
 * Queues every record of a flow that is there in the source, behind the changes that come in meanwhile: what was removed
 * is not removed again. Returns how many.
 */
export async function resyncAll(
  context: SyncContext,
  mapping: Mapping,
  onPage: (queued: number) => void,
  signal: AbortSignal,
): Promise<number> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  let after = '';
  let queued = 0;
  for (;;) {
    signal.throwIfAborted();
    const page = await pageOfMirrored(context.database, stream, after, 1000, null);
    const ids = page.map(({ sourceId }) => sourceId);
    if (ids.length === 0) return queued;
    await askForMirrored(context, mapping, ids);
    queued += ids.length;
    after = ids.at(-1) ?? after;
    onPage(queued);
  }
}

/** Asks for records as they are mirrored, behind the changes that come in meanwhile; the source is not asked. */
export async function askForMirrored(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  take?: Take,
): Promise<void> {
  await transaction(context.database, async (tx) => {
    const wanted = take === undefined ? ids : await taken(tx, mapping, ids, take);
    await queueOnPurpose(context, tx, mapping, wanted, 'backfill');
  });
}
