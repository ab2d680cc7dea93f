import type { Change } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { type Sql, transaction } from '../store/database.ts';
import { answerDue, askedIn, countAnew, type DueKind, noteDue, type Question } from '../store/due.ts';
import { addHistory } from '../store/history.ts';
import { markGoingOn } from '../store/link.ts';
import { lockMirrorVersions, mirrorSightings } from '../store/mirror.ts';
import type { SyncContext } from './context.ts';
import { newestOfEach, readersOf } from './detect.ts';
import { chunk } from './push.ts';

export type Answer = 'approved' | 'refused';

const nouns: { readonly [kind in DueKind]: readonly [one: string, many: string] } = {
  removal: ['removal', 'removals'],
  change: ['change', 'changes'],
  absence: ['record that the source no longer lists', 'records that the source no longer lists'],
};

/** A question in half a sentence, with the command that answers it. */
export function questionInWords({ runId, kind, count }: Pick<Question, 'runId' | 'kind' | 'count'>): string {
  const [one, many] = nouns[kind];
  return `${count} ${count === 1 ? `${one} waits` : `${many} wait`} for an answer: causeway approve ${runId}`;
}

const pageSize = 1000;

/**
 * Answers a question. Approved records go ahead with the next run, exactly those that were counted, as long as they
 * are as they were then; what later runs asked about in the same flow is counted anew. Refused ones are kept in the
 * ERP as they are until they change again. Returns how many were answered.
 */
export async function answerQuestion(
  context: SyncContext,
  mapping: Mapping,
  { runId, kind }: Pick<Question, 'runId' | 'kind'>,
  answer: Answer,
  by: string,
): Promise<number> {
  const asked = await askedIn(context.database, runId, kind);
  let answered = 0;
  for (const page of chunk(asked, pageSize)) {
    answered += await transaction(context.database, async (tx) => {
      const ids = page.map(({ sourceId }) => sourceId);
      // Mirror rows before links, here as in a settle.
      const versions = await lockMirrorVersions(tx, streamOf(mapping), ids);
      const open = await answerDue(tx, runId, ids, answer, by);
      if (kind === 'absence' && answer === 'refused') return open.length;
      if (kind === 'absence') {
        // One that was seen again since is not gone.
        const same = page.filter(({ sourceId, version }) => versions.get(sourceId) === version);
        await bury(
          context,
          tx,
          mapping,
          runId,
          same.map(({ sourceId }) => sourceId).filter((id) => open.includes(id)),
          by,
        );
      } else {
        const said = answer === 'approved' ? `${by} approved it` : `${by} decided that it is kept`;
        await sendOn(context, tx, mapping, open.sort(), said, answer);
      }
      return open.length;
    });
  }
  await transaction(context.database, async (tx) => {
    const others = kind === 'absence' ? [] : await countAnew(tx, mapping.flow, kind);
    await sendOn(context, tx, mapping, others, 'it is counted anew', 'counted_anew');
  });
  return answered;
}

const streamOf = ({ read }: Mapping) => ({ connection: read.from, entity: read.entity });

async function sendOn(
  context: SyncContext,
  tx: Sql,
  mapping: Mapping,
  ids: readonly string[],
  reason: string,
  code: string,
): Promise<void> {
  if (ids.length === 0) return;
  await markGoingOn(tx, mapping.flow, ids, code, reason);
  const jobs = ids.map((sourceId) => ({ sourceId, startAfter: null }));
  await enqueue(context.boss, tx, pushQueue(mapping.flow), mapping.flow, jobs, 'incremental');
  const entries = ids.map((sourceId) => ({
    sourceId,
    event: code,
    code: null,
    message: reason,
    version: null,
    targetId: null,
    mappingHash: null,
  }));
  await addHistory(tx, mapping.flow, null, entries);
}

/** Records that are gone without a trace are deleted in the mirror, for every flow that reads them; this flow has its answer. */
async function bury(
  context: SyncContext,
  tx: Sql,
  mapping: Mapping,
  runId: string,
  ids: readonly string[],
  by: string,
): Promise<void> {
  await markDeleted(context, tx, mapping, ids);
  const versions = await lockMirrorVersions(tx, streamOf(mapping), ids);
  const gone = [...versions].map(([sourceId, version]) => ({ sourceId, what: 'deleted', version }));
  await noteDue(tx, mapping.flow, 'removal', gone, runId);
  await answerDue(tx, runId, ids, 'approved', by);
}

/** Writes tombstones for records that left no trace, and queues them for every flow that reads them. */
export async function markDeleted(
  context: SyncContext,
  tx: Sql,
  mapping: Mapping,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const stream = streamOf(mapping);
  const modifiedAt = context.now().toISOString();
  const tombstones = ids.map((id): Change => ({ kind: 'delete', id, modifiedAt }));
  const changed = (await mirrorSightings(tx, stream, newestOfEach(tombstones), 'record')).sort();
  const jobs = changed.map((sourceId) => ({ sourceId, startAfter: null }));
  for (const { flow } of readersOf(context, stream))
    await enqueue(context.boss, tx, pushQueue(flow), flow, jobs, 'incremental');
}
