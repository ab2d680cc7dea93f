import type { PoolClient } from 'pg';
import type { Value } from '../connector/value.ts';
import type { Mapping, Reference } from '../mapping/mapping.ts';
import { enqueue, type Enqueue } from '../queue/enqueue.ts';
import { completeJobs, failJobs, type LeasedJob } from '../queue/lease.ts';
import { type Priority, priorityOf, pushQueue, writeBackQueue } from '../queue/names.ts';
import type { Stream } from '../store/cursor.ts';
import { transaction } from '../store/database.ts';
import { announceDeliveries } from '../store/delivery-notice.ts';
import { addHistory } from '../store/history.ts';
import { closeIntents } from '../store/intent.ts';
import { askAgain, type LinkUpdate, loadLinked, markWoken, saveLinks, type Standing } from '../store/link.ts';
import { followMerged, repointMerged } from '../store/merge.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import { keepPayloads, type Payload } from '../store/payload.ts';
import { addCounts, type CountName, type Counts } from '../store/run.ts';
import { lockFlowLinks, park, unpark, wakeChildren } from '../store/waiting.ts';
import type { Conclusion } from './conclude.ts';
import type { SyncContext } from './context.ts';
import { externalKey } from './external-key.ts';
import { settleDue } from './ceiling.ts';
import { putAside } from './put-aside.ts';
import { settleTasks } from './tasks.ts';

/** One record with everything that its settle needs. */
export type Concluded = {
  readonly job: LeasedJob;
  readonly standing: Standing;
  readonly conclusion: Conclusion;
  /** What was sent, or would have been; null where there was nothing to send. */
  readonly output: Payload | null;
  /** The whole payload that was sent, with what is written on create only; null where nothing was. */
  readonly sent: Payload | null;
  /** What is to be written back on the CRM record, or null. */
  readonly writeBack: { readonly [field: string]: Value } | null;
  /** Whether Causeway created the ERP record. */
  readonly ours: boolean;
  /** Whether a ceiling was held against what was decided. */
  readonly counted: boolean;
  /** True when an intent of it is over though it has no ERP record: its create was surely not carried out. */
  readonly intentIsOver?: boolean;
};

/**
 * Settles a batch in ONE transaction: locks the mirror rows in key order, then the jobs' completion, links,
 * history, intents, parked and woken records, jobs for what changed meanwhile, write-backs and run counts.
 * Records whose lease is gone are left to whoever holds it now: nothing is settled for them. Returns the counts.
 */
export async function settle(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  batch: readonly Concluded[],
): Promise<Partial<Counts>> {
  await context.reached('settling', mapping.flow);
  const counts = await transaction(context.database, async (tx) => {
    const parkingFor = new Set(
      batch.flatMap(({ conclusion }) => conclusion.parkFor.map((parent) => parent.flow)),
    );
    await lockFlowLinks(tx, mapping.flow, parkingFor);
    const stream = { connection: mapping.read.from, entity: mapping.read.entity };
    const versions = await lockMirrorVersions(
      tx,
      stream,
      batch.map(({ standing }) => standing.sourceId).sort(),
    );
    const ours = await finishJobs(context, tx, mapping.flow, batch);
    await sendLostAgain(
      context,
      tx,
      mapping,
      batch.filter((record) => !ours.includes(record)),
    );
    if (ours.length === 0) return {};
    const askedFor = await saveLinks(
      tx,
      mapping.flow,
      ours.map((record) => linkUpdate(mapping, record)),
    );
    await putAside(context, tx, mapping, ours, askedFor);
    if (context.isLookedUp(mapping.flow)) await announceDeliveries(tx, mapping.flow, touched(ours));
    if (context.keepsPayloads(mapping.flow)) await keepPayloads(tx, mapping.flow, deliveredOutputs(ours));
    await handOverMerged(tx, mapping.flow, stream, ours);
    await settleDue(tx, mapping.flow, ours);
    await settleTasks(tx, mapping.flow, ours);
    await recordHistory(tx, mapping, runId, ours);
    const certain = ours.filter(createIsCertain).map(({ standing }) => standing.sourceId);
    if (certain.length > 0) await closeIntents(tx, mapping.flow, certain);
    const unparked = await parkRecords(tx, mapping.flow, ours);
    await wake(context, tx, mapping.flow, ours);
    await queueAgain(context, tx, mapping.flow, ours, versions, unparked.union(askedFor));
    const wishes = ours
      .filter((record) => record.writeBack !== null)
      .map(({ standing }) => due(standing.sourceId));
    await enqueue(context.boss, tx, writeBackQueue(mapping.flow), mapping.flow, wishes, 'incremental');
    const counts = countConclusions(ours);
    await addCounts(tx, runId, counts);
    return counts;
  });
  tellTraces(context, mapping.flow, batch);
  await context.reached('settled', mapping.flow);
  context.onProgress({ flow: mapping.flow, kind: 'settled', counts });
  return counts;
}

