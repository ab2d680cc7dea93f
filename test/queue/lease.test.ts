import type { PgBoss } from 'pg-boss';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leaseSeconds } from '../../src/queue/boss.ts';
import { type Lease, lease, LeaseLost } from '../../src/queue/lease.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const now = (): Date => new Date();

/** A lease on one job, whose signs of life are answered by `touch`. */
async function aLease(touch: () => Promise<unknown>): Promise<Lease> {
  const boss = { fetch: () => Promise.resolve([{ id: 'a', data: { flow: 'f', sourceId: 'c1' } }]), touch };
  const taken = await lease(boss as unknown as PgBoss, 'push/f', 1, now);
  if (taken === null) throw new Error('nothing was leased');
  return taken;
}

/** A sink call that never ends by itself, as one with a deadline of minutes; gives when it ended, in milliseconds. */
async function endOfACallUnder({ signal }: Lease): Promise<number> {
  const started = Date.now();
  const reason = await new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
  expect(reason).toBeInstanceOf(LeaseLost);
  return Date.now() - started;
}

describe('a call that is made under a lease', () => {
  it('is ended before the lease is, when no sign of life comes through', async () => {
    const taken = await aLease(() => Promise.reject(new Error('the database does not answer')));
    const call = endOfACallUnder(taken);
    await vi.advanceTimersByTimeAsync(2 * leaseSeconds * 1000);
    expect(await call).toBeLessThan(leaseSeconds * 1000);
    expect(() => taken.confirm()).toThrow(LeaseLost);
    taken.end();
  });

  it('is ended when a sign of life was asked for and is not answered', async () => {
    const taken = await aLease(() => new Promise(() => {}));
    const call = endOfACallUnder(taken);
    await vi.advanceTimersByTimeAsync(2 * leaseSeconds * 1000);
    expect(await call).toBeLessThan(leaseSeconds * 1000);
    taken.end();
  });

  it('goes on as long as signs of life come through, and is ended in time after the last', async () => {
    let answers = 20;
    const taken = await aLease(() =>
      answers-- > 0 ? Promise.resolve({ affected: 1 }) : Promise.reject(new Error('gone')),
    );
    const call = endOfACallUnder(taken);
    await vi.advanceTimersByTimeAsync(10 * leaseSeconds * 1000);
    const lastSign = (20 * leaseSeconds * 1000) / 3;
    const ended = await call;
    expect(ended).toBeGreaterThan(lastSign);
    expect(ended).toBeLessThan(lastSign + leaseSeconds * 1000);
    taken.end();
  });

  it('is ended at once when the jobs are no longer ours', async () => {
    const taken = await aLease(() => Promise.resolve({ affected: 0 }));
    const call = endOfACallUnder(taken);
    await vi.advanceTimersByTimeAsync(leaseSeconds * 1000);
    expect(await call).toBe((leaseSeconds * 1000) / 3);
    taken.end();
  });

  it('leaves nothing running when the lease is given back', async () => {
    const taken = await aLease(() => Promise.resolve({ affected: 1 }));
    taken.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(taken.signal.aborted).toBe(false);
  });
});
