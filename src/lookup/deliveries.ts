import type { FindBy, Lookup } from '../mapping/lookup/lookup.ts';
import { linkMark, recordMark } from './answers.ts';

/** What the ERP took: records of one flow, or, where `records` is null, any of them. */
export type Delivery = {
  readonly flow: string;
  readonly records: readonly { readonly sourceId: string; readonly targetId: string | null }[] | null;
};

/** What a flow writes. */
export type Written = { readonly connection: string; readonly entity: string };

/** Which answers of a lookup a delivery has made old: those that bear a mark, or all. */
export type Touched = { readonly all: boolean; readonly marks: readonly string[] };

const nothing: Touched = { all: false, marks: [] };

/**
 * Says which answers of a lookup tell of what was delivered. A list of the entity may have gained or lost any record,
 * so that all answers with such a list are touched; so are all where it cannot be told what the flow writes.
 */
export function touchedBy(lookup: Lookup, delivery: Delivery, written: Written | null): Touched {
  if (!lookup.flows.includes(delivery.flow)) return nothing;
  const asked = lookup.questions.filter(
    ({ connection, entity }) => connection === written?.connection && entity === written.entity,
  );
  const telling = asked.length > 0 && asked.every(({ kind }) => kind === 'record');
  if (delivery.records === null || written === null || !telling) return { all: true, marks: [] };
  const marks = delivery.records.flatMap(({ sourceId, targetId }) => [
    linkMark(delivery.flow, sourceId),
    ...(targetId === null ? [] : [recordMark(written.connection, written.entity, targetId)]),
  ]);
  return { all: false, marks };
}

/** Whether what is being asked for a key just now may be touched; of a record that is found by a field nobody knows yet. */
export function mayConcern(lookup: Lookup, key: string, delivery: Delivery, { all }: Touched): boolean {
  const { records } = delivery;
  if (all || records === null) return true;
  const concerned = (find: FindBy): boolean => {
    if (find.by === 'field') return true;
    if (find.by === 'id') return records.some(({ targetId }) => targetId === key);
    return find.flow === delivery.flow && records.some(({ sourceId }) => sourceId === key);
  };
  return lookup.questions.some((question) => question.kind === 'record' && concerned(question.find));
}
