import type { CompiledMapping } from '../mapping/compile.ts';
import { decidedByAnother, decidedSince, notePlanned, type Planned, readPlanned } from '../store/planned.ts';
import type { SyncContext } from './context.ts';
import { planPages } from './plan.ts';

/**
 * How many records a plan of the flow would change, beside those that are queued anyway: null while no mapping but the
 * present one has decided about any. Computed once for each version of the mapping, and again when a run has decided
 * about records since.
 */
export async function countPlannedChanges(
  context: Pick<SyncContext, 'database' | 'now'>,
  mapping: CompiledMapping,
  signal: AbortSignal,
): Promise<Planned | null> {
  if (!(await decidedByAnother(context.database, mapping.flow, mapping.hash))) return null;
  const known = await readPlanned(context.database, mapping.flow);
  if (
    known?.mappingHash === mapping.hash &&
    !(await decidedSince(context.database, mapping.flow, known.plannedAt))
  )
    return known;
  let records = 0;
  for await (const page of planPages(context, mapping, signal))
    records += page.filter(({ changed, queued }) => changed && !queued).length;
  return notePlanned(context.database, mapping.flow, mapping.hash, records);
}
