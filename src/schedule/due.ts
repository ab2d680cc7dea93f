import type { Mapping } from '../mapping/mapping.ts';

type Scheduled = Pick<Mapping, 'flow' | 'schedule' | 'scheduleTimezone' | 'read'>;

/**
 * Keeps an eye on the times at which streams should be read. Gives the function that says which time has passed without
 * the stream having been read to its end since: the earliest of those that passed in the life of this process, or null.
 */
export function dueReadings(
  mappings: () => readonly Scheduled[],
  nextRun: (mapping: Scheduled) => Date | null,
  now: () => Date,
): (stream: {
  readonly connection: string;
  readonly entity: string;
  readonly caughtUpAt: Date | null;
}) => Date | null {
  const coming = new Map<string, { readonly rule: string; readonly at: Date | null }>();
  const missed = new Map<string, Date>();
  /** The time of the flow that has passed since it was looked at last, or null. */
  const passed = (mapping: Scheduled): Date | null => {
    const rule = `${mapping.schedule ?? ''} ${mapping.scheduleTimezone}`;
    const known = coming.get(mapping.flow);
    const due = known?.rule === rule && known.at !== null && known.at <= now() ? known.at : null;
    if (known?.rule !== rule || due !== null) coming.set(mapping.flow, { rule, at: nextRun(mapping) });
    return due;
  };
  return ({ connection, entity, caughtUpAt }) => {
    const stream = `${connection}/${entity}`;
    const before = missed.get(stream);
    if (before !== undefined && caughtUpAt !== null && caughtUpAt >= before) missed.delete(stream);
    for (const mapping of mappings()) {
      if (mapping.read.from !== connection || mapping.read.entity !== entity) continue;
      const due = passed(mapping);
      if (due === null || (caughtUpAt !== null && caughtUpAt >= due)) continue;
      const earlier = missed.get(stream);
      if (earlier === undefined || due < earlier) missed.set(stream, due);
    }
    return missed.get(stream) ?? null;
  };
}
