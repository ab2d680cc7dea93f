import type { SinkItem } from '../connector/contract.ts';
import { asFault, Fault, faultTable } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { enqueue } from '../queue/enqueue.ts';
import { completeJobs, failJobs, type Lease, type LeasedJob } from '../queue/lease.ts';
import { writeBackQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory, type HistoryEntry } from '../store/history.ts';
import { loadWriteBacks, saveWrittenBack, type WriteBackWish } from '../store/link.ts';
import { noteFailure, noteSuccess } from './connection-health.ts';
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
  const open = wishes.filter(({ wish, written }) => wish !== null && canonical(wish) !== canonical(written));
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
  const whole = [...results.values()].find((result) => result.status === 'failed' && result.whole);
  const fault = whole?.status === 'failed' ? whole.fault : null;
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
  const fate = (job: LeasedJob): 'done' | 'again' | 'failed' => fateOf(results.get(job.data.sourceId));
  const failed = jobs.filter((job) => fate(job) === 'failed');
  const again = jobs
    .filter((job) => fate(job) === 'again')
    .map((job) => ({ sourceId: job.data.sourceId, startAfter: heldUntil }));
  await transaction(context.database, async (tx) => {
    const completed = await completeJobs(
      context.boss,
      tx,
      queue,
      jobs.filter((job) => fate(job) !== 'failed'),
    );
    await failJobs(context.boss, tx, queue, failed, 'write_back_failed');
    const stillOurs = new Set(jobs.filter((job) => completed.has(job.id)).map((job) => job.data.sourceId));
    const written = open.filter(
      ({ sourceId }) => stillOurs.has(sourceId) && fateOf(results.get(sourceId)) === 'done',
    );
    if (written.length > 0) await saveWrittenBack(tx, mapping.flow, written);
    const entries = [...written.map(successEntry), ...failed.map((job) => failureEntry(job, results))];
    if (entries.length > 0) await addHistory(tx, mapping.flow, runId, entries);
    await enqueue(
      context.boss,
      tx,
      queue,
      mapping.flow,
      again.filter(({ sourceId }) => stillOurs.has(sourceId)),
      'incremental',
    );
  });
}

function fateOf(result: Result | undefined): 'done' | 'again' | 'failed' {
  if (result === undefined || result.status !== 'failed') return 'done';
  const { action } = faultTable[result.fault.kind];
  // Writing the same number twice does no harm, so what was not answered is simply sent again.
  return result.whole || action === 'hold' || action === 'pause' || action === 'in_doubt'
    ? 'again'
    : 'failed';
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
