import type { Lookup, ReplyValue } from '../mapping/lookup/lookup.ts';
import type { KeptAnswer } from './answers.ts';
import type { Origin, Replied } from './outcome.ts';

/** What a lookup says, in the business's names. `unknown` names what the mirror does not know. */
export type Said = {
  readonly reply: { readonly [name: string]: ReplyValue };
  readonly cut: readonly string[];
  readonly unknown: readonly string[];
};

/**
 * Writes the body once for all callers; it is true up to `asOf`, in milliseconds since 1970. Its brace stays open: the
 * age of the answer comes behind it.
 */
export function bodyOf({ name }: Lookup, key: string, { reply, cut, unknown }: Said, asOf: number): string {
  const instant = new Date(asOf).toISOString();
  return JSON.stringify({ lookup: name, key, reply, cut, unknown, asOf: instant }).slice(0, -1);
}

/** The whole body, with its age at this moment. */
export function bodyWithAge({ text, origin, ageMs }: Replied): string {
  return `${text},"origin":"${origin}","ageMs":${ageMs}}`;
}

/** An answer as it is given at an instant. */
export function replied(
  origin: Origin,
  { text, asOf, freshUntil, staleUntil }: Pick<KeptAnswer, 'text' | 'asOf' | 'freshUntil' | 'staleUntil'>,
  now: number,
  vendorMs: number,
): Replied {
  const freshForMs = Math.max(0, freshUntil - now);
  return {
    kind: 'reply',
    origin,
    text,
    asOf,
    ageMs: Math.max(0, now - asOf),
    freshForMs,
    staleForMs: Math.max(0, staleUntil - now - freshForMs),
    vendorMs,
  };
}
