import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { enqueue } from '../queue/enqueue.ts';
import { pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import { addHistory } from '../store/history.ts';
import { askAgain, loadStandings, unlinkTargets } from '../store/link.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import type { Finding, Repair } from './audit-findings.ts';
import type { SyncContext } from './context.ts';
import { externalKey } from './external-key.ts';
import { chunk } from './push.ts';
import { resyncIds } from './resync.ts';
import { takeTombstones } from './tombstone.ts';

/** What is to be repaired, gathered while an audit goes on: the ids, and for a lost ERP record which one it was. */
export type Repairs = {
  add(found: Finding): void;
  ids(repair: Repair): readonly string[];
  lost(): ReadonlyMap<string, string>;
};

/** Gathers the findings that the normal path can mend. */
export function repairsOf(): Repairs {
  const ids: Record<Repair, Set<string>> = { again: new Set(), created: new Set(), removed: new Set() };
  const lost = new Map<string, string>();
  return {
    add({ repair, id, targetId }) {
      if (repair === null || id === null) return;
      ids[repair].add(id);
      if (repair === 'created' && targetId !== null) lost.set(id, targetId);
    },
    // What the CRM has no longer needs nothing else, and what is created again is sent whole.
    ids: (repair) => [...ids[repair]].filter((id) => repair === 'removed' || !ids.removed.has(id)),
    lost: () => lost,
  };
}

/** What was queued, and what the CRM did not know when it was asked again. */
export type Repaired = {
  readonly again: number;
  readonly created: number;
  readonly removed: number;
  readonly unknown: number;
};

/**
 * Repairs what an audit has found, through the normal path and nothing else: records are asked for again, created again
 * where the ERP record is gone, and taken in as removed where the source has them no longer. Sends nothing itself.
 */
export async function repair(
  context: SyncContext,
  mapping: Mapping,
  repairs: Repairs,
  signal: AbortSignal,
): Promise<Repaired> {
  const lost = repairs.lost();
  const created = await createAgain(context, mapping, repairs.ids('created'), lost);
  const again = repairs.ids('again').filter((id) => !lost.has(id));
  const { queued, unknown } = await resyncIds(context, mapping, again, signal, 'incremental');
  const removed = await takeTombstones(context, mapping, repairs.ids('removed'), signal);
  return { again: queued.length, created, removed: removed.length, unknown: unknown.length };
}

const because = 'the audit found that its ERP record is gone';

/** Gives up links to ERP records that are gone and asks for the records again, as a redrive of `target_gone` does. */
async function createAgain(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  lost: ReadonlyMap<string, string>,
): Promise<number> {
  const { flow, read } = mapping;
  const stream = { connection: read.from, entity: read.entity };
  let count = 0;
  for (const page of chunk([...ids].sort(), 500)) {
    count += await transaction(context.database, async (tx) => {
      // Mirror rows before links, here as in a settle; a record that was linked anew meanwhile is left alone.
      await lockMirrorVersions(tx, stream, page);
      const standings = await loadStandings(tx, flow, stream, page);
      const gone = standings
        .filter(({ sourceId, targetId }) => targetId !== null && targetId === lost.get(sourceId))
        .map(({ sourceId }) => sourceId);
      if (gone.length === 0) return 0;
      await unlinkTargets(tx, flow, gone);
      await dropDeadLetters(tx, flow, gone);
      const wanted = gone.map((sourceId) => ({ sourceId, externalKey: externalKey(mapping, sourceId) }));
      await askAgain(tx, flow, wanted, 'target_gone', because);
      const records = gone.map((sourceId) => ({ sourceId, startAfter: null }));
      await enqueue(context.boss, tx, pushQueue(flow), flow, records, 'incremental');
      await addHistory(
        tx,
        flow,
        null,
        gone.map((sourceId) => ({
          sourceId,
          event: 'resync',
          code: 'target_gone',
          message: because,
          version: null,
          targetId: lost.get(sourceId) ?? null,
          mappingHash: null,
        })),
      );
      return gone.length;
    });
  }
  return count;
}
