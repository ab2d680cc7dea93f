import type { Mapping } from '../mapping/mapping.ts';
import { pushQueue } from '../queue/names.ts';
import type { Standing } from '../store/link.ts';
import { awaitedLosers } from '../store/merge.ts';
import type { Held } from './conclude.ts';
import type { SyncContext } from './context.ts';
import type { Decision } from './decide.ts';

type Decided = { readonly standing: Standing; readonly decision: Decision | Held };

const lookAgainMs = 1000;

/**
 * A merge never creates: a record that would be created waits while one that was merged into it is on its way into the
 * ERP, because it is going to take over that one's ERP record.
 */
export async function holdForLosers<T extends Decided>(
  context: SyncContext,
  mapping: Mapping,
  batch: readonly T[],
): Promise<readonly T[]> {
  const creates = batch.flatMap(({ decision, standing }) =>
    decision.do === 'create' ? standing.sourceId : [],
  );
  if (creates.length === 0) return batch;
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const queue = pushQueue(mapping.flow);
  const awaited = await awaitedLosers(context.database, mapping.flow, stream, queue, creates);
  const until = new Date(context.now().getTime() + lookAgainMs);
  return batch.map((passenger): T => {
    const loser = awaited.get(passenger.standing.sourceId);
    if (loser === undefined) return passenger;
    const reason = `${loser} was merged into it, and may be in the ERP already`;
    return { ...passenger, decision: { do: 'hold', code: 'merge_on_its_way', reason, until } };
  });
}
