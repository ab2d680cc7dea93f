import type { Value } from '../connector/value.ts';
import type { FieldChange } from './payload-diff.ts';

/** The kinds of finding, in the order in which they are told. */
export const findingKinds = ['missing', 'extra', 'stale', 'changed', 'duplicated', 'gone'] as const;

/**
 * `missing`: due in the ERP, and no record there. `extra`: an ERP record bears our key and nothing stands behind it.
 * `stale`: the ERP holds an older state than the CRM. `changed`: a field that Causeway wrote holds something else.
 * `duplicated`: two records where there should be one. `gone`: mirrored, and no longer in the CRM.
 */
export type FindingKind = (typeof findingKinds)[number];

/**
 * How the normal path mends it: read and sent `again`, `created` again because the ERP record is gone, taken in as a
 * `removed` record of the source. Null where only a person can.
 */
export type Repair = 'again' | 'created' | 'removed';

export type Finding = {
  readonly kind: FindingKind;
  /** The id in the source; null where none is known. */
  readonly id: string | null;
  readonly targetId: string | null;
  readonly reason: string;
  /** `old` is what the ERP holds, `new` what it should hold. */
  readonly changes: readonly FieldChange[];
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  /** A change that no event and no poll had delivered. */
  readonly missed: boolean;
  readonly repair: Repair | null;
};

/** Why records differ and are no finding: how many, and since when the oldest of them. */
export type Excused = { readonly as: string; readonly records: number; readonly since: Date | null };

export type AuditSample = Omit<Finding, 'changes' | 'repair'> & {
  readonly fields: readonly { readonly field: string; readonly expected: Value; readonly found: Value }[];
};

export type Tally = {
  find(finding: Finding): void;
  excuse(as: string, since: Date | null): void;
  /** What could not be looked at, in a sentence. */
  leaveOut(sentence: string): void;
  findings(): Readonly<Record<FindingKind, number>>;
  missed(): number;
  excused(): readonly Excused[];
  leftOut(): readonly string[];
  sample(): readonly AuditSample[];
};

const none = { changes: [], changedAt: null, changedBy: null, missed: false, repair: null } as const;

/** Makes a finding; what is not said is empty. */
export function finding(
  given: Pick<Finding, 'kind' | 'id' | 'targetId' | 'reason'> & Partial<Finding>,
): Finding {
  return { ...none, ...given };
}

/** Counts exactly, and keeps the first `sampleSize` findings of each kind. */
export function tally(sampleSize: number, onFinding: (finding: Finding) => void): Tally {
  const counts: Record<FindingKind, number> = {
    missing: 0,
    extra: 0,
    stale: 0,
    changed: 0,
    duplicated: 0,
    gone: 0,
  };
  const excused = new Map<string, { records: number; since: Date | null }>();
  const leftOut = new Set<string>();
  const samples: AuditSample[] = [];
  let missed = 0;
  return {
    find(found) {
      counts[found.kind] += 1;
      if (found.missed) missed += 1;
      if (counts[found.kind] <= sampleSize) samples.push(sampleOf(found));
      onFinding(found);
    },
    excuse(as, since) {
      const before = excused.get(as) ?? { records: 0, since: null };
      excused.set(as, { records: before.records + 1, since: earlier(before.since, since) });
    },
    leaveOut: (sentence) => void leftOut.add(sentence),
    findings: () => ({ ...counts }),
    missed: () => missed,
    excused: () => [...excused].map(([as, rest]) => ({ as, ...rest })).sort((a, b) => b.records - a.records),
    leftOut: () => [...leftOut],
    sample: () => samples.toSorted((a, b) => findingKinds.indexOf(a.kind) - findingKinds.indexOf(b.kind)),
  };
}

const earlier = (one: Date | null, other: Date | null): Date | null =>
  one === null || other === null ? (one ?? other) : one <= other ? one : other;

function sampleOf({ changes, repair: _repair, ...found }: Finding): AuditSample {
  return {
    ...found,
    fields: changes.map(({ field, old, new: value }) => ({
      field,
      expected: value ?? null,
      found: old ?? null,
    })),
  };
}
