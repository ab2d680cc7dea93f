import { z } from 'zod';
import type { LinesValue, Outcome, SinkItem } from '../../src/connector/contract.ts';
import { asFault, Fault } from '../../src/connector/fault.ts';
import type { Dictionary } from './encode.ts';
import { lineIdName } from './external-id.ts';
import { readAnswer } from './fields.ts';
import type { Session } from './session.ts';

type Lines = { readonly item: SinkItem; readonly value: LinesValue };

/**
 * Deletes the lines that we once wrote and that the record no longer has. A line without our external id was added
 * by a person and stays. The records themselves are written already: what fails here fails for its record alone, and
 * is put right when the record is sent again.
 */
export async function deleteRemovedLines(
  session: Session,
  dictionary: Dictionary,
  items: readonly SinkItem[],
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  for (const field of dictionary.lineFields.keys()) {
    const records = items.flatMap((item): Lines[] => {
      const value = item.lines[field];
      return value?.removed === 'delete' ? [{ item, value }] : [];
    });
    if (records.length === 0) continue;
    try {
      await deleteLines(session, dictionary, field, records, outcomes, signal);
    } catch (error) {
      signal.throwIfAborted();
      for (const { item } of records) outcomes.set(item.id, failed(item, error));
    }
  }
}

async function deleteLines(
  session: Session,
  dictionary: Dictionary,
  field: string,
  records: readonly Lines[],
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  const { relation: model, relation_field: parent } = dictionary.fields.get(field) ?? {};
  if (model === undefined || parent === undefined) return;
  const present = await linesByRecord(session, model, parent, records, signal);
  // Every line that was sent exists by now, so a record with just as many lines has no others.
  const suspects = records.filter(
    ({ item, value }) => (present.get(item.targetId ?? '')?.length ?? 0) > value.rows.length,
  );
  if (suspects.length === 0) return;
  const ids = suspects.flatMap(({ item }) => present.get(item.targetId ?? '') ?? []);
  const names = await session.externalIds.namesOf(model, ids, signal);
  const removed = suspects.map(({ item, value }) => {
    const kept = new Set(value.rows.map((row) => lineIdName(item.externalKey, field, row.key)));
    const gone = (present.get(item.targetId ?? '') ?? []).filter(
      (id) => names.has(id) && !kept.has(names.get(id) ?? ''),
    );
    return { item, gone };
  });
  await unlinkAll(
    session,
    model,
    removed.filter(({ gone }) => gone.length > 0),
    outcomes,
    signal,
  );
}

const line = z.looseObject({ id: z.number() });

async function linesByRecord(
  session: Session,
  model: string,
  parent: string,
  records: readonly Lines[],
  signal: AbortSignal,
): Promise<Map<string, number[]>> {
  const params = {
    domain: [[parent, 'in', records.map(({ item }) => Number(item.targetId))]],
    fields: [parent],
  };
  const answer = await session.call(
    { model, method: 'search_read', params, context: { active_test: false } },
    signal,
  );
  const lines = new Map<string, number[]>();
  for (const row of readAnswer(z.array(line), answer)) {
    const of = readAnswer(z.tuple([z.number(), z.unknown()]), row[parent])[0];
    lines.set(String(of), [...(lines.get(String(of)) ?? []), row.id]);
  }
  return lines;
}

type Removed = { readonly item: SinkItem; readonly gone: readonly number[] };

/** One call for all; when it is refused, one for each record, so that a confirmed order stops no other. */
async function unlinkAll(
  session: Session,
  model: string,
  removed: readonly Removed[],
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  if (removed.length === 0) return;
  try {
    await session.call(
      { model, method: 'unlink', ids: removed.flatMap(({ gone }) => gone), writes: true },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (removed.length > 1 && asFault(error).kind !== 'ambiguous') {
      for (const one of removed) await unlinkAll(session, model, [one], outcomes, signal);
      return;
    }
    for (const { item } of removed) outcomes.set(item.id, failed(item, error));
  }
}

function failed(item: SinkItem, error: unknown): Outcome {
  const cause = asFault(error);
  const fault = new Fault({
    kind: cause.kind,
    code: cause.code,
    message: `The record was written, but the lines removed from it are still there: ${cause.message}`,
    fields: cause.fields,
    ...(cause.retryAfterMs === null ? {} : { retryAfterMs: cause.retryAfterMs }),
  });
  return { id: item.id, status: 'failed', fault };
}
