import type { Mapping } from '../mapping/mapping.ts';
import { type Live, liveChangesOfPage } from './plan-live.ts';
import type { FieldChange } from './payload-diff.ts';
import { changesOfPage, countPlanned, type PlannedEnding, type PlannedRecord, planPages } from './plan.ts';
import type { ReadingContext } from './reading.ts';

/** One record of the sample. */
export type PlanSample = Pick<PlannedRecord, 'id' | 'targetId' | 'ending' | 'was' | 'reason' | 'queued'> & {
  /** Field by field; null when the former payload is not kept. */
  readonly changes: readonly FieldChange[] | null;
};

/** What the present mapping would change, counted exactly over every mirrored record. */
export type Plan = {
  readonly flow: string;
  readonly mappingHash: string;
  /** Against what the ERP holds now, or against what was last delivered. */
  readonly comparedWith: 'delivered' | 'live';
  readonly records: number;
  /** Every record by its ending; they add up to `records`. */
  readonly endings: Readonly<Record<PlannedEnding, number>>;
  /** Records that `resync --changed` sends, and how many of them are queued anyway. */
  readonly changed: number;
  readonly queuedAnyway: number;
  /** Changed records by ending. */
  readonly changedByEnding: Readonly<Record<PlannedEnding, number>>;
  /** How many updates change a field, the most frequent first. */
  readonly fields: readonly { readonly field: string; readonly records: number }[];
  /** Why changed records would be skipped, wait or be rejected: codes and how many. */
  readonly codes: readonly { readonly code: string; readonly records: number }[];
  /** Updates of which the former payload is not kept, so that they are missing from `fields`. */
  readonly unknownBefore: number;
  /** With live values: ERP records that differ although nothing new would be sent, and those that are gone. */
  readonly drifted: number;
  readonly missing: number;
  readonly sample: readonly PlanSample[];
};

export type PlanOptions = {
  readonly sample: number;
  readonly live: Live | null;
  readonly onProgress: (done: number, total: number) => void;
};

/** Computes a plan from the mirror, with the present mapping. Nothing is written anywhere. */
export async function planFlow(
  context: ReadingContext,
  mapping: Mapping,
  { sample, live, onProgress }: PlanOptions,
  signal: AbortSignal,
): Promise<Plan> {
  const tally = emptyTally();
  const total = await countPlanned(context, mapping);
  const description = live && (await live.sink.describe(mapping.write.entity, signal));
  for await (const page of planPages(context, mapping, signal)) {
    const changes =
      live === null || description === null
        ? await changesOfPage(context, mapping, page)
        : await liveChangesOfPage(context, live, mapping, description, page, signal);
    for (const record of page) add(tally, record, changes, live !== null, sample);
    onProgress(tally.records, total);
  }
  const { fields, codes, ...counts } = tally;
  return {
    flow: mapping.flow,
    mappingHash: mapping.hash,
    comparedWith: live === null ? 'delivered' : 'live',
    ...counts,
    fields: mostFrequent(fields).map(([field, records]) => ({ field, records })),
    codes: mostFrequent(codes).map(([code, records]) => ({ code, records })),
  };
}

const noEndings: Record<PlannedEnding, number> = {
  create: 0,
  update: 0,
  unchanged: 0,
  remove: 0,
  skipped: 0,
  waiting: 0,
  rejected: 0,
  gone: 0,
};

type Changes = ReadonlyMap<string, readonly FieldChange[] | null | 'missing'>;

const emptyTally = () => ({
  records: 0,
  endings: { ...noEndings },
  changed: 0,
  queuedAnyway: 0,
  changedByEnding: { ...noEndings },
  fields: new Map<string, number>(),
  codes: new Map<string, number>(),
  unknownBefore: 0,
  drifted: 0,
  missing: 0,
  sample: [] as PlanSample[],
});
type Tally = ReturnType<typeof emptyTally>;

function add(tally: Tally, record: PlannedRecord, all: Changes, live: boolean, sampleSize: number): void {
  tally.records += 1;
  tally.endings[record.ending] += 1;
  const changes = all.get(record.id);
  if (changes === 'missing') tally.missing += 1;
  const found = Array.isArray(changes) ? (changes as readonly FieldChange[]) : [];
  if (live && record.ending === 'unchanged' && found.length > 0) tally.drifted += 1;
  const groups = new Set(found.map(({ group }) => group));
  const seen = [...groups].every((group) => tally.fields.has(group));
  for (const group of groups) tally.fields.set(group, (tally.fields.get(group) ?? 0) + 1);
  if (record.changed) {
    tally.changed += 1;
    tally.changedByEnding[record.ending] += 1;
    if (record.queued) tally.queuedAnyway += 1;
    if (changes === null) tally.unknownBefore += 1;
    for (const code of codesOf(record)) tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
  }
  const worthShowing = record.changed || found.length > 0 || changes === 'missing';
  // A record that shows a field for the first time is worth a place even when the sample is full.
  if (!worthShowing || (tally.sample.length >= sampleSize && (seen || tally.sample.length >= 2 * sampleSize)))
    return;
  const { id, targetId, ending, was, reason, queued } = record;
  tally.sample.push({
    id,
    targetId,
    ending,
    was,
    queued,
    reason: changes === 'missing' ? 'the ERP does not have it any more' : reason,
    changes: sampleChanges(record, changes),
  });
}

function sampleChanges(
  record: PlannedRecord,
  changes: readonly FieldChange[] | null | 'missing' | undefined,
): readonly FieldChange[] | null {
  if (changes === undefined) return record.ending === 'create' ? created(record) : [];
  return changes === 'missing' ? [] : changes;
}

/** The code of every problem once, or why the record is left out or waits. */
function codesOf({ decision }: PlannedRecord): readonly string[] {
  if (decision.do === 'reject') return [...new Set(decision.problems.map(({ code }) => code))];
  if (decision.do === 'park') return ['waiting'];
  return 'code' in decision ? [decision.code] : [];
}

/** What a create would write. */
function created({ decision }: PlannedRecord): FieldChange[] {
  if (decision.do !== 'create') return [];
  return Object.entries(decision.item.fields).map(([field, value]) => ({ field, group: field, new: value }));
}

function mostFrequent(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}
