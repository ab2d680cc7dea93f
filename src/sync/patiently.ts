import { Fault, type FaultKind } from '../connector/fault.ts';

const passing: ReadonlySet<FaultKind> = new Set(['transient', 'rate_limited', 'ambiguous']);
const tries = 6;

/** Asks again after a failure that passes by itself, a little later each time; for reading, which does no harm twice. */
export async function patiently<T>(
  ask: () => Promise<T>,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault) || !passing.has(error.kind) || attempt === tries) throw error;
      await sleep(Math.min(error.retryAfterMs ?? 250 * 2 ** attempt, 60_000), signal);
    }
  }
}
