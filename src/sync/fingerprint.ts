import { hash } from 'node:crypto';

/**
 * The canonical form of a JSON value: keys sorted, no white space. Two values have the same form exactly when they
 * are equal. https://www.rfc-editor.org/rfc/rfc8785 without its number rules: there are no numbers in our values.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** SHA-256 of the canonical form. */
export function fingerprint(value: unknown): Buffer {
  return hash('sha256', canonical(value), 'buffer');
}
