/** A mistake in the values that an expression meets; the message is for the admin and reads on from the expression. */
export class ExpressionMistake extends Error {}

/**
 * What one run of an expression may take. To go to an item of a list is a step, and so is to look at a value; a long
 * text is one more for every 128 characters, a list for every 8 items. What an expression makes costs more: a text one
 * for every 16 characters, so that a run makes 16 million characters at most. It is counted and not timed, so that a
 * record has the same ending on every machine.
 */
export const mostSteps = 1_000_000;

/** The same for an expression that gives the same for every record, and is worked out while the file is read. */
export const mostConstantSteps = 10_000;

let most = mostSteps;
let left = mostSteps;

/** Begins a run. Runs go to their end one after the other, so that one counter does for all. */
export function beginSteps(steps: number): void {
  most = steps;
  left = steps;
}

/** Takes steps, or refuses to go on. */
export function takeSteps(steps: number): void {
  left -= steps;
  if (left < 0)
    throw new ExpressionMistake(
      `takes more than ${most.toLocaleString('en')} steps: the lists or texts that it goes through are too long`,
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

/** Counts what the making of a text of this many characters takes. */
export function makeText(length: number): void {
  takeSteps(1 + Math.floor(length / 16));
}

/** Counts what it took to make a value, and gives it back. */
export function made<Made>(value: Made): Made {
  if (typeof value === 'string') makeText(value.length);
  else takeSteps(Array.isArray(value) ? 1 + (value.length >>> 3) : 1);
  return value;
}
