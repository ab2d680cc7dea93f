import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { transaction } from '../store/database.ts';
import { type LetterId, markDropped } from '../store/dead-letter.ts';
import { addHistory } from '../store/history.ts';
import type { SyncContext } from './context.ts';
import { holdLetters } from './dead-letters.ts';
import { chunk } from './push.ts';

export type Dropped = {
  readonly dropped: readonly string[];
  /** Records that changed, or were dealt with, after the letters were listed: they are left as they are. */
  readonly changed: readonly string[];
};

/**
 * Takes listed letters off the list for good: their records are left out, for the reason that a person gives, until
 * they change in the source. No system is asked anything.
 */
export async function dropLetters(
  context: Pick<SyncContext, 'database'>,
  mapping: Mapping,
  letters: readonly LetterId[],
  told: { readonly reason: string; readonly by: string | null },
  signal: AbortSignal,
): Promise<Dropped> {
  const { flow } = mapping;
  const who = told.by ?? 'a person';
  const dropped: string[] = [];
  for (const page of chunk(letters, 1000)) {
    signal.throwIfAborted();
    const done = await transaction(context.database, async (tx) => {
      const held = await holdLetters(tx, mapping, page);
      const ids = held.map(({ sourceId }) => sourceId);
      if (ids.length === 0) return ids;
      await markDropped(tx, flow, ids, `${told.reason} (dropped by ${who})`);
      await dropDeadLetters(tx, flow, ids);
      const entries = held.map(({ sourceId, version }) => ({
        sourceId,
        event: 'dropped',
        code: 'dropped',
        message: `${who}: ${told.reason}`,
        version,
        targetId: null,
        mappingHash: null,
      }));
      await addHistory(tx, flow, null, entries);
      return ids;
    });
    dropped.push(...done);
  }
  const gone = new Set(dropped);
  return { dropped, changed: letters.map(({ sourceId }) => sourceId).filter((id) => !gone.has(id)) };
}
