import type { SourceRecord, Value } from '../connector/value.ts';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { Delivered } from '../store/payload.ts';
import type { RecordQuestion } from './ask.ts';
import type { Said } from './body.ts';
import { recordQuestions } from './gather.ts';
import type { Answers } from './systems.ts';

/** The question whose record Causeway has sent, and may know: the one that is found by a link. */
export const linkedQuestion = (lookup: Lookup): RecordQuestion | null =>
  recordQuestions(lookup).find(({ find }) => find.by === 'link') ?? null;

/**
 * Makes the reply of what was last delivered to the ERP. What is not in it is unknown: a rule may have made a value of
 * nothing, so that the value is taken out again. Null where nothing is known, or the rules refuse what is.
 */
export function replyFromDelivered(
  lookup: Lookup,
  question: RecordQuestion,
  { targetId, output }: Delivered,
  now: string,
): Said | null {
  let record: SourceRecord = { ...output.fields, id: targetId };
  let ending = lookup.run(answersWith(lookup, question, record), { now });
  if (ending.kind === 'rejected') {
    // What is sent may look otherwise than what is read (a code, where the ERP tells of a record): it counts as unknown.
    const refused = new Set(ending.problems.map(({ field }) => field));
    const fields = lookup.reads.flatMap(({ into, field }) => (refused.has(into) ? (field ?? []) : []));
    record = without(record, new Set(fields.map((field) => field.split('.')[0] ?? '')));
    ending = lookup.run(answersWith(lookup, question, record), { now });
  }
  if (ending.kind !== 'reply') return null;
  const names = Object.keys(ending.reply);
  const madeOf = (name: string): Lookup['reads'] => lookup.reads.filter(({ into }) => into === name);
  const unknown = names.filter((name) => !isKnown(madeOf(name), question.name, record));
  if (unknown.length === names.length) return null;
  const lost = new Set(unknown);
  const reply = Object.fromEntries(
    Object.entries(ending.reply).map(([name, value]) => [name, lost.has(name) ? null : value]),
  );
  return { reply, cut: ending.cut, unknown };
}

/** The record is all that is known: of lists and of other records nothing is. */
const answersWith = (lookup: Lookup, question: RecordQuestion, record: SourceRecord): Answers =>
  Object.fromEntries(
    lookup.questions.map((one) => [
      one.name,
      one.kind === 'list'
        ? { kind: 'list', rows: null, more: false }
        : { kind: 'record', record: one.name === question.name ? record : null },
    ]),
  );

const without = (record: SourceRecord, fields: ReadonlySet<string>): SourceRecord =>
  Object.fromEntries(Object.entries(record).filter(([field]) => !fields.has(field)));

/** Whether everything that a value is made of stands in the record. What is made of no answer is always known. */
function isKnown(reads: Lookup['reads'], question: string, record: SourceRecord): boolean {
  return reads.every(
    (read) => read.question === question && read.field !== null && stands(record, read.field.split('.')),
  );
}

function stands(record: SourceRecord, steps: readonly string[]): boolean {
  let value: Value = record;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    if (!Object.hasOwn(value, step)) return false;
    value = (value as SourceRecord)[step] ?? null;
  }
  return true;
}
