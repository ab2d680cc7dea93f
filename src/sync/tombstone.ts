import type { Change } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { repointMerged } from '../store/merge.ts';
import { mirrorSightings } from '../store/mirror.ts';
import { connectionOf, type SyncContext } from './context.ts';
import { newestOfEach, readersOf } from './detect.ts';
import { chunk } from './push.ts';

/**
 * Takes records that the source has no longer in as removed, as if it had told so: the mirror and the jobs of every
 * flow that reads them in one transaction. Each is asked for by its id first, and one that is there is left alone. What
 * becomes of its ERP record is the matter of each flow's policy. Gives the ids that were taken in.
 */
export async function takeTombstones(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const { source, limits } = connectionOf(context, stream.connection);
  if (source === null) throw new Error(`connection ${stream.connection} has no source`);
  const taken: string[] = [];
  for (const page of chunk([...new Set(ids)], limits.page)) {
    const answers = await source.readByIds({ entity: stream.entity, with: [], ids: page }, signal);
    const modifiedAt = context.now().toISOString();
    const merged = answers.flatMap((answer) =>
      answer.status === 'merged' ? [{ loser: answer.id, survivor: answer.into }] : [],
    );
    const sightings = newestOfEach(
      answers.flatMap((answer): Change[] => {
        if (answer.status === 'found') return [];
        const { id } = answer;
        return answer.status === 'missing'
          ? [{ kind: 'delete', id, modifiedAt }]
          : [{ kind: 'merge', id, into: answer.into, modifiedAt }];
      }),
    );
    if (sightings.length === 0) continue;
    await transaction(context.database, async (tx) => {
      const changed = (await mirrorSightings(tx, stream, sightings, 'record')).sort();
      const records = changed.map((sourceId) => ({ sourceId, startAfter: null }));
      for (const { flow } of readersOf(context, stream)) {
        if (merged.length > 0) await repointMerged(tx, flow, stream, merged);
        await enqueue(context.boss, tx, pushQueue(flow), flow, records, 'incremental');
      }
    });
    taken.push(...sightings.map(({ sourceId }) => sourceId));
  }
  return taken;
}
