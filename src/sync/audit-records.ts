import { Fault } from '../connector/fault.ts';
import { loadPayloads } from '../store/payload.ts';
import { type AuditRow, everRan, pageForAudit, rowsForAudit } from '../store/audit-page.ts';
import { finding } from './audit-findings.ts';
import type { Suspects } from './audit-suspects.ts';
import { type Auditing, chunksOf } from './auditing.ts';
import { twinsOf } from './audit-twins.ts';
import type { IdSet } from './id-set.ts';
import { type LiveDifference, liveDifferences, type Output } from './plan-live.ts';
import { type PlannedRecord, planPage } from './plan.ts';

const pageSize = 1000;

/** Goes through the mirrored records in id order: are they in the CRM, and does the ERP hold what was delivered? */
export async function auditRecords(
  auditing: Auditing,
  listed: IdSet,
  suspects: Suspects,
  total: number,
): Promise<{ readonly mirrored: number; readonly compared: number }> {
  const { context, mapping, scope, since, signal } = auditing;
  const ran = await everRan(context.database, mapping.flow);
  const twins = twinsOf(auditing);
  let mirrored = 0;
  let compared = 0;
  let overlooked = 0;
  for (let after = ''; ;) {
    signal.throwIfAborted();
    const page = await pageForAudit(context.database, scope, { after, limit: pageSize, since });
    if (page.length === 0) {
      tellOverlooked(auditing, overlooked, listed);
      return { mirrored, compared };
    }
    overlooked += await suspectGone(auditing, page, listed, suspects);
    const linked = page.filter((row) => standsInErp(auditing, row, ran));
    for (const batch of chunksOf(linked, auditing.live.connection.limits.batch)) {
      const outputs = await compare(auditing, batch);
      compared += outputs.length;
      await twins(outputs);
    }
    mirrored += page.length;
    after = page.at(-1)?.sourceId ?? after;
    auditing.onProgress('records', mirrored, total);
  }
}

/** A list that leaves records out that are there is not a list to judge by; an empty one is none at all. */
function tellOverlooked({ tally, scope }: Auditing, count: number, listed: IdSet): void {
  if (count === 0) return;
  const records = count === 1 ? '1 record' : `${count} records`;
  const sentence = `${scope.stream.connection} has ${records} of ${scope.stream.entity} that it does not list`;
  if (listed.size === 0)
    throw new Fault({ kind: 'transient', code: 'listing_empty', message: `${sentence}: it lists nothing` });
  tally.leaveOut(`${sentence}: they were found by their ids, and not compared with the CRM.`);
}

/** What changed so lately need not be listed yet, in milliseconds. */
const listedAfterMs = 5 * 60_000;

/** What was not listed is asked for by its id, before it is said to be gone. Gives how many are there all the same. */
async function suspectGone(
  { scope, source, sourcePage, context, ask, signal }: Auditing,
  page: readonly AuditRow[],
  listed: IdSet,
  suspects: Suspects,
): Promise<number> {
  let overlooked = 0;
  const unlisted = page.filter((row) => !row.deleted && row.mergedInto === null && !listed.has(row.sourceId));
  for (const rows of chunksOf(unlisted, sourcePage)) {
    const ids = rows.map(({ sourceId }) => sourceId);
    const answers = await ask(() => source.readByIds({ entity: scope.stream.entity, with: [], ids }, signal));
    const at = context.now();
    for (const [index, answer] of answers.entries()) {
      const row = rows[index];
      if (row === undefined) continue;
      if (answer.status === 'found') {
        if (at.getTime() - new Date(answer.modifiedAt).getTime() > listedAfterMs) overlooked += 1;
        continue;
      }
      const { targetId } = row;
      const reason =
        answer.status === 'merged'
          ? `was merged into ${answer.into} in the CRM, and Causeway was never told of it`
          : 'is not in the CRM any more, and Causeway was never told of it';
      await suspects.add({
        id: answer.id,
        print: row.print,
        at,
        finding: finding({ kind: 'gone', id: answer.id, targetId, reason, repair: 'removed' }),
      });
    }
  }
  return overlooked;
}

const unsettled: ReadonlySet<string> = new Set(['pending', 'retrying', 'in_doubt']);

