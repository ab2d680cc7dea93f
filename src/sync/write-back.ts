import type { PoolClient } from 'pg';
import type { SinkItem } from '../connector/contract.ts';
import { asFault, Fault, faultTable } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { enqueue } from '../queue/enqueue.ts';
import { completeJobs, failJobs, type Lease, type LeasedJob } from '../queue/lease.ts';
import { deadLetterQueue, writeBackQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory, type HistoryEntry } from '../store/history.ts';
import { followMerged } from '../store/merge.ts';
import {
  forgetWrittenBack,
  loadWriteBacks,
  saveWrittenBack,
  type WriteBackWish,
} from '../store/write-back.ts';
import { isSick, noteFailure, noteSuccess } from './connection-health.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { externalKey } from './external-key.ts';
import { canonical } from './fingerprint.ts';
import { pushItems, type Result } from './push.ts';

/** Saves the ERP's numbers on the CRM records of one leased batch. What stands there already is not written again. */
export async function writeBackBatch(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  lease: Lease,
): Promise<void> {
  const name = mapping.writeBack[0]?.to ?? mapping.read.from;
  const connection = connectionOf(context, name);
  if (connection.sink === null) throw new Error(`connection ${name} cannot be written to`);
  const abort = AbortSignal.any([lease.signal, context.halt]);
  const wishes = await loadWriteBacks(
    context.database,
    mapping.flow,
    lease.jobs.map((job) => job.data.sourceId),
  );
  const open = wishes.filter(
    ({ wish, written, merged }) => wish !== null && !merged && canonical(wish) !== canonical(written),
  );
  const items = open.map(({ sourceId, wish }): SinkItem => ({
    id: sourceId,
    externalKey: externalKey(mapping, sourceId),
    targetId: sourceId,
    fields: wish ?? {},
    lines: {},
  }));
  const results = await pushItems(connection.sink, mapping.read.entity, items, connection.limits.batch, {
    signal: abort,
    confirm: lease.confirm,
  });
  await context.reached('write_back_answered', mapping.flow);
  const sick = [...results.values()].find((result) => result.status === 'failed' && isSick(result));
  const fault = sick?.status === 'failed' ? sick.fault : null;
  const heldUntil = fault === null ? context.now() : await noteFailure(context, name, fault);
  if (fault === null && results.size > 0) await noteSuccess(context, name);
  await settleWriteBacks(context, mapping, runId, lease.jobs, open, results, heldUntil);
  await context.reached('written_back', mapping.flow);
}

async function settleWriteBacks(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  jobs: readonly LeasedJob[],
  open: readonly WriteBackWish[],
  results: ReadonlyMap<string, Result>,
  heldUntil: Date,
): Promise<void> {
  const queue = writeBackQueue(mapping.flow);
  const of = (fate: Fate): LeasedJob[] =>
    jobs.filter((job) => fateOf(results.get(job.data.sourceId)) === fate);
  const [dead, retried] = [of('dead'), of('retry')];
  await transaction(context.database, async (tx) => {
    const completed = await completeJobs(context.boss, tx, queue, [...of('done'), ...of('again'), ...dead]);
    await failJobs(context.boss, tx, queue, retried, 'write_back_failed');
    const ours = (job: LeasedJob): boolean => completed.has(job.id);
    const due = (job: LeasedJob, startAfter: Date | null) => ({ sourceId: job.data.sourceId, startAfter });
    const doneIds = new Set(
      of('done')
        .filter(ours)
        .map((job) => job.data.sourceId),
    );
    const written = open.filter(({ sourceId }) => doneIds.has(sourceId));
    // A wish that changed while it was being carried out could not be queued beside its own job.
    const stale = written.length === 0 ? [] : await saveWrittenBack(tx, mapping.flow, written);
    const again = [
      ...of('again')
        .filter(ours)
        .map((job) => due(job, heldUntil)),
      ...stale.map((sourceId) => ({ sourceId, startAfter: null })),
    ];
    const over = [...of('done'), ...dead].filter(ours).map((job) => job.data.sourceId);
    again.push(
      ...(await survivorsOf(tx, mapping.flow, over)).map((sourceId) => ({ sourceId, startAfter: null })),
    );
    await enqueue(context.boss, tx, queue, mapping.flow, again, 'incremental');
    const letters = dead.filter(ours).map((job) => due(job, null));
    await enqueue(context.boss, tx, deadLetterQueue(queue), mapping.flow, letters, 'incremental');
    const entries = [
      ...written.map(successEntry),
      ...[...dead, ...retried].map((job) => failureEntry(job, results)),
    ];
    if (entries.length > 0) await addHistory(tx, mapping.flow, runId, entries);
  });
}

/**
 * The records that are to be written once more, because others whose write is over were merged into them meanwhile: the
 * CRM has taken that write for the survivor's, before or after its own.
 */
async function survivorsOf(tx: PoolClient, flow: string, over: readonly string[]): Promise<string[]> {
  const followed =
    over.length === 0
      ? []
      : await followMerged(
          tx,
          over.map((id) => ({ flow, id })),
        );
  const survivors = followed.map(({ survivor }) => survivor);
  return survivors.length === 0 ? [] : forgetWrittenBack(tx, flow, survivors);
}

type Fate = 'done' | 'again' | 'retry' | 'dead';

function fateOf(result: Result | undefined): Fate {
  if (result === undefined || result.status !== 'failed') return 'done';
  // Writing the same number twice does no harm, so what was not answered is simply sent again.
  if (isSick(result)) return 'again';
  const { action } = faultTable[result.fault.kind];
  return action === 'dead' || action === 'recreate' || action === 'pause' ? 'dead' : 'retry';
}

const successEntry = ({ sourceId }: WriteBackWish): HistoryEntry => ({
  sourceId,
  event: 'written_back',
  code: null,
  message: null,
  version: null,
  targetId: null,
  mappingHash: null,
});

function failureEntry(job: LeasedJob, results: ReadonlyMap<string, Result>): HistoryEntry {
  const result = results.get(job.data.sourceId);
  const fault =
    result?.status === 'failed'
      ? result.fault
      : asFault(new Fault({ kind: 'bug', code: 'unknown', message: 'unknown' }));
  return {
    sourceId: job.data.sourceId,
    event: 'write_back_failed',
    code: fault.code,
    message: fault.message,
    version: null,
    targetId: null,
    mappingHash: null,
  };
}
