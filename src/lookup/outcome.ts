import type { FaultKind } from '../connector/fault.ts';
import type { RecordProblem } from '../mapping/mapping.ts';

/** Where an answer comes from: asked now, kept and still good, kept and past its time, or what Causeway last sent. */
export const origins = ['live', 'cache', 'stale', 'mirror'] as const;
export type Origin = (typeof origins)[number];

/** An answer with its age. `text` is a JSON object without its closing brace, so that the age can be put behind it. */
export type Replied = {
  readonly kind: 'reply';
  readonly origin: Origin;
  readonly text: string;
  /** The instant, in milliseconds since 1970, up to which the answer is true: just before the systems were asked. */
  readonly asOf: number;
  readonly ageMs: number;
  /** How long the answer is given again without asking; 0 where it is past that, or never is. */
  readonly freshForMs: number;
  /** How long after that it may be given where the systems do not answer. */
  readonly staleForMs: number;
  /** How long the systems took for this caller; 0 where they were not asked. */
  readonly vendorMs: number;
};

/** Where the CRM record stands whose ERP record is asked for and is not there yet. */
export type NotLinked = {
  readonly flow: string;
  readonly id: string;
  readonly state: string;
  /** A sentence that a salesperson understands. */
  readonly message: string;
  readonly next: string;
  readonly nextCheckAfterSeconds: number | null;
};

/** Why there is no answer. Each is told apart, and says when to ask again where that helps. */
export type Refusal =
  | { readonly kind: 'not_found'; readonly sentence: string }
  | { readonly kind: 'not_unique'; readonly sentence: string }
  | { readonly kind: 'not_linked'; readonly standing: NotLinked }
  | { readonly kind: 'late'; readonly deadlineMs: number; readonly retryAfterSeconds: number }
  | {
      readonly kind: 'unavailable';
      /** The connection that does not answer, or `database`. */
      readonly system: string;
      readonly sentence: string;
      readonly retryAfterSeconds: number;
    }
  | {
      /** The system refuses the question, and would refuse it again. */
      readonly kind: 'refused';
      readonly system: string;
      readonly fault: FaultKind;
      readonly sentence: string;
    }
  | { readonly kind: 'too_many'; readonly sentence: string; readonly retryAfterSeconds: number }
  | { readonly kind: 'rejected'; readonly problems: readonly RecordProblem[] };

export type Outcome = Replied | Refusal;

/** Every way in which a lookup can end, for counting: the origins of answers, and the refusals. */
export const endings = [
  ...origins,
  'not_found',
  'not_unique',
  'not_linked',
  'late',
  'unavailable',
  'refused',
  'too_many',
  'rejected',
] as const;
export type EndingName = (typeof endings)[number];

/** Under which name an outcome is counted. */
export const endingOf = (outcome: Outcome): EndingName =>
  outcome.kind === 'reply' ? outcome.origin : outcome.kind;

/** Carries a refusal through the work that finds it out. It is no defect and holds no payload. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}
