/**
 * A compiled mapping: pure, deterministic, without clock, disk, network or randomness. The sync layer loads what
 * it needs beforehand (the links of the references) and hands it in.
 */
import type { LinesValue, Removal } from '../connector/contract.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { SourceText } from '../errors/source-text.ts';
import type { Ceilings } from './ceiling.ts';

/** A record of another flow that a record refers to. */
export type Reference = { readonly flow: string; readonly id: string };

/** One thing that is wrong with a record, in words that an admin can act on. */
export type RecordProblem = {
  readonly code: string;
  /** The ERP field whose rule failed. */
  readonly field: string;
  readonly message: string;
};

/** The four endings of a mapping, and no others. */
export type Ending =
  | {
      readonly kind: 'record';
      /** What to write; the fields named in `createOnly` are left out of updates, those in `updateOnly` of creates. */
      readonly fields: { readonly [field: string]: Value };
      readonly lines: { readonly [field: string]: LinesValue };
      readonly createOnly: readonly string[];
      readonly updateOnly: readonly string[];
    }
  | { readonly kind: 'skipped'; readonly code: string; readonly reason: string }
  | { readonly kind: 'rejected'; readonly problems: readonly RecordProblem[] }
  | { readonly kind: 'waiting'; readonly for: readonly Reference[] };

/** Everything that a run may know beside the record. */
export type Given = {
  /** The ERP id that a reference is linked to, or null when it is not linked yet. */
  readonly linked: (reference: Reference) => string | null;
  /** The instant of the decision, ISO 8601 in UTC. */
  readonly now: string;
  /** Entries that take the place of those of a value map, by its name: for the cases of a test file. */
  readonly valueMaps?: { readonly [map: string]: { readonly [from: string]: string } };
  /** Hears of each row of a value map that is used: for the coverage of a test file. */
  readonly onMapped?: (map: string, from: string) => void;
};

export type WriteBack = { readonly to: string; readonly field: string; readonly from: string };

/** The ERP record keeps its values, is deactivated, cancelled or deleted. */
export type LeavePolicy = 'keep' | Removal;

export type Mapping = {
  readonly flow: string;
  /** Its name under `also` of the file; null for the flow of the file itself. */
  readonly part: string | null;
  readonly about: string;
  /** Path of the file, as shown to people. */
  readonly file: string;
  readonly text: string;
  /** The value files that it uses, as they were read. */
  readonly valueFiles: readonly SourceText[];
  /** Hash of the file and of every value file it uses; stands on each delivery that it made. */
  readonly hash: string;
  readonly read: { readonly from: string; readonly entity: string; readonly with: readonly string[] };
  readonly write: { readonly to: string; readonly entity: string; readonly key: string | null };
  /** Cron expression, `continuous`, or null: only on request. */
  readonly schedule: string | null;
  readonly scheduleTimezone: string;
  readonly freshnessSeconds: number | null;
  /** How often all ids of the source are listed; null: only on request. */
  readonly fullScanSeconds: number | null;
  readonly whenItLeaves: LeavePolicy;
  readonly whenDeleted: LeavePolicy;
  readonly ceiling: Ceilings;
  /** Flows that this one refers to: they are carried first. */
  readonly refersTo: readonly string[];
  readonly writeBack: readonly WriteBack[];
  /** Which links a record needs, so that a whole batch is loaded in one query. */
  readonly references: (record: SourceRecord) => readonly Reference[];
  readonly run: (record: SourceRecord, given: Given) => Ending;
};
