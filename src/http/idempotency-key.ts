import { HttpProblem } from './problem.ts';

/**
 * What an Idempotency-Key holds: a string as structured fields have it (RFC 9651, section 3.3.3, after
 * draft-ietf-httpapi-idempotency-key-header). Parameters are left aside. Null where there is none.
 */
export function idempotencyKeyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  const [, text] = /^ *"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)" *(?:;[ -~]*)?$/u.exec(header) ?? [];
  const key = text?.replaceAll(/\\(["\\])/gu, '$1') ?? '';
  if (key === '' || key.length > 255)
    throw new HttpProblem(
      'idempotency_key_malformed',
      '`Idempotency-Key` holds one string of 1 to 255 characters in double quotes.',
    );
  return key;
}
