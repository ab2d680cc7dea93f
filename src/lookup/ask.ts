import type { Sink, Source } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import type { SourceRecord } from '../connector/value.ts';
import type { Answer, Question } from '../mapping/lookup/lookup.ts';
import { Refused } from './outcome.ts';

/** What a lookup may do with a connection: it has no method that writes. */
export type LookupConnection = {
  readonly name: string;
  readonly source: Pick<Source, 'readByIds'> | null;
  readonly sink: Pick<Sink, 'readByIds' | 'readWhere'> | null;
};

export type RecordQuestion = Extract<Question, { kind: 'record' }>;
export type ListQuestion = Extract<Question, { kind: 'list' }>;

/** A record with the id that the system knows it by. */
export type FoundRecord = { readonly id: string; readonly record: SourceRecord };

/** Reads a record by the system's own id; null where there is none. */
export async function askById(
  connection: LookupConnection,
  question: RecordQuestion,
  id: string,
  signal: AbortSignal,
): Promise<FoundRecord | null> {
  const { entity, fields, optional } = question;
  const found =
    question.side === 'source'
      ? await connection.source?.readByIds({ entity, with: question.with, ids: [id] }, signal)
      : await connection.sink?.readByIds({ entity, ids: [id], fields, optional }, signal);
  const [first] = found ?? [];
  if (first?.status === 'merged' && first.into !== id)
    return askById(connection, question, first.into, signal);
  if (first?.status !== 'found') return null;
  return { id, record: { ...first.record, id } };
}

/** Finds the record of which a field holds the key; refuses to choose where there are several. */
export async function askByField(
  connection: LookupConnection,
  question: RecordQuestion,
  { field, key }: { readonly field: string; readonly key: string },
  signal: AbortSignal,
): Promise<FoundRecord | null> {
  const { entity, fields, optional } = question;
  const where = [{ field, values: [key] }];
  const found = await searching(connection).readWhere(
    { entity, where, fields, optional, order: null, limit: 2 },
    signal,
  );
  const [first, second] = found?.records ?? [];
  if (first === undefined) return null;
  if (second !== undefined)
    throw new Refused({
      kind: 'not_unique',
      sentence: `More than one record of ${connection.name} has this key.`,
    });
  return { id: first.id, record: { ...first.record, id: first.id } };
}

/** Lists what fulfils the conditions. `ids` gives the id of each record that a condition names. */
export async function askList(
  connection: LookupConnection,
  question: ListQuestion,
  ids: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<Extract<Answer, { kind: 'list' }>> {
  const { entity, fields, optional, order, atMost, mayBeAbsent } = question;
  const where = question.where.map((condition) =>
    'isOneOf' in condition
      ? { field: condition.field, values: condition.isOneOf }
      : { field: condition.field, values: [ids.get(condition.isRecord) ?? ''] },
  );
  const found = await searching(connection).readWhere(
    { entity, where, fields, optional, order, limit: atMost, mayBeAbsent },
    signal,
  );
  if (found === null) return { kind: 'list', rows: null, more: false };
  const rows = found.records.map(({ id, record }) => ({ ...record, id }));
  return { kind: 'list', rows, more: found.more };
}

/** Loading has checked that the connector can search; one that was exchanged since says so here. */
function searching({ name, sink }: LookupConnection): Required<Pick<Sink, 'readWhere'>> {
  const readWhere = sink?.readWhere?.bind(sink);
  if (readWhere !== undefined) return { readWhere };
  throw new Fault({
    kind: 'config',
    code: 'cannot_search',
    message: `The connector of ${name} cannot search by the values of fields.`,
  });
}
