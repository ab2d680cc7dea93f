/** Where in a file a problem stands; line and column count from 1. */
export type Position = { readonly file: string; readonly line: number; readonly column: number };

/**
 * One problem that a person can act on. `code` is stable and stands in the catalogue and in docs/errors.md;
 * `message` says what happened, to which record, field and value; `remedy` says what to do about it.
 */
export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly at?: Position;
  /** The source line with a mark under the place, ready to print. */
  readonly frame?: string;
};

/** An error that a user meets: all problems at once, never only the first. */
export class CausewayError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.code}: ${problem.message}`).join('\n'));
    this.name = 'CausewayError';
    this.problems = problems;
  }
}
