import type { Mapping, Reference } from '../mapping/mapping.ts';
import { isLastAttempt } from '../queue/lease.ts';
import { leavingParents, type Parent } from '../store/leaving.ts';
import type { SyncContext } from './context.ts';
import type { Concluded } from './settle.ts';

const keyOf = ({ flow, id }: Reference): string => JSON.stringify([flow, id]);

/**
 * The ERP may refuse a record because one that it refers to has just left, carried by a worker that has not said so yet.
 * That is no matter for a person: the record is tried again, finds its parent gone by then, and waits for it.
 */
export async function excuseForParents(
  context: SyncContext,
  mapping: Mapping,
  batch: readonly Concluded[],
): Promise<readonly Concluded[]> {
  const references = new Map(
    batch.flatMap((one): [Concluded, readonly Reference[]][] =>
      one.standing.record !== null && isRefused(one) ? [[one, mapping.references(one.standing.record)]] : [],
    ),
  );
  const parents = [...references.values()].flat().flatMap((reference) => parentOf(context, reference));
  if (parents.length === 0) return batch;
  const leaving = new Set((await leavingParents(context.database, parents)).map(keyOf));
  return batch.map((one) => {
    const gone = (references.get(one) ?? []).filter((reference) => leaving.has(keyOf(reference)));
    return gone.length === 0 ? one : excused(one, gone);
  });
}

/** It was sent, and refused for what it holds. */
const isRefused = ({ job, sent, conclusion }: Concluded): boolean =>
  conclusion.state === 'dead' && sent !== null && !isLastAttempt(job);

function excused(one: Concluded, gone: readonly Reference[]): Concluded {
  const names = gone.map(({ flow, id }) => `${flow} ${id}`).join(' and ');
  const reason = `${one.conclusion.reason ?? 'it was refused'} It refers to ${names}, which is leaving: it is tried again.`;
  return {
    ...one,
    conclusion: {
      ...one.conclusion,
      state: 'retrying',
      reason,
      disposition: { job: 'retry' },
      count: 'retried',
      event: 'retrying',
    },
  };
}

function parentOf(context: SyncContext, reference: Reference): Parent[] {
  const found = context.mappings().find(({ flow }) => flow === reference.flow);
  if (found === undefined) return [];
  return [{ ...reference, stream: { connection: found.read.from, entity: found.read.entity } }];
}
