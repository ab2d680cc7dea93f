import type { OwnPage, OwnRecord } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import { intended, type LinkedPair, mirroredPrints, pairsOf, sharedTargets } from '../store/audit-page.ts';
import { type Finding, finding } from './audit-findings.ts';
import { type Auditing, chunksOf } from './auditing.ts';
import { isOfEnds, sourceIdOfKey } from './external-key.ts';

/** Records that bear our keys are asked for so many at a time. */
const pageSize = 1000;

/** An ERP record that bears a key of this flow; the id is null where no part of today makes such a key. */
type Owned = { readonly record: OwnRecord; readonly id: string | null };

/**
 * Goes through the ERP records that bear keys of this flow, and looks for what stands behind each. Null where the ERP
 * cannot list them, or not for this user; that is told.
 */
export async function auditOwn(auditing: Auditing): Promise<number | null> {
  const { mapping, live, tally, since, ask, signal } = auditing;
  const what = 'ERP records that bear a key of ours with nothing behind it';
  if (since !== null) {
    tally.leaveOut(`${what} were not looked for: with --since, only records of the source are.`);
    return null;
  }
  if (!live.sink.pageOfOwn) {
    tally.leaveOut(`${what} were not looked for: ${live.connection.title} cannot list them.`);
    return null;
  }
  const pageOfOwn = live.sink.pageOfOwn.bind(live.sink);
  const pageAfter = async (after: string | null): Promise<OwnPage | null> => {
    try {
      const request = { entity: mapping.write.entity, after, limit: pageSize };
      return await ask(() => pageOfOwn(request, signal));
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'config') throw error;
      tally.leaveOut(`${what} were not looked for: ${error.message}`);
      return null;
    }
  };
  let after: string | null = null;
  for (let looked = 0; ;) {
    signal.throwIfAborted();
    const page: OwnPage | null = await pageAfter(after);
    if (page === null) return null;
    const owned = page.items.flatMap((record) => ownedBy(auditing, record));
    for (const items of chunksOf(owned, pageSize)) await judge(auditing, items);
    looked += owned.length;
    auditing.onProgress('own', looked, null);
    if (page.next === null) return looked;
    after = page.next;
  }
}

/** A key of no part of today is told by the flow of the file itself, or else by the first that has the same ends. */
function ownedBy({ context, mapping }: Auditing, record: OwnRecord): Owned[] {
  const id = sourceIdOfKey(mapping, record.key);
  if (id !== null) return [{ record, id }];
  if (!isOfEnds(mapping, record.key)) return [];
  const flows = context
    .mappings()
    .filter((other) => other.write.to === mapping.write.to && isOfEnds(other, record.key));
  const teller = flows.find(({ part }) => part === null) ?? flows[0];
  const hasOwner = flows.some((other) => sourceIdOfKey(other, record.key) !== null);
  return teller?.flow === mapping.flow && !hasOwner ? [{ record, id: null }] : [];
}

async function judge(auditing: Auditing, items: readonly Owned[]): Promise<void> {
  const accused = await accuse(auditing, items);
  if (accused.length === 0) return;
  // Links that are made or given up meanwhile, and records that are: looked at a second time before it is told.
  const { live, mapping, ask, signal, tally } = auditing;
  const still = await accuse(
    auditing,
    accused.map(({ owned }) => owned),
  );
  for (const batch of chunksOf(still, live.connection.limits.batch)) {
    const ids = batch.map(({ owned }) => owned.record.targetId);
    const read = { entity: mapping.write.entity, ids, fields: [] };
    const answers = await ask(() => live.sink.readByIds(read, signal));
    for (const [index, { told }] of batch.entries()) if (answers[index]?.status === 'found') tally.find(told);
  }
}

type Accused = { readonly owned: Owned; readonly told: Finding };

