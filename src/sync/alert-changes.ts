import type { Alert, AlertCause } from '../store/alert.ts';

/** An alert ends when its cause has not been found for this long: one that comes and goes is told once. */
export const goodForMs = 60_000;

/** What a round makes of the causes that it found. */
export type AlertChanges = {
  /** Causes of which no alert is open. */
  readonly raise: readonly AlertCause[];
  /** Causes whose alert is open already. */
  readonly keep: readonly AlertCause[];
  /** Keys of open alerts whose cause has been gone for long enough. */
  readonly resolve: readonly string[];
};

/**
 * Compares the causes found with the alerts that are open. Pure. `sawAll` is false where only the causes of one process
 * were looked for: then nothing ends.
 */
export function alertChanges(
  open: readonly Pick<Alert, 'key' | 'seenAt'>[],
  found: readonly AlertCause[],
  sawAll: boolean,
  now: Date,
): AlertChanges {
  const causes = new Map(found.map((cause) => [cause.key, cause]));
  const known = new Set(open.map(({ key }) => key));
  const latest = now.getTime() - goodForMs;
  return {
    raise: [...causes.values()].filter(({ key }) => !known.has(key)),
    keep: [...causes.values()].filter(({ key }) => known.has(key)),
    resolve: sawAll
      ? open.filter(({ key, seenAt }) => !causes.has(key) && seenAt.getTime() <= latest).map(({ key }) => key)
      : [],
  };
}
