import type { z } from 'zod';
import type { ConfigPath } from './config.ts';

export type Issue = z.core.$ZodIssue;
export type Checked<T> = { readonly data: T } | { readonly issues: readonly Issue[] };

/**
 * Checks a value in which every scalar is text, because YAML's own guesses turn `0123` into 123 and `NO` into false.
 * Where the schema asks for a number or a boolean, and only there, the text is read as one.
 */
export function checkTexts<S extends z.ZodType>(schema: S, value: unknown): Checked<z.output<S>> {
  let current = value;
  for (;;) {
    const result = schema.safeParse(current);
    if (result.success) return { data: result.data };
    const next = result.error.issues.reduce(readAsAsked, current);
    if (next === current) return { issues: result.error.issues };
    current = next;
  }
}

function readAsAsked(value: unknown, issue: Issue): unknown {
  if (issue.code !== 'invalid_type') return value;
  const text = valueAt(value, issue.path);
  if (typeof text !== 'string') return value;
  const read =
    issue.expected === 'boolean' ? booleanOf(text) : issue.expected === 'number' ? numberOf(text) : null;
  return read === null ? value : withValueAt(value, issue.path as ConfigPath, read);
}

/** Reads every text that spells a boolean or a number as one: for values that no schema describes. */
export function literalsIn(group: { readonly [key: string]: unknown }): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(group).map(([key, value]) => [key, literalOf(value)]));
}

function literalOf(value: unknown): unknown {
  if (typeof value === 'string') return booleanOf(value) ?? numberOf(value) ?? value;
  if (Array.isArray(value)) return value.map(literalOf);
  return typeof value === 'object' && value !== null ? literalsIn({ ...value }) : value;
}

const booleanOf = (text: string): boolean | null =>
  text === 'true' ? true : text === 'false' ? false : null;

const numberOf = (text: string): number | null =>
  /^-?\d{1,15}(?:\.\d{1,10})?$/u.test(text) ? Number(text) : null;

/** The value at a path; undefined when there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );
}

/** A copy of the value with another one at the path. */
export function withValueAt(value: unknown, path: ConfigPath, replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((entry, at) => (at === key ? withValueAt(entry, rest, replacement) : entry));
  const inner = typeof value === 'object' && value !== null ? value : {};
  return { ...inner, [key]: withValueAt(valueAt(inner, [key]), rest, replacement) };
}
