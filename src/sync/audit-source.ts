import type { Change, ChangesRequest, Cursor, Found, Page } from '../connector/contract.ts';
import type { SourceRecord } from '../connector/value.ts';
import { type AuditRow, mirroredPrints, rowsForAudit } from '../store/audit-page.ts';
import { listCursors } from '../store/cursor.ts';
import { loadLinked } from '../store/link.ts';
import { finding } from './audit-findings.ts';
import type { Suspects } from './audit-suspects.ts';
import { type Auditing, chunksOf } from './auditing.ts';
import { canonical, fingerprint } from './fingerprint.ts';
import { type IdSet, idSet } from './id-set.ts';

type Upsert = Extract<Change, { readonly kind: 'upsert' }>;
type FoundRecord = Extract<Found, { readonly status: 'found' }>;

/**
 * Goes through everything that the source lists, beside the stored cursor, and suspects each record that the mirror
 * holds otherwise or not at all. Gives the ids that were listed. What is younger than the source's settled horizon is
 * not listed, and what changed after the watermark is only not read yet.
 */
export async function auditSource(auditing: Auditing, suspects: Suspects): Promise<IdSet> {
  const { context, scope, source, related, ask, signal } = auditing;
  const stored = (await listCursors(context.database)).find(
    ({ connection, entity }) => connection === scope.stream.connection && entity === scope.stream.entity,
  );
  const listed = idSet();
  const now = context.now();
  let cursor: Cursor | null = null;
  for (let done = 0; ;) {
    signal.throwIfAborted();
    const request: ChangesRequest = { entity: scope.stream.entity, with: related, cursor, now };
    const page: Page = await ask(() => source.changesSince(request, signal));
    const records = new Map<string, Upsert>();
    for (const change of page.changes) if (change.kind === 'upsert') records.set(change.id, change);
    for (const id of records.keys()) listed.add(id);
    const differing = await differFromMirror(auditing, [...records.values()], stored?.watermark ?? null);
    for (const ids of chunksOf(differing, auditing.sourcePage))
      await suspect(auditing, ids, stored?.watermark ?? null, suspects);
    done += page.changes.length;
    auditing.onProgress('source', done, page.total);
    cursor = page.cursor;
    if (page.caughtUp) return listed;
  }
}

/** The ids that are worth asking about: what changed after the watermark is only not read yet. */
async function differFromMirror(
  { context, scope, since, tally }: Auditing,
  records: readonly Upsert[],
  watermark: Date | null,
): Promise<string[]> {
  const ids = records.map(({ id }) => id);
  const prints = await mirroredPrints(context.database, scope.stream, ids);
  return records.flatMap(({ id, record, ...change }) => {
    const modifiedAt = new Date(change.modifiedAt);
    if (prints.get(id)?.equals(fingerprint(record)) || (since !== null && modifiedAt < since)) return [];
    if (watermark !== null && modifiedAt <= watermark) return [id];
    tally.excuse('unread', modifiedAt);
    return [];
  });
}

/** Asks for each record by its id before it is suspected: a list may lag, and the record may have been read meanwhile. */
async function suspect(
  auditing: Auditing,
  ids: readonly string[],
  watermark: Date | null,
  suspects: Suspects,
): Promise<void> {
  const { context, scope, source, related, since, tally, ask, signal } = auditing;
  const request = { entity: scope.stream.entity, with: related, ids };
  const answers = await ask(() => source.readByIds(request, signal));
  const at = context.now();
  const rows = await rowsForAudit(context.database, scope, ids);
  const differing = answers.filter(
    (answer): answer is FoundRecord =>
      answer.status === 'found' && !isMirrored(rows.get(answer.id), answer.record),
  );
  const judged = await endingsOf(auditing, differing, rows);
  for (const found of differing) {
    const modifiedAt = new Date(found.modifiedAt);
    if (since !== null && modifiedAt < since) continue;
    const row = rows.get(found.id);
    const ending = judged.get(found.id);
    if (watermark === null || modifiedAt > watermark) tally.excuse('unread', modifiedAt);
    else if (ending === 'skipped') tally.excuse('skipped', null);
    else if (ending === 'same') tally.excuse('unused', modifiedAt);
    else if (ending === 'differs')
      await suspects.add({ id: found.id, print: row?.print ?? null, at, finding: newerInSource(found, row) });
  }
}

const isMirrored = (row: AuditRow | undefined, record: SourceRecord): boolean =>
  row !== undefined && isThere(row) && row.print.equals(fingerprint(record));

const isThere = (row: AuditRow): boolean => !row.deleted && row.mergedInto === null;

type Ending = 'differs' | 'same' | 'skipped';

/** What the flow makes of the CRM's records, against what it makes of the mirrored ones. */
async function endingsOf(
  { context, mapping }: Auditing,
  found: readonly FoundRecord[],
  rows: ReadonlyMap<string, AuditRow>,
): Promise<Map<string, Ending>> {
  const mirrored = (id: string): SourceRecord | null => {
    const row = rows.get(id);
    return row !== undefined && isThere(row) ? row.record : null;
  };
  const records = found.flatMap(({ id, record }) => [record, mirrored(id) ?? record]);
  const linked = await loadLinked(
    context.database,
    records.flatMap((record) => mapping.references(record)),
  );
  const given = { linked, now: context.now().toISOString() };
  const outcome = (record: SourceRecord): { readonly kind: string } => {
    try {
      return mapping.run(record, given);
    } catch {
      return { kind: 'crashed' };
    }
  };
  return new Map(
    found.map(({ id, record }) => {
      const [now, before] = [outcome(record), mirrored(id)];
      if (before === null) return [id, now.kind === 'skipped' ? 'skipped' : 'differs'] as const;
      return [id, fingerprint(now).equals(fingerprint(outcome(before))) ? 'same' : 'differs'] as const;
    }),
  );
}

/** The CRM holds a newer state than the mirror, and so the ERP an older one, or none. */
function newerInSource(found: FoundRecord, row: AuditRow | undefined): ReturnType<typeof finding> {
  const targetId = row?.targetId ?? null;
  const modified = `changed in the CRM at ${found.modifiedAt}`;
  const reason =
    row === undefined
      ? `is in the CRM (${modified}), and Causeway was never told of it`
      : !isThere(row)
        ? `is in the CRM again (${modified}), and Causeway knows it as removed`
        : hasOtherStamp(found, row)
          ? `${modified}, and Causeway holds the state of ${row.modifiedAt.toISOString()}`
          : 'what belongs to it changed in the CRM, which gave it no new stamp for that';
  return finding({
    kind: targetId === null ? 'missing' : 'stale',
    id: found.id,
    targetId,
    reason,
    changedAt: found.modifiedAt,
    missed: isMissedChange(found, row),
    repair: 'again',
  });
}

const hasOtherStamp = (found: FoundRecord, row: AuditRow): boolean =>
  new Date(found.modifiedAt).getTime() !== row.modifiedAt.getTime();

/**
 * A record whose stamp is the mirrored one differs in what belongs to it. Lines are read whether they stamp their record
 * or not, so that was missed; that it belongs to another record now, or that more is read of it than before, was not.
 */
function isMissedChange(found: FoundRecord, row: AuditRow | undefined): boolean {
  if (row === undefined || !isThere(row) || hasOtherStamp(found, row)) return true;
  const before = row.record ?? {};
  return Object.entries(found.record).some(
    ([name, value]) =>
      Array.isArray(value) && name in before && canonical(value) !== canonical(before[name] ?? null),
  );
}
