import type { Value } from '../connector/value.ts';
import type { RecordCode } from '../errors/record-codes.ts';

const mark: unique symbol = Symbol('refusal');

/** Why a value cannot be used. `message` reads on from the value: "is not a whole number; …". */
export type Refusal = { readonly [mark]: true; readonly code: RecordCode; readonly message: string };

export function refuse(code: RecordCode, message: string): Refusal {
  return { [mark]: true, code, message };
}

export function isRefusal(given: Value | Refusal | undefined): given is Refusal {
  return typeof given === 'object' && given !== null && mark in given;
}

/** Null, missing and the empty text. Spaces are not empty. */
export function isEmpty(value: Value | undefined): value is null | undefined | '' {
  return value === null || value === undefined || value === '';
}

/** A group of fields, such as a related record: neither a single value nor a list. */
export function isGroup(value: Value | undefined): value is { readonly [field: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for a message: quoted, and cut to 80 characters. */
export function shown(value: Value | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (isEmpty(value)) return 'an empty value';
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'a group of fields';
}
