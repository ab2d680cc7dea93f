import type { Kit } from './contract.ts';
import { Fault } from './fault.ts';

/** A longer wait is the sync's to decide: it holds the connection and says so. */
const longestWaitMs = 15_000;
const attempts = 4;
const firstPauseMs = 250;

/**
 * Sends a request that does no harm when it is sent twice, again after the vendor refused it for a moment. A page of a
 * source takes several requests: were one refusal to cost the whole page, a vendor that refuses every nth request would
 * never let a page of n requests through. Gives up with the last Fault; other kinds pass at once.
 */
export async function sendAgain<T>(
  send: () => Promise<T>,
  sleep: Kit['sleep'],
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const waitMs = error instanceof Fault ? pauseFor(error, attempt) : null;
      if (waitMs === null) throw error;
      await sleep(waitMs, signal);
    }
  }
}

function pauseFor(fault: Fault, attempt: number): number | null {
  if (attempt >= attempts || (fault.kind !== 'rate_limited' && fault.kind !== 'transient')) return null;
  const waitMs = fault.retryAfterMs ?? firstPauseMs * 2 ** attempt;
  return waitMs > longestWaitMs ? null : waitMs;
}
