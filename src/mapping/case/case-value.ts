import type { Value } from '../../connector/value.ts';

/** A value as one would write it in a test file: `0123`, `null`, `'null'`, `[a, b]`. */
export function asWritten(value: Value | undefined): string {
  if (typeof value === 'string') return textAsWritten(value);
  if (typeof value !== 'object' || value === null) return String(value ?? null);
  if (Array.isArray(value)) return `[${value.map(asWritten).join(', ')}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${textAsWritten(key)}: ${asWritten(inner)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

const other = new Set(['', '~', 'null', 'true', 'false']);
/** What YAML takes for something else than text: an indicator at the beginning, a space at an end, a comment, a key. */
const notPlain = /^[-?:](?:\s|$)|^[!&*|>'"%@`#]|[[\]{},]|^\s|\s$|:(?:\s|$)|\s#/;

const unseen = /[\p{Cc}\p{Zl}\p{Zp}]/u;

function textAsWritten(text: string): string {
  if (unseen.test(text)) return escaped(text);
  return other.has(text) || notPlain.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
}

/** In double quotes; what would do something to a terminal is spelled out. */
function escaped(text: string): string {
  return JSON.stringify(text).replaceAll(
    new RegExp(unseen, 'gu'),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
