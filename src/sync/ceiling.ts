import { type Ceiling, ceilingInWords, exceeds, smallest } from '../mapping/ceiling.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { isBeingRead } from '../store/cursor.ts';
import type { Sql } from '../store/database.ts';
import {
  askAbout,
  countDue,
  countLinked,
  type DueKind,
  finishDue,
  forgetDue,
  noteDue,
} from '../store/due.ts';
import type { Standing } from '../store/link.ts';
import type { Conclusion, Held } from './conclude.ts';
import type { SyncContext } from './context.ts';
import type { Decision } from './decide.ts';

type Decided = {
  readonly standing: Standing;
  readonly decision: Decision | Held;
  readonly counted: boolean;
};

/** What is due of a record and is held against a ceiling. */
type Counted = { readonly kind: Exclude<DueKind, 'absence'>; readonly what: string; readonly reason: string };

/** What is counted in one round is looked at in the next, when everything that was queued before has been decided. */
const lookAgainMs = 1000;

/**
 * Holds what a batch would remove (and change, where the flow has a ceiling for that) against the flow's ceilings.
 * Nothing of it is carried out the first time that it is seen: it is noted, and queued behind everything else, so that
 * what is due in the whole flow is counted, whichever batches and workers it is in, before any of it is done.
 */
export async function weigh<T extends Decided>(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  batch: readonly T[],
): Promise<readonly T[]> {
  const seen = batch.map((passenger) => ({ passenger, due: dueOf(mapping, passenger) }));
  if (seen.every(({ due }) => due === null)) return batch;
  const verdicts = new Map<string, Held | null>();
  for (const kind of ['removal', 'change'] as const) {
    const own = seen.flatMap(({ passenger, due }) =>
      due?.kind === kind ? [{ standing: passenger.standing, due }] : [],
    );
    if (own.length === 0) continue;
    await note(context, mapping, kind, own);
    const verdict = await judge(context, mapping, runId, kind, own);
    for (const { standing } of own) verdicts.set(standing.sourceId, verdict(standing));
  }
  return seen.map(({ passenger, due }): T => {
    if (due === null) return passenger;
    const decision = verdicts.get(passenger.standing.sourceId) ?? keptOr(passenger, due);
    return { ...passenger, decision, counted: true };
  });
}

type Own = readonly { readonly standing: Standing; readonly due: Counted }[];

async function note(context: SyncContext, mapping: Mapping, kind: DueKind, own: Own): Promise<void> {
  const fresh = own.filter(({ standing }) => standing.due === null);
  const records = fresh.map(({ standing, due }) => ({
    sourceId: standing.sourceId,
    what: due.what,
    version: standing.version ?? '0',
  }));
  await noteDue(context.database, mapping.flow, kind, records);
}

/** Null lets a record go ahead. */
type Verdict = (standing: Standing) => Held | null;

async function judge(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  kind: Counted['kind'],
  own: Own,
): Promise<Verdict> {
  const until = new Date(context.now().getTime() + lookAgainMs);
  const noted: Held = {
    do: 'hold',
    code: 'being_counted',
    reason: `its ${kind} is counted with all that is due before any is carried out`,
    until,
  };
  const ready = own.some(({ standing }) => standing.due === 'counted');
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const read = ready && !(await isBeingRead(context.database, stream));
  const tooMany = read ? await askIfTooMany(context, mapping, runId, kind) : null;
  return ({ due, code, reason }) => {
    if (due === 'approved' || due === 'refused') return null;
    if (due === 'asked')
      return needsApproval(
        code === 'needs_approval' && reason !== null
          ? reason
          : `more ${kind}s were due at once than the ceiling allows; \`causeway status\` names the command that answers`,
      );
    if (due === null || !read) return noted;
    return tooMany;
  };
}

const needsApproval = (reason: string): Held => ({
  do: 'hold',
  code: 'needs_approval',
  reason,
  until: null,
});

/** Counts what is due. When it is too much it becomes a question, and all of it waits for the answer. */
async function askIfTooMany(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  kind: Counted['kind'],
): Promise<Held | null> {
  const ceiling: Ceiling | null = kind === 'removal' ? mapping.ceiling.removals : mapping.ceiling.changes;
  const due = await countDue(context.database, mapping.flow, kind);
  if (ceiling === null || due <= Math.min(ceiling.count ?? smallest, smallest)) return null;
  const linked = await countLinked(context.database, mapping.flow);
  if (!exceeds(ceiling, due, linked)) return null;
  await askAbout(context.database, mapping.flow, kind, runId);
  context.log.error(
    { alarm: 'ceiling', flow: mapping.flow, kind, due, linked, run: runId },
    'more is due at once than the ceiling of the flow allows; a person must answer',
  );
  return needsApproval(
    `${due} ${kind}s were due at once, more than ${ceilingInWords(ceiling)}; a person answers with: causeway approve ${runId}`,
  );
}

function dueOf(mapping: Mapping, { decision, standing }: Decided): Counted | null {
  if (decision.do === 'remove')
    return {
      kind: 'removal',
      what: decision.code === 'deleted' ? 'deleted' : 'left',
      reason: decision.reason,
    };
  // A merge removes nothing: the record that survives takes over the ERP record, or it stays.
  if (decision.do !== 'update' || mapping.ceiling.changes === null) return null;
  if (standing.targetId === null || isAskedFor(standing)) return null;
  return { kind: 'change', what: 'changed', reason: 'it changed in the source' };
}

/** A person asked for it to be sent, so that it is no change of the source. */
const isAskedFor = ({ fingerprint, state, code }: Standing): boolean =>
  code === 'mapping_changed' || (fingerprint === null && state !== 'removed');

function keptOr({ standing, decision }: Decided, { reason }: Counted): Decision | Held {
  if (standing.due !== 'refused') return decision;
  return {
    do: 'skip',
    code: 'kept_by_a_person',
    reason: `${reason}; a person decided that the ERP keeps it as it is`,
  };
}

type Settled = {
  readonly standing: Standing;
  readonly conclusion: Conclusion;
  readonly counted: boolean;
};

/** In the settle transaction: what was carried out counts for an hour more, and what was decided otherwise is forgotten. */
export async function settleDue(tx: Sql, flow: string, settled: readonly Settled[]): Promise<void> {
  const over = settled.filter(
    ({ standing, conclusion }) =>
      standing.due !== null &&
      standing.due !== 'refused' &&
      conclusion.code !== 'needs_approval' &&
      conclusion.disposition.job !== 'again' &&
      conclusion.disposition.job !== 'retry',
  );
  const refusedBefore = settled.filter(({ standing, counted }) => standing.due === 'refused' && !counted);
  const done = over.filter(
    ({ conclusion, counted }) => counted && (conclusion.delivered || conclusion.state === 'removed'),
  );
  const idsOf = (some: readonly Settled[]): string[] => some.map(({ standing }) => standing.sourceId).sort();
  await finishDue(tx, flow, idsOf(done));
  await forgetDue(tx, flow, idsOf([...over.filter((one) => !done.includes(one)), ...refusedBefore]));
}
