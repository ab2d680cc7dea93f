import type { EntityDescription, FieldDescription } from '../../connector/contract.ts';
import type { ErrorCode } from '../../errors/catalogue.ts';
import type { Declaration } from '../declaration.ts';
import { describedAt, type Fields, fieldsAt, noField, offered, own } from './described-field.ts';
import type { Report } from '../report.ts';
import { expressionsIn, type SourceRead, sourceReads } from './source-reads.ts';
import { kindInWords } from './type-fit.ts';

/** Reports the source fields that are not there, are not read, or are not what the mapping takes them for. */
export function checkSource(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const read of sourceReads(declared)) {
    const start = read.lines === null ? source.fields : fieldsAt(source.fields, read.lines);
    const mistake =
      start &&
      (notRead(read, declared, source) ?? mistakeIn(read, start, read.lines?.join('.') ?? source.entity));
    if (mistake) report(mistake.code, mistake.message, read.at, 'value', read.within);
  }
  checkCompared(declared, source, report);
  checkWriteBack(declared, source, report);
}

function checkWriteBack(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const [index, { field }] of (declared.write_back ?? []).entries()) {
    const description = own(source.fields, field);
    const at = ['write_back', index, 'field'];
    if (description === undefined)
      report('mapping_unknown_source_field', noField(source.entity, field, source.fields), at);
    else if (description.readOnly)
      report('mapping_read_only_field', `\`${field}\` of ${source.entity} cannot be written`, at);
  }
}

type Mistake = { readonly code: ErrorCode; readonly message: string };

/** A related record that the description has and `read.with` does not ask for. */
function notRead(
  read: SourceRead,
  { read: { with: related = [] } }: Declaration,
  source: EntityDescription,
): Mistake | null {
  // Of a list that is not read, its `for_each` is told, and not each field of its lines.
  if (read.lines !== null) return null;
  const [first = ''] = read.steps;
  const description = own(source.fields, first);
  if ((description?.type !== 'record' && description?.type !== 'lines') || related.includes(first))
    return null;
  return {
    code: 'mapping_not_read',
    message: `\`${first}\` is not read with the record; add it to \`with\` under \`read\``,
  };
}

function mistakeIn(read: SourceRead, start: Fields, entity: string): Mistake | null {
  let fields: Fields | undefined = start;
  for (const [depth, step] of read.steps.entries()) {
    const where = depth === 0 ? entity : read.steps.slice(0, depth).join('.');
    if (fields === undefined) return null;
    const field = own(fields, step);
    if (field === undefined) {
      // Every record has an id, even where the vendor does not list it among its fields.
      return step === 'id'
        ? null
        : { code: 'mapping_unknown_source_field', message: noField(where, step, fields) };
    }
    const last = depth === read.steps.length - 1;
    const message = last ? badEnd(read, step, field) : badStep(read, step, field);
    if (message !== null) return { code: 'mapping_bad_path', message };
    fields = field.fields;
  }
  return null;
}

/** What is wrong with going on from a field to the fields below it. */
function badStep({ wants }: SourceRead, step: string, { type }: FieldDescription): string | null {
  if (type === 'lines' && wants !== 'anything')
    return `\`${step}\` is a list; its fields are mapped under \`lines\``;
  return type === 'record' || type === 'lines'
    ? null
    : `\`${step}\` is a single value (${type}) and has no fields`;
}

/** What is wrong with a path that ends at a field. */
function badEnd({ wants, steps }: SourceRead, step: string, { type }: FieldDescription): string | null {
  if (wants === 'list' && type !== 'lines')
    return `\`${step}\` is ${kindInWords(type)}, and \`for_each\` goes through a list`;
  if (wants !== 'value') return null;
  if (type === 'lines') return `\`${step}\` is a list; its fields are mapped under \`lines\``;
  return type === 'record'
    ? `\`${step}\` is a group of fields; name one of them, such as \`${steps.join('.')}.id\``
    : null;
}

/** Texts that an expression compares with a pick list, and that the pick list does not offer. */
function checkCompared(declared: Declaration, source: EntityDescription, report: Report): void {
  for (const { expression, lines, at } of expressionsIn(declared)) {
    for (const { root, steps, texts } of expression.comparisons) {
      const field = describedAt(source, { lines: root === 'record' ? null : lines, steps });
      if (field?.type !== 'enum' || !field.options?.length) continue;
      for (const { text, at: within } of texts) {
        if (field.options.includes(text)) continue;
        const message = `\`${steps.join('.')}\` is never "${text}": the source does not offer it${offered(text, field.options)}`;
        report('mapping_value_not_offered', message, at, 'value', within);
      }
    }
  }
}
