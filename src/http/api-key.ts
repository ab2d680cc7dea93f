import { hash, timingSafeEqual } from 'node:crypto';
import type { Scope } from './app.ts';

export const scopes = ['read', 'operate', 'webhook'] as const satisfies readonly Scope[];

/** A key that was just made. `text` is shown once and kept nowhere. */
export type FreshKey = { readonly id: string; readonly text: string; readonly hash: Buffer };

const form = /^cwy_([a-z0-9]{10})_([A-Za-z0-9_-]{43})$/u;
const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Makes a key: `cwy_`, ten characters by which it is known, and 32 random bytes in base64url. Those are as good as any
 * hash of a password is slow, so that SHA-256 is enough.
 */
export function freshKey(randomBytes: (count: number) => Buffer): FreshKey {
  const id = [...randomBytes(10)].map((byte) => letters[byte % letters.length]).join('');
  const secret = randomBytes(32).toString('base64url');
  return { id, text: `cwy_${id}_${secret}`, hash: hashOf(secret) };
}

/** The parts of what a caller sent, or null when it is no key. */
export function readKey(text: string): { readonly id: string; readonly hash: Buffer } | null {
  const [, id, secret] = form.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, hash: hashOf(secret) };
}

const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Takes the same time whatever differs. */
export const sameHash = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
