import type { PoolClient } from 'pg';
import type { FieldFault } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { clearLetterJobs, findOddLetters, putLetters } from '../queue/dead-letters.ts';
import { transaction } from '../store/database.ts';
import { keepLetters, type Letter } from '../store/dead-letter.ts';
import { findDeadLinks, forgetLetters, letterIds } from '../store/dead-link.ts';
import { lockMirrorVersions } from '../store/mirror.ts';
import { causeOf } from './cause.ts';
import type { SyncContext } from './context.ts';
import { chunk } from './push.ts';

/** So many are looked for at once, because the search goes over all letters; and so many are mended in one transaction. */
const searchSize = 100_000;
const pageSize = 1000;

/**
 * Makes link, letter and queue agree, by what the links say: a record that is dead has one letter, any other has none.
 * In a healthy system there is nothing to mend. A letter whose record is not dead says nothing that is not known: the
 * record is settled, or its change is queued. Returns how many records were mended.
 */
export async function mendLetters(
  context: Pick<SyncContext, 'database' | 'boss' | 'log'>,
  mapping: Mapping,
): Promise<number> {
  let mended = 0;
  for (;;) {
    const odd = await findOddLetters(context.database, mapping.flow, searchSize);
    if (odd.length === 0) break;
    for (const page of chunk(odd, pageSize))
      await transaction(context.database, (tx) => mendPage(context, tx, mapping, page));
    mended += odd.length;
  }
  if (mended > 0) context.log.info({ flow: mapping.flow, mended }, 'dead letters were brought into line');
  return mended;
}

async function mendPage(
  context: Pick<SyncContext, 'boss'>,
  tx: PoolClient,
  mapping: Mapping,
  ids: readonly string[],
): Promise<void> {
  const { flow, read } = mapping;
  // Mirror rows before links, here as in a settle.
  await lockMirrorVersions(tx, { connection: read.from, entity: read.entity }, ids);
  const dead = await findDeadLinks(tx, flow, ids);
  const deadIds = dead.map(({ sourceId }) => sourceId);
  const isDead = new Set(deadIds);
  await clearLetterJobs(tx, flow, ids);
  await forgetLetters(
    tx,
    flow,
    ids.filter((id) => !isDead.has(id)),
  );
  await keepLetters(
    tx,
    flow,
    dead.map((link): Letter => {
      const fields: readonly FieldFault[] = link.fields ?? [];
      return { ...link, ...causeOf({ ...link, flow, fields, payload: null }), fields, payload: null };
    }),
  );
  await putLetters(context.boss, tx, flow, await letterIds(tx, flow, deadIds));
}
