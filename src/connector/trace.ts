import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** Follows a change through the systems: 32 hexadecimal digits, not all zero. Source: W3C Trace Context, section 3.2. */
const present = new AsyncLocalStorage<string>();

/** Does work whose requests, however deep below, name this trace to the systems that they go to. */
export function withTrace<T>(traceId: string, work: () => T): T {
  return present.run(traceId, work);
}

/** The trace of the work that asks, or null. */
export const presentTrace = (): string | null => present.getStore() ?? null;

export const newTraceId = (): string => digits(32);

/** The header that names a trace to another system; each request is a span of its own. */
export const traceparentOf = (traceId: string): string => `00-${traceId}-${digits(16)}-01`;

/** The trace that a caller names, or null where the header is not one that the standard allows. */
export function traceIdOf(traceparent: string | undefined): string | null {
  const [, version, traceId = '', parentId = '', rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/u.exec(traceparent ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  return /^0+$/u.test(traceId) || /^0+$/u.test(parentId) ? null : traceId;
}

/** Random digits that were drawn in advance, by the thousand: every request takes some. */
let drawn = '';
let taken = 0;

/** Random digits, never all zero. */
function digits(count: number): string {
  if (taken + count > drawn.length) {
    drawn = randomBytes(6000).toString('hex');
    taken = 0;
  }
  const text = drawn.slice(taken, taken + count);
  taken += count;
  return /[^0]/u.test(text) ? text : digits(count);
}
