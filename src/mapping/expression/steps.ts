/** A mistake in the values that an expression meets; the message is for the admin and reads on from the expression. */
export class ExpressionMistake extends Error {}

/**
 * What one run of an expression may take: to go to an item of a list is a step, and so is to look at a value; a long
 * text is one more for every 128 characters, a list for every 8 items. It is counted and not timed, so that a record
 * has the same ending on every machine.
 */
export const mostSteps = 1_000_000;

let left = mostSteps;

/** Begins a run. Runs go to their end one after the other, so that one counter does for all. */
export function beginSteps(): void {
  left = mostSteps;
}

/** Takes steps, or refuses to go on. */
export function takeSteps(steps: number): void {
  left -= steps;
  if (left < 0)
    throw new ExpressionMistake(
      `takes more than ${mostSteps.toLocaleString('en')} steps: the lists or texts that it goes through are too long`,
    );
}

/** Counts what it takes to look at a value, and gives it back. */
export function lookAt(value: unknown): unknown {
  takeSteps(
    typeof value === 'string'
      ? 1 + (value.length >>> 7)
      : Array.isArray(value)
        ? 1 + (value.length >>> 3)
        : 1,
  );
  return value;
}
