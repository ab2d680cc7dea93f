import { expect, it } from 'vitest';
import { crossing } from '../../src/sync/give-way.ts';

const { signal } = new AbortController();

/** A clock that moves with every wait, and what comes in while one waits. */
function aStreet(arrivals: (at: number) => number) {
  let at = 0;
  const waits: number[] = [];
  const street = crossing({
    clock: () => at,
    sleep: async (ms) => {
      waits.push(ms);
      at += ms;
      for (let n = arrivals(at); n > 0; n -= 1) street.asked();
    },
  });
  return { street, waits, at: () => at, pass: (ms: number) => void (at += ms) };
}

it('what is carried goes on at once where nobody has asked just now', async () => {
  const { street, waits, pass } = aStreet(() => 0);
  await street.giveWay(signal);
  street.asked();
  pass(51);
  await street.giveWay(signal);
  expect(waits).toEqual([]);
});

it('what is carried waits for a crowd to pass, and not for callers who come one by one', async () => {
  const crowd = aStreet((at) => (at < 90 ? 16 : 0));
  crowd.street.asked();
  await crowd.street.giveWay(signal);
  expect(crowd.at()).toBeGreaterThanOrEqual(90);
  expect(crowd.at()).toBeLessThan(100);
  const single = aStreet(() => 1);
  single.street.asked();
  await single.street.giveWay(signal);
  expect(single.waits).toHaveLength(1);
});

it('what is carried goes on in the end, however many come, and at once when the process stops', async () => {
  const flood = aStreet(() => 100);
  flood.street.asked();
  await flood.street.giveWay(signal);
  expect(flood.at()).toBeGreaterThanOrEqual(500);
  expect(flood.at()).toBeLessThan(510);
  const stopping = aStreet(() => 100);
  stopping.street.asked();
  await stopping.street.giveWay(AbortSignal.abort());
  expect(stopping.at()).toBe(0);
});
