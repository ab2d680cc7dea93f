import type { Mapping } from '../mapping/mapping.ts';
import { loadLinked } from '../store/link.ts';
import { loadPayloads } from '../store/payload.ts';
import type { Standing } from '../store/link.ts';
import { countMirrored, pageOfStandings } from '../store/standing-page.ts';
import { refusedFor, waitsFor } from './conclude.ts';
import { type Decision, decideSafely } from './decide.ts';
import { payloadChanges, type FieldChange } from './payload-diff.ts';
import type { ReadingContext } from './reading.ts';

/** What a delivery with the present mapping would come to. */
export type PlannedEnding =
  | 'create'
  | 'update'
  | 'unchanged'
  | 'remove'
  | 'skipped'
  | 'waiting'
  | 'rejected'
  | 'gone';

/** What the present mapping makes of one mirrored record, beside how it stands. */
export type PlannedRecord = {
  readonly id: string;
  readonly targetId: string | null;
  readonly ending: PlannedEnding;
  /** Its state before; null for a record that the flow has not decided about yet. */
  readonly was: string | null;
  /** Why it is skipped, waits, is rejected or is removed. */
  readonly reason: string | null;
  /** It would come out differently from how it stands: `resync --changed` sends it. */
  readonly changed: boolean;
  /** It is queued already, because it changed in the source or was held; the next run sends it anyway. */
  readonly queued: boolean;
  readonly decision: Decision;
  readonly standing: Standing;
};

const pageSize = 1000;

type PlanContext = Pick<ReadingContext, 'database' | 'now'>;

/**
 * Decides about every mirrored record of a flow with its present mapping, a page at a time, in id order. Reads the
 * database alone, and writes nothing; the next page is fetched while one is worked on.
 */
export async function* planPages(
  context: PlanContext,
  mapping: Mapping,
  signal: AbortSignal,
): AsyncGenerator<readonly PlannedRecord[]> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const fetchPage = (after: string): Promise<Standing[]> =>
    pageOfStandings(context.database, mapping.flow, stream, after, pageSize);
  let page = await fetchPage('');
  while (page.length > 0) {
    signal.throwIfAborted();
    const next = page.length < pageSize ? Promise.resolve([]) : fetchPage(page.at(-1)?.sourceId ?? '');
    // Whoever stops listening between two pages leaves a promise behind that must not fail unheard.
    next.catch(() => {});
    yield await planPage(context, mapping, page);
    page = await next;
  }
}

/** How many records a plan of the flow goes through. */
export function countPlanned(context: PlanContext, mapping: Mapping): Promise<number> {
  return countMirrored(context.database, { connection: mapping.read.from, entity: mapping.read.entity });
}

/** Decides about the records of one page with the present mapping. */
export async function planPage(
  context: PlanContext,
  mapping: Mapping,
  page: readonly Standing[],
): Promise<PlannedRecord[]> {
  const references = page.flatMap((s) =>
    s.record === null || s.deleted ? [] : mapping.references(s.record),
  );
  const linked = await loadLinked(context.database, references);
  const now = context.now().toISOString();
  return page.map((standing) => {
    const decision = decideSafely(mapping, standing, { linked, now, found: null }, () => {});
    return plannedRecord(mapping, standing, decision);
  });
}

function plannedRecord(mapping: Mapping, standing: Standing, decision: Decision): PlannedRecord {
  return {
    id: standing.sourceId,
    targetId: standing.targetId,
    ending: endings[decision.do],
    was: standing.state,
    reason: reasonOf(decision),
    changed: differs(mapping, standing, decision),
    queued: standing.behind || underway.has(standing.state ?? 'pending'),
    decision,
    standing,
  };
}

const endings: { readonly [what in Decision['do']]: PlannedEnding } = {
  create: 'create',
  update: 'update',
  unchanged: 'unchanged',
  remove: 'remove',
  skip: 'skipped',
  gone: 'gone',
  park: 'waiting',
  reject: 'rejected',
};

/** States of records that have a job already. */
const underway: ReadonlySet<string> = new Set(['pending', 'retrying', 'in_doubt']);

function reasonOf(decision: Decision): string | null {
  if (decision.do === 'park') return waitsFor(decision.for);
  if (decision.do === 'reject') return refusedFor(decision.problems);
  return 'reason' in decision ? decision.reason : null;
}

/** Whether a record would come out differently from how it stands. */
function differs(mapping: Mapping, standing: Standing, decision: Decision): boolean {
  const { state, reason, code } = standing;
  // What a person has dropped stays out until it changes in the source, or is asked for by name.
  if (state === 'skipped' && code === 'dropped' && !standing.behind) return false;
  switch (decision.do) {
    case 'create':
    case 'update':
      // What the ERP refused as this very mapping made it would be refused again.
      return state !== 'dead' || standing.mappingHash !== mapping.hash;
    case 'remove':
      return state !== 'removed';
    case 'unchanged':
      return state !== 'synced' && !standing.behind && !underway.has(state ?? 'pending');
    case 'skip':
      return state !== 'skipped';
    case 'gone':
      return state !== 'removed';
    case 'park':
      return state !== 'waiting' || reason !== waitsFor(decision.for);
    case 'reject':
      return state !== 'dead' || reason !== refusedFor(decision.problems);
  }
}

/**
 * The fields in which records of a page would change, by id, against what was last delivered. Null for an update of
 * which the former payload is not kept.
 */
export async function changesOfPage(
  context: PlanContext,
  mapping: Mapping,
  page: readonly PlannedRecord[],
): Promise<Map<string, readonly FieldChange[] | null>> {
  const updates = page.filter(({ ending, changed }) => ending === 'update' && changed);
  const payloads = await loadPayloads(
    context.database,
    mapping.flow,
    updates.map(({ id }) => id),
  );
  return new Map(
    updates.map(({ id, decision }) => {
      const before = payloads.get(id);
      const output = decision.do === 'update' ? decision.output : null;
      return [id, before === undefined || output === null ? null : payloadChanges(before, output)];
    }),
  );
}
