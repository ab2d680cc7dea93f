import type { PoolClient } from 'pg';
import type { Mapping } from '../mapping/mapping.ts';
import { dropDeadLetters } from '../queue/dead-letters.ts';
import { enqueue } from '../queue/enqueue.ts';
import { type Priority, pushQueue } from '../queue/names.ts';
import { transaction } from '../store/database.ts';
import type { LetterId, LockedLetter } from '../store/dead-letter.ts';
import { addHistory } from '../store/history.ts';
import { askAgain, unlinkTargets } from '../store/link.ts';
import type { SyncContext } from './context.ts';
import { holdLetters } from './dead-letters.ts';
import { externalKey } from './external-key.ts';
import { chunk } from './push.ts';
import { mirrorFound, readAgain } from './resync.ts';

export type Redriven = {
  /** Records that were queued, to be sent with the mapping of today. */
  readonly queued: readonly string[];
  /** Records that changed, or were dealt with, after the letters were listed: they are left as they are. */
  readonly changed: readonly string[];
  /** Ids that the source does not know any more: their letters stay. */
  readonly unknown: readonly string[];
};

export type Redriving = {
  /** `source` reads the records again first, so that their newest state is sent; `mirror` asks nobody. */
  readonly from: 'source' | 'mirror';
  readonly priority: Priority;
  readonly onPage: (done: number) => void;
  readonly signal: AbortSignal;
};

/**
 * Sends listed letters again, on purpose, with the newest state of their records and the mapping of today. A record
 * whose ERP record was deleted is created again. Letters that came after the listing are not touched.
 */
export async function redriveLetters(
  context: SyncContext,
  mapping: Mapping,
  letters: readonly LetterId[],
  redriving: Redriving,
): Promise<Redriven> {
  const listed = new Map(letters.map((letter) => [letter.sourceId, letter]));
  const queued: string[] = [];
  const changed: string[] = [];
  const unknown: string[] = [];
  for await (const page of pagesOf(context, mapping, [...listed.keys()], redriving)) {
    const meant = page.ids.flatMap((id) => listed.get(id) ?? []);
    const sent = await transaction(context.database, async (tx) => {
      const held = await holdLetters(tx, mapping, meant);
      const ids = held.map(({ sourceId }) => sourceId);
      await page.takeIn(tx, ids);
      await sendAgain(context, tx, mapping, held, redriving.priority);
      return ids;
    });
    queued.push(...sent);
    changed.push(...page.ids.filter((id) => !sent.includes(id)));
    unknown.push(...page.unknown);
    redriving.onPage(queued.length + changed.length + unknown.length);
  }
  return { queued, changed, unknown };
}

type Page = {
  readonly ids: readonly string[];
  readonly unknown: readonly string[];
  /** Takes what was read again into the mirror, in the transaction that queues the records. */
  readonly takeIn: (tx: PoolClient, onPurpose: readonly string[]) => Promise<void>;
};

async function* pagesOf(
  context: SyncContext,
  mapping: Mapping,
  ids: readonly string[],
  { from, signal }: Redriving,
): AsyncGenerator<Page> {
  if (from === 'source') {
    for await (const { found, unknown } of readAgain(context, mapping, ids, signal))
      yield {
        ids: found.map(({ id }) => id),
        unknown,
        takeIn: (tx, onPurpose) => mirrorFound(context, tx, mapping, found, onPurpose),
      };
    return;
  }
  for (const page of chunk(ids, 1000)) {
    signal.throwIfAborted();
    yield { ids: page, unknown: [], takeIn: async () => {} };
  }
}

const why = 'a person sent it again';

async function sendAgain(
  context: SyncContext,
  tx: PoolClient,
  mapping: Mapping,
  held: readonly LockedLetter[],
  priority: Priority,
): Promise<void> {
  if (held.length === 0) return;
  const { flow } = mapping;
  const ids = held.map(({ sourceId }) => sourceId);
  const gone = held.filter(({ code }) => code === 'target_gone').map(({ sourceId }) => sourceId);
  if (gone.length > 0) await unlinkTargets(tx, flow, gone);
  await dropDeadLetters(tx, flow, ids);
  const wanted = ids.map((sourceId) => ({ sourceId, externalKey: externalKey(mapping, sourceId) }));
  await askAgain(tx, flow, wanted, 'redriven', why);
  const jobs = ids.map((sourceId) => ({ sourceId, startAfter: null }));
  await enqueue(context.boss, tx, pushQueue(flow), flow, jobs, priority);
  const entries = ids.map((sourceId) => ({
    sourceId,
    event: 'redriven',
    code: null,
    message: why,
    version: null,
    targetId: null,
    mappingHash: null,
  }));
  await addHistory(tx, flow, null, entries);
}
