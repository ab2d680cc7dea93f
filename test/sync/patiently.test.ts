import { describe, expect, it } from 'vitest';
import { Fault, type FaultKind } from '../../src/connector/fault.ts';
import { patiently } from '../../src/sync/patiently.ts';

const never = new AbortController().signal;

/** Fails so often, then answers; tells how long was waited. */
async function asked(kind: FaultKind, failures: number, retryAfterMs?: number) {
  const waits: number[] = [];
  let left = failures;
  const ask = async (): Promise<string> => {
    if (left-- <= 0) return 'answered';
    const after = retryAfterMs === undefined ? {} : { retryAfterMs };
    throw new Fault({ kind, code: 'test', message: 'no', ...after });
  };
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  const answer = await patiently(ask, sleep, never).catch((error: unknown) => (error as Fault).kind);
  return { answer, waits };
}

describe('asking patiently', () => {
  it('asks again after what passes, a little later each time, or when the system says', async () => {
    expect(await asked('transient', 2)).toEqual({ answer: 'answered', waits: [500, 1000] });
    expect(await asked('rate_limited', 1, 3000)).toEqual({ answer: 'answered', waits: [3000] });
  });

  it('gives up in the end, and at once where waiting does not help', async () => {
    const given = await asked('transient', 100);
    expect([given.answer, given.waits.length]).toEqual(['transient', 5]);
    expect(await asked('auth', 1)).toEqual({ answer: 'auth', waits: [] });
  });

  it('does not ask again when it was told to stop', async () => {
    const stop = new AbortController();
    const ask = async (): Promise<never> => {
      stop.abort(new Error('stopped'));
      throw new Fault({ kind: 'transient', code: 'test', message: 'no' });
    };
    await expect(patiently(ask, async () => {}, stop.signal)).rejects.toThrow('stopped');
  });
});
