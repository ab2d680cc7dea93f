import type { FieldType } from '../../connector/contract.ts';
import { countryCode } from '../convert/country.ts';
import type { Conversion } from '../convert/convert.ts';
import { parseDecimal } from '../convert/decimal.ts';
import { parseMoment } from '../convert/instant.ts';

/** What a field holds, or what `as` makes of a value. */
export type Kind = FieldType | Conversion['as'];

const inWords: { readonly [kind in Kind]: string } = {
  text: 'a text',
  integer: 'a whole number',
  decimal: 'a decimal number',
  boolean: 'true or false',
  date: 'a date',
  datetime: 'a date and time',
  enum: 'a value of a pick list',
  country: 'a country',
  currency: 'a currency',
  phone: 'a phone number',
  email: 'an email address',
  url: 'a web address',
  reference: 'the id of a record',
  lines: 'a list',
  record: 'a group of fields',
};

export function kindInWords(kind: Kind): string {
  return inWords[kind];
}

const numbers = ['integer', 'decimal'] as const;
const words = ['text', 'enum'] as const;
const addresses = ['phone', 'email', 'url'] as const;

/** What a field of the ERP takes. Ids and codes may come as plain texts or numbers: nobody can tell by the type. */
const takes: { readonly [field in FieldType]: readonly Kind[] | null } = {
  text: null,
  integer: [...numbers, 'boolean', 'reference'],
  decimal: [...numbers, 'boolean', 'reference'],
  boolean: ['boolean'],
  date: ['date'],
  datetime: ['datetime'],
  enum: [...words, ...numbers, ...addresses, 'boolean', 'country', 'currency', 'reference'],
  country: [...words, ...numbers, 'country', 'reference'],
  currency: [...words, ...numbers, 'currency', 'reference'],
  reference: [...words, ...numbers, 'reference'],
  lines: null,
  record: null,
};

/** Whether a field of the ERP takes a value of a kind. */
export function fits(kind: Kind, field: FieldType): boolean {
  return takes[field]?.includes(kind) ?? true;
}

/** What `as` can make of the fields of a source; a text or a value of a pick list may be anything. */
const becomes: { readonly [source in Kind]?: readonly Kind[] } = {
  // Instants may be numbers: milliseconds since 1970.
  integer: ['text', ...numbers, 'boolean', 'date', 'datetime', 'phone'],
  decimal: ['text', ...numbers, 'boolean', 'date', 'datetime', 'phone'],
  boolean: ['text', 'boolean'],
  date: ['text', 'date', 'datetime'],
  datetime: ['text', 'date', 'datetime'],
  country: ['text', 'country'],
  currency: ['text', 'currency'],
  reference: ['text', ...numbers],
};

/** Whether `as` can ever make this kind of a source field. */
export function canBecome(source: Kind, kind: Kind): boolean {
  return becomes[source]?.includes(kind) ?? true;
}

/** Whether a field of the ERP takes a fixed text as it stands. */
export function textFits(text: string, field: FieldType): boolean {
  switch (field) {
    case 'integer':
      return parseDecimal(text)?.isInteger() === true;
    case 'decimal':
      return parseDecimal(text) !== null;
    case 'boolean':
      return ['true', 'false', 'yes', 'no', '1', '0'].includes(text.trim().toLowerCase());
    case 'date':
    case 'datetime':
      // A time without a zone is one of UTC for some ERPs.
      return parseMoment(text) !== null || parseMoment(text.slice(0, 10)) !== null;
    case 'country':
      return isId(text) || countryCode(text) === text.toUpperCase();
    case 'currency':
      return isId(text) || /^[A-Za-z]{3}$/.test(text);
    default:
      return true;
  }
}

/** Why a fixed text is not for a field; reads on from the text. */
export function notOf(field: FieldType): string {
  if (field === 'boolean') return 'is neither true nor false';
  const coded = field === 'country' || field === 'currency';
  return coded ? `is not the code of ${kindInWords(field)}` : `is not ${kindInWords(field)}`;
}

/** How a fixed text of a kind is written. */
export function inForm(field: FieldType): string {
  return forms[field] ?? 'another value';
}

const forms: { readonly [field in FieldType]?: string } = {
  integer: 'digits, such as 12',
  decimal: 'digits with a point, such as 1234.50',
  boolean: '`true` or `false`',
  date: 'it as 2026-01-31',
  datetime: 'it as 2026-01-31T09:30:00Z',
  country: 'its two-letter code, such as `DE`, or `as: country`',
  currency: 'its three-letter code, such as `EUR`',
};

/** An ERP may also take its own ids, such as `12` or `base.fr`. */
const isId = (text: string): boolean => /^\d+$|^\w+\.[\w.-]+$/.test(text);