/** From the trace of a change to that of the calls that carried it, which the line bears as all lines do. */
function tellTraces(context: SyncContext, flow: string, batch: readonly Concluded[]): void {
  if (!context.log.isLevelEnabled('debug')) return;
  for (const { standing, conclusion } of batch)
    context.log.debug(
      { flow, sourceId: standing.sourceId, state: conclusion.state, change: standing.traceId },
      'settled',
    );
}

/** It is in the ERP, or a look-up has just shown that it is not and nothing was sent since. */
const createIsCertain = ({ conclusion, output, intentIsOver }: Concluded): boolean =>
  intentIsOver === true ||
  conclusion.targetId !== null ||
  (output === null && conclusion.disposition.job === 'done');

/** What the ERP holds another state of now, or may: whoever keeps answers about it drops them. */
const touched = (records: readonly Concluded[]): { sourceId: string; targetId: string | null }[] =>
  records
    .filter(
      ({ conclusion: { delivered, state } }) => delivered || state === 'removed' || state === 'in_doubt',
    )
    .map(({ standing, conclusion }) => ({
      sourceId: standing.sourceId,
      targetId: conclusion.targetId ?? standing.targetId,
    }));

function deliveredOutputs(records: readonly Concluded[]): { sourceId: string; output: Payload }[] {
  return records.flatMap(({ standing, conclusion, output }) =>
    conclusion.delivered && output !== null ? [{ sourceId: standing.sourceId, output }] : [],
  );
}

const due = (sourceId: string): Enqueue => ({ sourceId, startAfter: null });

/**
 * Records that we sent under a lease that was gone by then: their holder may have sent a newer state before ours
 * arrived. So the newest state is asked for once more, even if it looks delivered.
 */
async function sendLostAgain(
  context: SyncContext,
  tx: PoolClient,
  mapping: Mapping,
  lost: readonly Concluded[],
): Promise<void> {
  const sent = lost.filter(({ conclusion }) => conclusion.delivered || conclusion.state === 'in_doubt');
  if (sent.length === 0) return;
  const wanted = sent.map(({ standing }) => ({
    sourceId: standing.sourceId,
    externalKey: standing.externalKey ?? externalKey(mapping, standing.sourceId),
  }));
  await askAgain(tx, mapping.flow, wanted, 'lease_lost', 'an older state of it may have been sent');
  const jobs = sent.map(({ standing }) => due(standing.sourceId));
  await enqueue(context.boss, tx, pushQueue(mapping.flow), mapping.flow, jobs, 'incremental');
}

/** Completes or fails the jobs that are still ours, and gives back the records that they belong to. */
async function finishJobs(
  context: SyncContext,
  tx: PoolClient,
  flow: string,
  batch: readonly Concluded[],
): Promise<Concluded[]> {
  const queue = pushQueue(flow);
  const failing = batch.filter(({ conclusion }) => conclusion.disposition.job === 'retry');
  const completing = batch.filter(({ conclusion }) => conclusion.disposition.job !== 'retry');
  const completed = await completeJobs(
    context.boss,
    tx,
    queue,
    completing.map(({ job }) => job),
  );
  const failed = await failJobs(
    context.boss,
    tx,
    queue,
    failing.map(({ job }) => job),
    failing[0]?.conclusion.code ?? 'failed',
  );
  const ours = batch.filter(({ job }) => completed.has(job.id) || failed.has(job.id));
  if (ours.length < batch.length) {
    context.log.warn(
      { flow, lost: batch.length - ours.length },
      'the lease on some records was gone; they are left to its holder',
    );
  }
  return ours;
}

function linkUpdate(mapping: Mapping, { job, standing, conclusion, writeBack, ours }: Concluded): LinkUpdate {
  return {
    sourceId: standing.sourceId,
    externalKey: standing.externalKey ?? externalKey(mapping, standing.sourceId),
    targetId: conclusion.targetId,
    version: standing.version ?? '0',
    state: conclusion.state,
    code: conclusion.code,
    reason: conclusion.reason,
    fields: conclusion.fields,
    nextAt: conclusion.disposition.job === 'again' ? conclusion.disposition.at : null,
    attempts: attemptsOf(job, standing, conclusion),
    requests: standing.requests,
    fingerprint: conclusion.fingerprint,
    // A record that was held was not judged by this mapping.
    mappingHash: conclusion.disposition.job === 'again' ? null : mapping.hash,
    delivered: conclusion.delivered,
    writeBack,
    ours,
  };
}

/** Failures of its own, or how often in a row it was sent and not answered. */
function attemptsOf(job: LeasedJob, standing: Standing, conclusion: Conclusion): number {
  if (conclusion.state === 'in_doubt') return standing.attempts + (conclusion.event === 'in_doubt' ? 1 : 0);
  return conclusion.disposition.job === 'retry' ? job.retryCount + 1 : 0;
}

