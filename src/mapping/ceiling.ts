import type { Declaration } from './declaration.ts';
import type { Report } from './report.ts';

/** How many records at once are too many to go on without asking a person; null asks by the other measure alone. */
export type Ceiling = { readonly count: number | null; readonly percent: number | null };

/** `changes` is null where a flow has no ceiling for them. */
export type Ceilings = { readonly removals: Ceiling; readonly changes: Ceiling | null };

/** So many records are never too many by their share alone: of ten records one would be. */
export const smallest = 20;

/** What stands where a mapping says nothing. */
export const defaultCeiling = { count: 500, percent: 10 };

/** The ceilings of a flow. Each measure of removals that is left out has its default. */
export function ceilingsOf({ ceiling }: Declaration, report: Report): Ceilings {
  const { removals, changes } = ceiling ?? {};
  if (ceiling !== undefined && removals === undefined && changes === undefined)
    report('mapping_missing_key', '`ceiling` has neither `removals` nor `changes`', ['ceiling'], 'key');
  for (const [kind, measures] of Object.entries({ removals, changes }))
    if (measures !== undefined && measures.count === undefined && measures.percent === undefined)
      report(
        'mapping_missing_key',
        `\`${kind}\` has neither \`count\` nor \`percent\``,
        ['ceiling', kind],
        'key',
      );
  return {
    removals: {
      count: removals?.count ?? defaultCeiling.count,
      percent: removals?.percent ?? defaultCeiling.percent,
    },
    changes:
      changes === undefined ? null : { count: changes.count ?? null, percent: changes.percent ?? null },
  };
}

/** Whether so many of all the linked records are too many. */
export function exceeds({ count, percent }: Ceiling, due: number, linked: number): boolean {
  if (count !== null && due > count) return true;
  return percent !== null && due > smallest && due * 100 > percent * linked;
}

/** The ceiling in words, as it completes "more than". */
export function ceilingInWords({ count, percent }: Ceiling): string {
  const measures = [
    ...(count === null ? [] : [String(count)]),
    ...(percent === null ? [] : [`${percent} percent of the linked ones`]),
  ];
  return measures.join(' or ');
}
