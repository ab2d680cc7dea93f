/**
 * The kinds of remote failure. A connector's `classify` gives exactly one of these for every failure, and
 * {@link faultTable} says what follows; nothing else in Causeway looks at a vendor's status or message.
 */
export const faultKinds = [
  'transient',
  'rate_limited',
  'auth',
  'config',
  'conflict',
  'invalid_record',
  'missing_reference',
  'not_found',
  'ambiguous',
  'bug',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What the sync does with the record: the right-hand column of the fault table. */
export type FaultAction = 'retry' | 'hold' | 'pause' | 'again' | 'dead' | 'park' | 'recreate' | 'in_doubt';

/** One row of the fault table. `usesAttempt` says whether the record comes closer to the dead letters. */
export type FaultRule = {
  readonly action: FaultAction;
  readonly usesAttempt: boolean;
  readonly says: string;
};

/** One table for every vendor: the fault kind decides what happens to the record. */
export const faultTable: Readonly<Record<FaultKind, FaultRule>> = {
  transient: { action: 'retry', usesAttempt: true, says: 'will be tried again, a little later each time' },
  rate_limited: {
    action: 'hold',
    usesAttempt: false,
    says: 'waits until the other system takes requests again',
  },
  auth: {
    action: 'pause',
    usesAttempt: false,
    says: 'waits until the credentials of the connection are mended',
  },
  config: {
    action: 'pause',
    usesAttempt: false,
    says: 'waits until the settings of the connection are mended',
  },
  conflict: { action: 'again', usesAttempt: true, says: 'will be read and decided again' },
  invalid_record: {
    action: 'dead',
    usesAttempt: true,
    says: 'is a dead letter until the record or the mapping is mended',
  },
  missing_reference: { action: 'park', usesAttempt: false, says: 'waits for the record that it refers to' },
  not_found: { action: 'recreate', usesAttempt: true, says: 'is gone from the other system' },
  ambiguous: {
    action: 'in_doubt',
    usesAttempt: false,
    says: 'was sent and not answered; it is looked up before it is sent again',
  },
  bug: {
    action: 'dead',
    usesAttempt: true,
    says: 'is a dead letter because of a defect, and an alert was raised',
  },
};

/** A field at fault, with the sentence the vendor (or the mapping) gave for it. Never carries a value of a secret. */
export type FieldFault = { readonly field: string; readonly message: string };

/** Everything a {@link Fault} can say. `message` is for a person and holds no secret and no full payload. */
export type FaultDetails = {
  readonly kind: FaultKind;
  /** Stable, snake_case, prefixed by the vendor where it is the vendor's: `odoo_validation_error`. */
  readonly code: string;
  readonly message: string;
  readonly fields?: readonly FieldFault[];
  /** How long the vendor asks to wait, in milliseconds; only with `rate_limited` and `transient`. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
};

/** A classified remote failure. Thrown for a whole call, or carried by the outcome of one item. */
export class Fault extends Error {
  readonly kind: FaultKind;
  readonly code: string;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | null;

  constructor(details: FaultDetails) {
    super(details.message, { cause: details.cause });
    this.name = 'Fault';
    this.kind = details.kind;
    this.code = details.code;
    this.fields = details.fields ?? [];
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** Gives back a Fault as it is, and makes anything else a `bug`, so that no failure goes unclassified. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const message = error instanceof Error ? error.message : 'something that is not an Error was thrown';
  return new Fault({ kind: 'bug', code: 'unclassified', message, cause: error });
}