/** A record that was merged away while it was being created has an ERP record now: the survivor takes it over. */
async function handOverMerged(
  tx: PoolClient,
  flow: string,
  stream: Stream,
  ours: readonly Concluded[],
): Promise<void> {
  const merged = ours.flatMap(({ standing, conclusion }) =>
    standing.mergedInto === null || conclusion.state !== 'removed'
      ? []
      : [{ loser: standing.sourceId, survivor: standing.mergedInto }],
  );
  if (merged.length > 0) await repointMerged(tx, flow, stream, merged);
}

async function recordHistory(
  tx: PoolClient,
  mapping: Mapping,
  runId: string,
  ours: readonly Concluded[],
): Promise<void> {
  const entries = ours.flatMap(({ standing, conclusion }) =>
    conclusion.event === null
      ? []
      : [
          {
            sourceId: standing.sourceId,
            event: conclusion.event,
            code: conclusion.code,
            message: conclusion.reason,
            version: standing.version,
            targetId: conclusion.targetId,
            mappingHash: mapping.hash,
          },
        ],
  );
  if (entries.length > 0) await addHistory(tx, mapping.flow, runId, entries);
}

/**
 * Parks what waits, for the records that survive where a parent was merged away, and gives back the records whose parent
 * was linked while they were being decided.
 */
async function parkRecords(tx: PoolClient, flow: string, ours: readonly Concluded[]): Promise<Set<string>> {
  const decidedBefore = ours
    .filter(({ standing }) => standing.state === 'waiting')
    .map(({ standing }) => standing.sourceId);
  if (decidedBefore.length > 0) await unpark(tx, flow, decidedBefore);
  const waiting = ours.filter(({ conclusion }) => conclusion.parkFor.length > 0);
  if (waiting.length === 0) return new Set();
  const linked = await loadLinked(
    tx,
    waiting.flatMap(({ conclusion }) => conclusion.parkFor),
  );
  const parentCame = (record: Concluded): boolean =>
    record.conclusion.parkFor.some((parent) => linked(parent) !== null);
  const parked = waiting.filter((record) => !parentCame(record));
  if (parked.length > 0) {
    const followed = await followMerged(
      tx,
      parked.flatMap(({ conclusion }) => conclusion.parkFor),
    );
    const present = ({ flow: parent, id }: Reference): Reference => ({
      flow: parent,
      id: followed.find((found) => found.flow === parent && found.id === id)?.survivor ?? id,
    });
    await park(
      tx,
      flow,
      parked.map(({ standing, conclusion }) => ({
        sourceId: standing.sourceId,
        for: conclusion.parkFor.map(present),
      })),
    );
  }
  return new Set(waiting.filter(parentCame).map(({ standing }) => standing.sourceId));
}

/** The transaction that links a parent, or sees it merged into another, queues its children; so does a later one, for a parent that took over an ERP record. */
async function wake(
  context: SyncContext,
  tx: PoolClient,
  flow: string,
  ours: readonly Concluded[],
): Promise<void> {
  const linked = ours
    .filter(({ standing, conclusion }) =>
      conclusion.state === 'removed' ? standing.mergedInto !== null : conclusion.targetId !== null,
    )
    .map(({ standing }) => standing.sourceId);
  if (linked.length === 0) return;
  for (const [childFlow, ids] of await wakeChildren(tx, flow, linked)) {
    await markWoken(tx, childFlow, ids);
    await enqueue(context.boss, tx, pushQueue(childFlow), childFlow, ids.map(due), 'incremental');
  }
}

/** Queues what must be decided once more: held and doubtful records, and those that changed while they were sent. */
async function queueAgain(
  context: SyncContext,
  tx: PoolClient,
  flow: string,
  ours: readonly Concluded[],
  versions: ReadonlyMap<string, string>,
  notDone: ReadonlySet<string>,
): Promise<void> {
  const again = new Map<Priority, Enqueue[]>();
  for (const { job, standing, conclusion } of ours) {
    const { disposition } = conclusion;
    const changed = (versions.get(standing.sourceId) ?? null) !== standing.version;
    if (
      disposition.job === 'retry' ||
      (disposition.job !== 'again' && !changed && !notDone.has(standing.sourceId))
    )
      continue;
    const startAfter = disposition.job === 'again' ? disposition.at : null;
    const behind = disposition.job === 'again' && disposition.behind === true;
    const priority = behind ? 'backfill' : priorityOf(job.priority);
    again.set(priority, [...(again.get(priority) ?? []), { sourceId: standing.sourceId, startAfter }]);
  }
  for (const [priority, records] of again) {
    await enqueue(context.boss, tx, pushQueue(flow), flow, records, priority);
  }
}

function countConclusions(ours: readonly Concluded[]): Partial<Counts> {
  const counts: Partial<Record<CountName, number>> = {};
  for (const { conclusion } of ours) counts[conclusion.count] = (counts[conclusion.count] ?? 0) + 1;
  return counts;
}
