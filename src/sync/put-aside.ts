import type { PoolClient } from 'pg';
import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters, putLetters } from '../queue/dead-letters.ts';
import { keepLetters, type Letter } from '../store/dead-letter.ts';
import { causeOf } from './cause.ts';
import type { SyncContext } from './context.ts';
import type { Concluded } from './settle.ts';

/**
 * Keeps a letter of every record of a settle that is dead now, and takes those away that are superseded, so that a
 * record has one letter as long as its link says `dead`, and none otherwise. The same statements for any number.
 */
export async function putAside(
  context: SyncContext,
  tx: PoolClient,
  mapping: Mapping,
  settled: readonly Concluded[],
  askedFor: ReadonlySet<string>,
): Promise<void> {
  const { flow } = mapping;
  const before = settled.filter(({ standing }) => standing.state === 'dead' || standing.mergedInto !== null);
  await dropDeadLetters(
    tx,
    flow,
    before.map(({ standing }) => standing.sourceId),
  );
  // One that was asked for while it was being sent is pending, and not dead.
  const dead = settled.filter(
    ({ standing, conclusion }) => conclusion.state === 'dead' && !askedFor.has(standing.sourceId),
  );
  const letters = dead.map((record) => letterOf(mapping, record, context.keepsPayloads(flow)));
  await putLetters(context.boss, tx, flow, await keepLetters(tx, flow, letters));
}

function letterOf(
  mapping: Mapping,
  { job, standing, conclusion, sent }: Concluded,
  keepsPayload: boolean,
): Letter {
  const { code, reason, fields, targetId } = conclusion;
  const { sourceId } = standing;
  return {
    ...causeOf({ flow: mapping.flow, sourceId, targetId, code, reason, fields, payload: sent }),
    sourceId,
    fields,
    payload: keepsPayload ? sent : null,
    attempts: job.retryCount + 1,
    version: standing.version ?? '0',
    targetId,
    mappingHash: mapping.hash,
  };
}