async function accuse(auditing: Auditing, items: readonly Owned[]): Promise<Accused[]> {
  const { context, mapping, scope, source, sourcePage, ask, signal } = auditing;
  const ids = items.flatMap(({ id }) => id ?? []);
  const pairs = await pairsOf(
    context.database,
    mapping.flow,
    ids,
    items.map(({ record }) => record.targetId),
  );
  const byTarget = Map.groupBy(
    pairs.filter(({ state }) => state !== 'removed'),
    ({ targetId }) => targetId,
  );
  const bySource = new Map(pairs.map((pair) => [pair.sourceId, pair]));
  const verdicts = items.map((owned) => ({
    owned,
    verdict: verdictOf(
      owned,
      owned.id === null ? undefined : bySource.get(owned.id),
      byTarget.get(owned.record.targetId) ?? [],
    ),
  }));
  const unlinked = verdicts.flatMap(({ owned, verdict }) =>
    verdict === 'unlinked' && owned.id !== null ? [owned.id] : [],
  );
  const creating = await intended(context.database, mapping.flow, unlinked);
  const mirrored = await mirroredPrints(context.database, scope.stream, unlinked);
  const asked = unlinked.filter((id) => !creating.has(id) && !mirrored.has(id));
  const gone = new Set<string>();
  for (const part of chunksOf(asked, sourcePage))
    for (const answer of await ask(() =>
      source.readByIds({ entity: scope.stream.entity, with: [], ids: part }, signal),
    ))
      if (answer.status !== 'found') gone.add(answer.id);
  return verdicts.flatMap(({ owned, verdict }): Accused[] => {
    if (verdict === 'good') return [];
    if (verdict !== 'unlinked') return [{ owned, told: verdict }];
    return owned.id === null || gone.has(owned.id) ? [{ owned, told: extra(owned) }] : [];
  });
}

/** `unlinked` is extra only when neither an intent nor the mirror nor the CRM knows its record. */
type Verdict = 'good' | 'unlinked' | Finding;

/**
 * What stands behind a record that bears the key of `own`, by the pairs that name either. Whatever is not settled is
 * good here: the mirrored records tell of it.
 */
function verdictOf(owned: Owned, own: LinkedPair | undefined, onTarget: readonly LinkedPair[]): Verdict {
  const { record, id } = owned;
  // Its own link, or one that took it over in a merge, with its key.
  if (onTarget.some((pair) => pair.sourceId === id || pair.externalKey === record.key)) return 'good';
  const base = {
    id,
    targetId: record.targetId,
    changedAt: record.changedAt ?? null,
    changedBy: record.changedBy ?? null,
  };
  if (own !== undefined && own.state !== 'removed' && own.targetId !== null) {
    const also =
      onTarget[0] === undefined ? '' : ` and is the record of ${onTarget[0].sourceId} at the same time`;
    const reason = `the ERP record ${record.targetId} bears the key of ${id}${also}, whose ERP record is ${own.targetId}; keep one, and merge or delete the other in the ERP`;
    return finding({ ...base, kind: 'duplicated', reason });
  }
  if (onTarget.length > 0) return 'good';
  if (own === undefined) return 'unlinked';
  if (own.state !== 'removed') return 'good';
  if (own.targetId === record.targetId && own.code !== 'merged') return 'good';
  return extra(owned, own.code === 'merged' ? 'was merged away in the CRM' : 'was removed');
}

function extra(
  { record, id }: Owned,
  why = 'is not in the CRM any more, and nothing is linked to it',
): Finding {
  const reason =
    id === null
      ? `the ERP record ${record.targetId} bears the key ${record.key}, which no part of the mapping makes any more; archive or delete it in the ERP if nobody needs it`
      : `the ERP record ${record.targetId} bears the key of ${id}, which ${why}; archive or delete it in the ERP if nobody needs it`;
  return finding({
    kind: 'extra',
    id,
    targetId: record.targetId,
    reason,
    changedAt: record.changedAt ?? null,
    changedBy: record.changedBy ?? null,
  });
}

/** ERP records that several source records stand for. */
export async function auditShared({ context, mapping, scope, since, tally }: Auditing): Promise<void> {
  const { to, entity } = mapping.write;
  const flows = context
    .mappings()
    .filter(({ write }) => write.to === to && write.entity === entity)
    .map(({ flow }) => flow);
  const shared = await sharedTargets(context.database, mapping.flow, flows, scope.stream, since);
  for (const { targetId, holders } of shared) {
    const reason = `the ERP record ${targetId} stands for ${holders.join(' and ')}; each overwrites the other: merge them in the CRM, or have one created again`;
    tally.find(finding({ kind: 'duplicated', id: holders[0] ?? null, targetId, reason }));
  }
}
