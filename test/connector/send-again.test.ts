import { describe, expect, it } from 'vitest';
import { Fault, type FaultKind } from '../../src/connector/fault.ts';
import { sendAgain } from '../../src/connector/send-again.ts';

const never = new AbortController().signal;
const fault = (kind: FaultKind, retryAfterMs?: number): Fault =>
  new Fault({ kind, code: 'x', message: 'x', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

/** Fails with the faults given, one after the other, and then answers. */
function failing(faults: readonly Fault[]): {
  send: () => Promise<string>;
  waits: number[];
  sleep: (ms: number) => Promise<void>;
} {
  const left = [...faults];
  const waits: number[] = [];
  return {
    waits,
    send: () => {
      const next = left.shift();
      return next === undefined ? Promise.resolve('answer') : Promise.reject(next);
    },
    sleep: (ms) => Promise.resolve(void waits.push(ms)),
  };
}

describe('a request that was refused for a moment', () => {
  it('is sent again after the time that the vendor gave, or a growing one', async () => {
    const { send, sleep, waits } = failing([
      fault('rate_limited', 1000),
      fault('transient'),
      fault('transient'),
    ]);
    expect(await sendAgain(send, true, sleep, never)).toBe('answer');
    expect(waits).toEqual([1000, 1000, 2000]);
  });

  it('is given up after four attempts, with the last fault', async () => {
    const { send, sleep, waits } = failing(Array.from({ length: 9 }, () => fault('transient')));
    await expect(sendAgain(send, true, sleep, never)).rejects.toMatchObject({ kind: 'transient' });
    expect(waits).toHaveLength(3);
  });

  it.each([
    ['a long wait', fault('rate_limited', 60_000)],
    ['refused credentials', fault('auth')],
    ['a bad record', fault('invalid_record')],
  ])('is not sent again for %s', async (_what, first) => {
    const { send, sleep, waits } = failing([first]);
    await expect(sendAgain(send, true, sleep, never)).rejects.toBe(first);
    expect(waits).toEqual([]);
  });

  it('is not sent again after a passing failure when sending it twice could do harm, unless it was refused for too many requests', async () => {
    const failed = failing([fault('transient')]);
    await expect(sendAgain(failed.send, false, failed.sleep, never)).rejects.toMatchObject({
      kind: 'transient',
    });
    const refused = failing([fault('rate_limited')]);
    expect(await sendAgain(refused.send, false, refused.sleep, never)).toBe('answer');
  });
});
