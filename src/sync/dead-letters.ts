import type { PoolClient } from 'pg';
import type { FieldFault } from '../connector/fault.ts';
import type { SourceRecord } from '../connector/value.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { RecordCondition } from '../mapping/record-condition.ts';
import type { Sql } from '../store/database.ts';
import {
  type LetterFilter,
  type LetterId,
  type LetterPage,
  lockLetters,
  type LockedLetter,
  pageOfLetters,
} from '../store/dead-letter.ts';
import { lockMirrorVersions } from '../store/mirror.ts';

export type DeadLetter = {
  readonly flow: string;
  readonly sourceId: string;
  readonly group: string;
  readonly code: string;
  readonly reason: string;
  readonly fields: readonly FieldFault[];
  readonly since: Date;
  readonly targetId: string | null;
};

const pageSize = 1000;

const everyLetter: LetterFilter = { ids: null, group: null, code: null, field: null, before: null };

const streamOf = ({ read }: Mapping) => ({ connection: read.from, entity: read.entity });

/** Dead letters of a flow in id order, of one group or all. A record that has changed since is pending, and not listed. */
export async function listDeadLetters(
  sql: Sql,
  mapping: Mapping,
  limit: number,
  group: string | null = null,
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (let after: string | null = ''; after !== null && found.length < limit;) {
    const asked = { after, limit: Math.min(limit, pageSize), withRecords: false };
    const filter = { ...everyLetter, group };
    const page: LetterPage = await pageOfLetters(sql, mapping.flow, streamOf(mapping), filter, asked);
    for (const { id: _id, record: _record, ...letter } of page.letters)
      found.push({ flow: mapping.flow, ...letter });
    after = page.after;
  }
  return found.slice(0, limit);
}

/** Which letters are meant: those that pass all that is given. */
export type LetterChoice = Partial<LetterFilter> & { readonly condition?: RecordCondition };

/** Letters as they were listed. Whatever is done to them later is done to these alone. */
export type ChosenLetters = {
  readonly letters: readonly LetterId[];
  /** Letters of which the condition does not work out; they are not chosen. */
  readonly undecided: number;
};

/** Lists the letters of a flow that are meant, in id order. */
export async function chooseLetters(
  sql: Sql,
  mapping: Mapping,
  { condition, ...choice }: LetterChoice,
  signal: AbortSignal,
): Promise<ChosenLetters> {
  const filter = { ...everyLetter, ...choice };
  const letters: LetterId[] = [];
  let undecided = 0;
  for (let after: string | null = ''; after !== null;) {
    signal.throwIfAborted();
    const asked = { after, limit: pageSize, withRecords: condition !== undefined };
    const page: LetterPage = await pageOfLetters(sql, mapping.flow, streamOf(mapping), filter, asked);
    for (const { sourceId, id, record } of page.letters) {
      const meant = condition === undefined || (record !== null && condition.holds(record as SourceRecord));
      if (meant === null) undecided += 1;
      if (meant === true) letters.push({ sourceId, id });
    }
    after = page.after;
  }
  return { letters, undecided };
}

/**
 * Locks those of the letters that still stand as they were listed: the very same letter, of a record that has not
 * changed since. Nothing becomes of them until the transaction ends.
 */
export async function holdLetters(
  tx: PoolClient,
  mapping: Mapping,
  letters: readonly LetterId[],
): Promise<LockedLetter[]> {
  const listed = new Map(letters.map(({ sourceId, id }) => [sourceId, id]));
  const ids = [...listed.keys()];
  // Mirror rows before links, here as in a settle.
  const versions = await lockMirrorVersions(tx, streamOf(mapping), ids);
  const locked = await lockLetters(tx, mapping.flow, ids);
  return locked.filter(
    ({ sourceId, id, version }) =>
      listed.get(sourceId) === id && BigInt(version) >= BigInt(versions.get(sourceId) ?? version),
  );
}
