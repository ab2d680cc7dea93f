import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { budget } from '../../src/connector/budget.ts';

const never = new AbortController().signal;

/** Takes a turn, holds it for `holdMs`, and notes when it started and ended. */
async function visit(
  turns: ReturnType<typeof budget>,
  holdMs: number,
  visits: { start: number; end: number }[],
): Promise<void> {
  const end = await turns.take(never);
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, holdMs));
  visits.push({ start, end: performance.now() });
  end();
}

describe('budget', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('lets no more than the stated number start at once', async () => {
    const turns = budget({ concurrency: 2, rate: null });
    const first = await turns.take(never);
    await turns.take(never);
    let third = false;
    const waiting = turns.take(never).then(() => (third = true));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(third).toBe(false);
    first();
    await waiting;
    expect(third).toBe(true);
  });

  it('keeps to the rate in any stretch of time, wherever in it a request may have arrived', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          concurrency: fc.integer({ min: 1, max: 6 }),
          requests: fc.integer({ min: 1, max: 5 }),
          holds: fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 25 }),
        }),
        async ({ concurrency, requests, holds }) => {
          const perMs = 100;
          const turns = budget({ concurrency, rate: { requests, perMs } });
          const visits: { start: number; end: number }[] = [];
          const all = Promise.all(holds.map((hold) => visit(turns, hold, visits)));
          await vi.advanceTimersByTimeAsync(60_000);
          await all;
          for (const { start } of visits) {
            const together = visits.filter((visit) => visit.start <= start && visit.end >= start - perMs);
            expect(together.length).toBeLessThanOrEqual(requests);
          }
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('spends the whole rate when there is work for it', async () => {
    const turns = budget({ concurrency: 10, rate: { requests: 5, perMs: 1000 } });
    const visits: { start: number; end: number }[] = [];
    const all = Promise.all(Array.from({ length: 20 }, () => visit(turns, 0, visits)));
    await vi.advanceTimersByTimeAsync(3100);
    await all;
    expect(visits).toHaveLength(20);
  });

  it('serves in the order of asking', async () => {
    const turns = budget({ concurrency: 1, rate: null });
    const order: number[] = [];
    const end = await turns.take(never);
    const rest = [1, 2, 3].map((number) =>
      turns.take(never).then((endTurn) => {
        order.push(number);
        endTurn();
      }),
    );
    end();
    await Promise.all(rest);
    expect(order).toEqual([1, 2, 3]);
  });

  it('takes nothing for a wait that was aborted, and leaves no timer behind', async () => {
    const turns = budget({ concurrency: 1, rate: { requests: 1, perMs: 1000 } });
    (await turns.take(never))();
    const abort = new AbortController();
    const aborted = turns.take(abort.signal);
    const next = turns.take(never);
    abort.abort(new Error('no longer wanted'));
    await expect(aborted).rejects.toThrow('no longer wanted');
    await vi.advanceTimersByTimeAsync(1100);
    (await next)();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sets no timer for a time that is over while as many are under way as may be', async () => {
    const turns = budget({ concurrency: 1, rate: { requests: 2, perMs: 1000 } });
    (await turns.take(never))();
    const end = await turns.take(never);
    await vi.advanceTimersByTimeAsync(5000);
    const waits = turns.take(never);
    expect(vi.getTimerCount()).toBe(0);
    end();
    (await waits)();
  });

  it('leaves no timer behind when the last one who waited has gone', async () => {
    const turns = budget({ concurrency: 1, rate: { requests: 1, perMs: 1000 } });
    (await turns.take(never))();
    const abort = new AbortController();
    const aborted = turns.take(abort.signal);
    expect(vi.getTimerCount()).toBe(1);
    abort.abort(new Error('no longer wanted'));
    await expect(aborted).rejects.toThrow('no longer wanted');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses at once when the signal was aborted before', async () => {
    const turns = budget({ concurrency: 1, rate: null });
    await expect(turns.take(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    (await turns.take(never))();
  });

  it('counts a turn that is ended twice as one', async () => {
    const turns = budget({ concurrency: 1, rate: null });
    const end = await turns.take(never);
    end();
    end();
    await turns.take(never);
    let second = false;
    void turns.take(never).then(() => (second = true));
    await vi.advanceTimersByTimeAsync(1000);
    expect(second).toBe(false);
  });
});
