import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import { checkConversions } from '../check/against-conversions.ts';
import { checkSource } from '../check/against-source.ts';
import { checkNumberTexts } from '../check/number-texts.ts';
import type { Report } from '../report.ts';
import { answerReads, asFlow, rowsOfGroup } from './as-flow.ts';
import type { LookupDeclaration, QuestionDeclaration } from './lookup-declaration.ts';

type Fields = { readonly [name: string]: FieldDescription };

/** What a connection says of the entity of a question; null where nothing is described. */
export type DescribedQuestion = (name: string) => {
  readonly entity: EntityDescription;
  readonly side: 'source' | 'sink';
} | null;

/**
 * Holds the rules of a lookup against its answers: that a record is not read as a list, and, where the entities are
 * described, that the fields are there and can become what they are converted to. Without `described`, what can be seen
 * in the file alone.
 */
export function checkAnswers(
  declared: LookupDeclaration,
  described: DescribedQuestion | null,
  report: Report,
): void {
  const flow = asFlow(declared);
  const reads = answerReads(declared);
  const fields: Record<string, FieldDescription> = {};
  for (const [name, question] of Object.entries(declared.ask)) {
    const answer = described?.(name) ?? null;
    const known = answer && withOptional(name, question, answerFields(answer), reads);
    fields[name] = groupOf(question.where === undefined ? 'record' : 'lines', known);
  }
  // What begins with no question is told by itself.
  for (const { question } of reads) fields[question] ??= groupOf('record', null);
  const grouped = new Set(
    Object.values(declared.lines ?? {}).flatMap(({ for_each, group_by }) =>
      group_by === undefined ? [] : for_each,
    ),
  );
  for (const name of grouped) {
    const list = fields[name];
    if (list?.fields !== undefined)
      fields[name] = { ...list, fields: { ...list.fields, [rowsOfGroup]: list } };
  }
  const source: EntityDescription = { entity: declared.lookup, fields };
  const known = new Set(Object.keys(declared.ask));
  const unknownAt = new Set(
    reads.filter(({ question }) => !known.has(question)).map(({ read }) => JSON.stringify(read.at)),
  );
  const told: Report = (code, message, path, ...where) => {
    if (!unknownAt.has(JSON.stringify(path))) report(code, message, path, ...where);
  };
  checkSource(flow, source, told);
  if (described === null) return;
  checkConversions(flow, source, told);
  checkNumberTexts(flow, source, told);
}

const groupOf = (type: 'record' | 'lines', fields: Fields | null): FieldDescription => ({
  type,
  label: '',
  required: false,
  readOnly: true,
  ...(fields && { fields }),
});

const plain = (type: FieldDescription['type']): FieldDescription => ({
  type,
  label: '',
  required: false,
  readOnly: true,
});

/** The fields of an entity as an answer has them: a sink gives a reference as a group with `id` and `name`. */
function answerFields({ entity, side }: NonNullable<ReturnType<DescribedQuestion>>): Fields {
  if (side === 'source') return entity.fields;
  return Object.fromEntries(Object.entries(entity.fields).map(([name, field]) => [name, asAnswered(field)]));
}

function asAnswered(field: FieldDescription): FieldDescription {
  const named = { id: plain('text'), name: plain('text') };
  if (field.type === 'reference') return groupOf('record', named);
  if (field.type === 'country' || field.type === 'currency')
    return groupOf('record', { ...named, code: plain(field.type) });
  // Lines come as the list of their ids.
  return field.type === 'lines' ? plain('text') : field;
}

/** Optional fields that are not described are taken for what the rules take them for. */
function withOptional(
  name: string,
  { optional = [] }: QuestionDeclaration,
  fields: Fields,
  reads: ReturnType<typeof answerReads>,
): Fields {
  const own = reads.filter(({ question }) => question === name);
  const assumed = optional
    .filter((field) => !Object.hasOwn(fields, field))
    .map((field): [string, FieldDescription] => [
      field,
      own.some((read) => read.field === field && read.deeper) ? groupOf('record', null) : plain('text'),
    ]);
  return { ...fields, ...Object.fromEntries(assumed) };
}
