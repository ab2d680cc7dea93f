/**
 * A compiled lookup: a declared synchronous read. It is pure, like a mapping: the lookup layer asks the systems what
 * the questions say, and hands the answers in.
 */
import type { SourceRecord, Value } from '../../connector/value.ts';
import type { RecordProblem } from '../mapping.ts';

/** How the key that a caller gives leads to a record. */
export type FindBy =
  /** The key is the id of the CRM record; the ERP's id stands on the link of the flow. */
  | { readonly by: 'link'; readonly flow: string }
  /** The key is the system's own id. */
  | { readonly by: 'id' }
  /** The key is the value of a field, such as a customer number. */
  | { readonly by: 'field'; readonly field: string };

/** What a field of a list's records must be: one of some values, or the id of a record that another question found. */
export type ListCondition =
  | { readonly field: string; readonly isOneOf: readonly string[] }
  | { readonly field: string; readonly isRecord: string };

/** One thing that is asked of one system. `fields` are what the reply reads of the answer. */
export type Question = {
  /** The name under which the reply's rules find the answer. */
  readonly name: string;
  readonly connection: string;
  /** Whether the connection is read as a source (a CRM's entity) or as a sink (an ERP's). */
  readonly side: 'source' | 'sink';
  readonly entity: string;
  readonly fields: readonly string[];
  /** Those of `fields` that not every system has: where one is missing it is null, and nothing is refused. */
  readonly optional: readonly string[];
  /** Related records to nest, for a source. */
  readonly with: readonly string[];
} & (
  | {
      readonly kind: 'record';
      readonly find: FindBy;
      /** Whether the lookup goes on without it. */ readonly mayBeMissing: boolean;
    }
  | {
      readonly kind: 'list';
      readonly where: readonly ListCondition[];
      readonly order: { readonly field: string; readonly descending: boolean } | null;
      /** At most so many records are read and told; whether there are more is told, too. */
      readonly atMost: number;
      /** Where a system has no such entity or condition field, the list is null, and nothing is refused. */
      readonly mayBeAbsent: boolean;
    }
);

/** What a question brought: a record with its `id`, the rows of a list, or null where nothing was found. */
export type Answer =
  | { readonly kind: 'record'; readonly record: SourceRecord | null }
  | { readonly kind: 'list'; readonly rows: readonly SourceRecord[] | null; readonly more: boolean };

/** A value of a reply: decimals, dates and instants are text. */
export type ReplyValue = Value;

/** How the mapping of the answers ends. `cut` names the lists that hold more than was read. */
export type LookupEnding =
  | {
      readonly kind: 'reply';
      readonly reply: { readonly [name: string]: ReplyValue };
      readonly cut: readonly string[];
    }
  | { readonly kind: 'rejected'; readonly problems: readonly RecordProblem[] };

/**
 * What is known of a flow that a lookup may go along: its links, or that it writes what is asked for. It is known of
 * files with a problem as well.
 */
export type FlowEnds = {
  readonly flow: string;
  readonly read: { readonly from: string; readonly entity: string };
  readonly write: { readonly to: string; readonly entity: string };
};

export type Lookup = {
  readonly name: string;
  readonly about: string;
  /** Path of the file, as shown to people. */
  readonly file: string;
  readonly text: string;
  /** Hash of the file and of the value files it uses: answers of an older version are not given any more. */
  readonly hash: string;
  readonly questions: readonly Question[];
  /** All are asked at once and merged, or one after the other until one finds its record. */
  readonly ask: 'all' | 'first';
  readonly deadlineMs: number;
  /** How long an answer is given again without asking; 0 asks every time. */
  readonly ttlMs: number;
  /** An answer that is asked for within so many milliseconds before its end is renewed behind the caller's back; 0 never. */
  readonly refreshAheadMs: number;
  /** How long after its end an answer may be given where the system does not answer; 0 never. */
  readonly staleForMs: number;
  /** What is answered when the systems do not, in this order; empty refuses. */
  readonly fallback: readonly ('stale' | 'mirror')[];
  /** Flows whose deliveries change the answer: those of the links, and those that write an entity that is asked for. */
  readonly flows: readonly string[];
  /**
   * Which fields of which answers each part of the reply is made of (`field` null: the answer as a whole), so that it can
   * be told what is not known where only some of the fields are.
   */
  readonly reads: readonly {
    readonly into: string;
    readonly question: string;
    readonly field: string | null;
  }[];
  /** Makes the reply of the answers, by the names of their questions. */
  readonly run: (
    answers: { readonly [question: string]: Answer },
    given: { readonly now: string },
  ) => LookupEnding;
};
