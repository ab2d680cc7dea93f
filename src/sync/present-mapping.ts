import { isDeepStrictEqual } from 'node:util';
import type { Mapping } from '../mapping/mapping.ts';
import { keepMappingVersion } from '../store/mapping-version.ts';
import type { Standing } from '../store/link.ts';
import type { SyncContext } from './context.ts';

/**
 * The mapping as it is now: an edit is used by the next batch. One that reads or writes something else is another
 * flow's work, and waits for the next run.
 */
export async function presentMapping(
  context: SyncContext,
  mapping: Mapping,
  when: 'now' | 'when_due',
  signal: AbortSignal,
): Promise<Mapping> {
  await context.refreshMappings(when, signal);
  const now = context.mappings().find(({ flow }) => flow === mapping.flow);
  if (now === undefined || now.hash === mapping.hash || !sameEnds(now, mapping)) return mapping;
  await keepMappingVersion(context.database, now);
  return now;
}

const sameEnds = (now: Mapping, before: Mapping): boolean =>
  isDeepStrictEqual([now.read, now.write, now.writeBack], [before.read, before.write, before.writeBack]);

/**
 * Whether records of a batch were queued because the mapping has changed, and this is still the one that decided about
 * them before: then the files have not been looked at since the edit.
 */
export function isStale(mapping: Mapping, standings: readonly Standing[]): boolean {
  return standings.some(
    ({ code, mappingHash }) => code === 'mapping_changed' && mappingHash === mapping.hash,
  );
}
