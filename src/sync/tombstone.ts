import type { Mapping } from '../mapping/mapping.ts';
import { transaction } from '../store/database.ts';
import { markDeleted } from './approve.ts';
import type { SyncContext } from './context.ts';
import { mirrorFound, readAgain } from './resync.ts';

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
  const taken: string[] = [];
  for await (const { found, unknown } of readAgain(context, mapping, ids, signal)) {
    const merged = found.filter(({ status }) => status === 'merged');
    await transaction(context.database, async (tx) => {
      await mirrorFound(context, tx, mapping, merged, []);
      await markDeleted(context, tx, mapping, unknown);
    });
    taken.push(...unknown, ...merged.map(({ id }) => id));
  }
  return taken;
}
