import type { Kit } from './contract.ts';
import { Fault } from './fault.ts';

/** A longer wait is the sync's to decide: it holds the connection and says so. */
const longestWaitMs = 15_000;
const attempts = 4;
const firstPauseMs = 250;

/**
 * Sends a request again after the vendor refused it for a moment. A page or a batch takes several requests: were one
 * refusal to cost the whole of it, a vendor that refuses every nth request would never let n requests through.
 * A refusal for too many requests was surely not carried out; after any other passing failure only a `safe` request
 * is sent again. Gives up with the last Fault, also where the kit does not let it wait; faults of other kinds pass at
 * once.
 */
export async function sendAgain<T>(
  send: () => Promise<T>,
  safe: boolean,
  sleep: Kit['sleep'],
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const waitMs = error instanceof Fault ? pauseFor(error, safe, attempt) : null;
      if (waitMs === null) throw error;
      await sleep(waitMs, signal).catch(() => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }
}

function pauseFor(fault: Fault, safe: boolean, attempt: number): number | null {
  if (attempt >= attempts) return null;
  if (fault.kind !== 'rate_limited' && !(safe && fault.kind === 'transient')) return null;
  const waitMs = fault.retryAfterMs ?? firstPauseMs * 2 ** attempt;
  return waitMs > longestWaitMs ? null : waitMs;
}