/** Whether the ERP should hold what was delivered of a record. If not, it is counted as what it is. */
function standsInErp({ tally }: Auditing, row: AuditRow, ran: boolean): boolean {
  const state = row.state ?? 'pending';
  const since = row.behind && !unsettled.has(state) ? row.changedAt : (row.since ?? row.changedAt);
  const due = row.behind || unsettled.has(state) || row.waitsForNothing;
  const shown = row.behind && !unsettled.has(state) ? 'pending' : state;
  if (row.live || (due && !ran)) tally.excuse(row.live && !due ? 'pending' : shown, since);
  else if (due) {
    const reason = `is ${shown} since ${since.toISOString()}, and no job carries it`;
    const kind = row.targetId === null ? 'missing' : 'stale';
    tally.find(finding({ kind, id: row.sourceId, targetId: row.targetId, reason, repair: 'again' }));
  } else if (state !== 'synced') tally.excuse(state, since);
  else if (row.targetId === null) {
    const reason = 'is said to be synced, and is linked to no ERP record';
    tally.find(finding({ kind: 'missing', id: row.sourceId, targetId: null, reason, repair: 'again' }));
  } else return true;
  return false;
}

/** Compares a batch with what the ERP holds now. Gives what could be compared. */
async function compare(auditing: Auditing, rows: readonly AuditRow[]): Promise<Output[]> {
  const { context, mapping, live, description, tally, ask, signal } = auditing;
  const ids = rows.map(({ sourceId }) => sourceId);
  const delivered = await loadPayloads(context.database, mapping.flow, ids);
  const planned = await planPage(context, mapping, rows);
  const known = Object.keys(description.fields);
  const outputs = planned.flatMap((record): Output[] => {
    const { id, targetId, standing } = record;
    const output = delivered.get(id) ?? presentOutput(auditing, record);
    if (output === null || targetId === null) {
      tally.excuse('uncompared', null);
      return [];
    }
    // A field that the ERP has no longer cannot be asked for.
    const fields = Object.entries(output.fields).filter(
      ([field]) => known.length === 0 || known.includes(field),
    );
    const key = standing.externalKey ?? '';
    return [{ id, targetId, key, output: { ...output, fields: Object.fromEntries(fields) } }];
  });
  const differences = await ask(() =>
    liveDifferences(live, mapping, description, outputs, delivered, signal),
  );
  await tell(auditing, rows, planned, differences);
  return outputs.filter(({ id }) => differences.get(id) !== 'missing');
}

/** For a record of which no payload is kept: what the mapping makes of it, if it is the one that delivered it. */
function presentOutput(
  { mapping }: Auditing,
  { decision, standing }: PlannedRecord,
): Output['output'] | null {
  return standing.mappingHash === mapping.hash && decision.do === 'unchanged' ? decision.output : null;
}

async function tell(
  { context, scope, mapping, tally }: Auditing,
  rows: readonly AuditRow[],
  planned: readonly PlannedRecord[],
  differences: ReadonlyMap<string, LiveDifference | 'missing'>,
): Promise<void> {
  const outdated = new Set(
    planned.flatMap(({ id, decision, standing }) => {
      if (decision.do !== 'update') return [];
      if (standing.mappingHash === mapping.hash) return [id];
      tally.excuse('mapping_changed', null);
      return [];
    }),
  );
  const differing = rows.filter(({ sourceId }) => {
    const found = differences.get(sourceId);
    return outdated.has(sourceId) || found === 'missing' || (found?.changes.length ?? 0) > 0;
  });
  const fresh = await rowsForAudit(
    context.database,
    scope,
    differing.map(({ sourceId }) => sourceId),
  );
  for (const row of differing) {
    const { sourceId: id, targetId } = row;
    const found = differences.get(id);
    // A delivery that went on meanwhile explains every difference.
    if (!isStill(row, fresh.get(id))) tally.excuse('pending', row.changedAt);
    else if (found === 'missing') {
      const reason = `was delivered to the ERP record ${targetId}, which is not there any more`;
      tally.find(finding({ kind: 'missing', id, targetId, reason, repair: 'created' }));
    } else {
      if (outdated.has(id)) {
        const reason = 'what the mapping makes of it now was never delivered';
        tally.find(finding({ kind: 'stale', id, targetId, reason, repair: 'again' }));
      }
      if (found !== undefined && found.changes.length > 0) {
        const { changes, changedAt, changedBy } = found;
        const reason = 'the ERP holds something else than was delivered';
        tally.find(
          finding({ kind: 'changed', id, targetId, reason, changes, changedAt, changedBy, repair: 'again' }),
        );
      }
    }
  }
}

const isStill = (before: AuditRow, now: AuditRow | undefined): boolean =>
  now !== undefined &&
  !now.live &&
  now.state === before.state &&
  now.version === before.version &&
  now.requests === before.requests &&
  now.targetId === before.targetId &&
  now.deliveredAt?.getTime() === before.deliveredAt?.getTime();
