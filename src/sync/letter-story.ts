import type { SourceRecord } from '../connector/value.ts';
import type { RecordProblem, Reference } from '../mapping/mapping.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type KeptLetter, readLetter } from '../store/dead-letter.ts';
import { loadLinked, loadStandings } from '../store/link.ts';
import type { Payload } from '../store/payload.ts';
import type { SyncContext } from './context.ts';
import { type Decision, decideSafely } from './decide.ts';
import { explain, type Explanation, type ExplainOptions } from './explain.ts';

/** What the mapping of today makes of the record as it was last seen. */
export type Today = {
  readonly would: Decision['do'];
  readonly payload: Payload | null;
  readonly problems: readonly RecordProblem[];
  readonly waitsFor: readonly Reference[];
};

/** Everything that a person needs to clear a dead letter. */
export type LetterStory = Explanation & {
  /** The newest state that the source has shown. */
  readonly sourceRecord: SourceRecord | null;
  /** What was put aside: what was sent, and what was answered. Null when the record is not dead. */
  readonly letter: KeptLetter | null;
  /** False where nothing of a payload is kept, because the configuration says so. */
  readonly keepsPayload: boolean;
  readonly today: Today | null;
};

/** Tells the story of a record that was put aside, or gives null when the source has never shown it. Asks no system. */
export async function letterStory(
  context: Pick<SyncContext, 'database' | 'now' | 'keepsPayloads'>,
  mapping: Mapping,
  sourceId: string,
  options: ExplainOptions,
): Promise<LetterStory | null> {
  const explanation = await explain(context, mapping, sourceId, options);
  if (explanation === null) return null;
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const [standing] = await loadStandings(context.database, mapping.flow, stream, [sourceId]);
  const record = standing?.record ?? null;
  const references = record === null || standing?.deleted ? [] : mapping.references(record);
  const linked = await loadLinked(context.database, references);
  const given = { linked, now: context.now().toISOString(), found: null };
  const decision = standing === undefined ? null : decideSafely(mapping, standing, given, () => {});
  return {
    ...explanation,
    sourceRecord: record,
    letter: await readLetter(context.database, mapping.flow, sourceId),
    keepsPayload: context.keepsPayloads(mapping.flow),
    today: decision && todayOf(decision),
  };
}

const todayOf = (decision: Decision): Today => ({
  would: decision.do,
  payload: 'item' in decision ? { fields: decision.item.fields, lines: decision.item.lines } : null,
  problems: decision.do === 'reject' ? decision.problems : [],
  waitsFor: decision.do === 'park' ? decision.for : [],
});
