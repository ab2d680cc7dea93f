import type { FieldDescription, FieldType } from '../../connector/contract.ts';

/** What a field is called for people, and what it holds, on one line. */
export function fieldInWords(name: string, field: FieldDescription): string {
  const label = field.label === '' || field.label === name ? [] : [field.label];
  return [...label, kindInWords(field)].join(separator);
}

/** The same of a field that is written, with what is to be known before that. */
export function targetInWords(name: string, field: FieldDescription): string {
  const required = field.required ? ['required'] : [];
  const readOnly = field.readOnly ? ['cannot be written'] : [];
  return [fieldInWords(name, field), ...required, ...readOnly].join(separator);
}

const separator = ' · ';

/** How many options of a pick list are named. */
const mostOptions = 8;

const plain: { readonly [type in FieldType]: string } = {
  text: 'text',
  integer: 'whole number',
  decimal: 'decimal number',
  boolean: 'true or false',
  date: 'date',
  datetime: 'date and time',
  enum: 'one of a list',
  country: 'country',
  currency: 'currency',
  reference: 'another record',
  lines: 'lines',
  record: 'related record',
};

function kindInWords({ type, options = [], maxLength, to }: FieldDescription): string {
  if (type === 'reference' && to !== undefined) return `a record of ${to}`;
  if (type === 'enum' && options.length > 0) {
    const more = options.length > mostOptions ? ` and ${options.length - mostOptions} more` : '';
    return `one of ${options.slice(0, mostOptions).join(', ')}${more}`;
  }
  return maxLength === undefined ? plain[type] : `${plain[type]} of at most ${maxLength} characters`;
}
