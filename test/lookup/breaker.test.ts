import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { breaker, usualBreaker } from '../../src/lookup/breaker.ts';

const down = new Fault({ kind: 'transient', code: 'down', message: 'It is down.' });
const asker = {};
const fails = async (): Promise<never> => {
  throw down;
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const opened = async () => {
  const guard = breaker(usualBreaker, Date.now);
  for (let n = 0; n < 3; n++) await expect(guard.run(asker, fails)).rejects.toBe(down);
  return guard;
};

describe('a breaker', () => {
  it('opens after three failures in a row, and says why and for how long', async () => {
    const guard = await opened();
    expect(guard.state()).toBe('open');
    expect(guard.refuses(asker)).toEqual({ sentence: 'it gave no answer (transient)', forMs: 1000 });
  });

  it('stays closed where answers lie between the failures', async () => {
    const guard = breaker(usualBreaker, Date.now);
    for (let n = 0; n < 5; n++) {
      await expect(guard.run(asker, fails)).rejects.toBe(down);
      await expect(guard.run(asker, fails)).rejects.toBe(down);
      await guard.run(asker, async () => 'well');
    }
    expect(guard.state()).toBe('closed');
  });

  it('lets ONE lookup through when its time is over, and closes when a question of that is answered', async () => {
    const guard = await opened();
    vi.advanceTimersByTime(1000);
    expect(guard.refuses(asker)).toBeNull();
    const held = Promise.withResolvers<string>();
    const probe = guard.run(asker, () => held.promise);
    expect(guard.state()).toBe('half_open');
    expect(guard.refuses({})).toMatchObject({ forMs: 1000 });
    expect(guard.refuses(asker)).toBeNull();
    held.resolve('well');
    await probe;
    expect([guard.state(), guard.refuses({})]).toEqual(['closed', null]);
  });

  it('waits twice as long each time that the one lookup fails', async () => {
    const guard = await opened();
    vi.advanceTimersByTime(1000);
    await expect(guard.run(asker, fails)).rejects.toBe(down);
    expect(guard.refuses(asker)).toMatchObject({ forMs: 2000 });
    vi.advanceTimersByTime(2000);
    await expect(guard.run(asker, fails)).rejects.toBe(down);
    expect(guard.refuses(asker)).toMatchObject({ forMs: 4000 });
  });

  it('gives the turn of a lookup that is given up to the next one, when its last question has ended', async () => {
    const guard = await opened();
    vi.advanceTimersByTime(1000);
    const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const probes = [first, second].map(({ promise }) => guard.run(asker, () => promise));
    first.reject(new Error('left'));
    await expect(probes[0]).rejects.toThrow('left');
    expect(guard.refuses({})).not.toBeNull();
    second.reject(new Error('left'));
    await expect(probes[1]).rejects.toThrow('left');
    expect(guard.refuses({})).toBeNull();
    await guard.run({}, async () => 'well');
    expect(guard.state()).toBe('closed');
  });

  it('counts a question that was given up only after it should have been answered', async () => {
    const guard = breaker(usualBreaker, Date.now);
    const leaves = (ms: number) =>
      guard.run(asker, async () => {
        vi.advanceTimersByTime(ms);
        throw new Error('left');
      });
    for (let n = 0; n < 3; n++) await expect(leaves(4999)).rejects.toThrow('left');
    expect(guard.state()).toBe('closed');
    for (let n = 0; n < 3; n++) await expect(leaves(5001)).rejects.toThrow('left');
    expect(guard.state()).toBe('open');
  });

  it('counts answers that took too long, though it gives them', async () => {
    const guard = breaker(usualBreaker, Date.now);
    for (let n = 0; n < 3; n++) {
      const answer = await guard.run(asker, async () => {
        vi.advanceTimersByTime(5001);
        return 'late';
      });
      expect(answer).toBe('late');
    }
    expect(guard.state()).toBe('open');
  });

  it('does not count what is wrong with a question', async () => {
    const guard = breaker(usualBreaker, Date.now);
    const wrong = new Fault({ kind: 'config', code: 'no_field', message: 'There is no such field.' });
    for (let n = 0; n < 9; n++)
      await expect(guard.run(asker, () => Promise.reject(wrong))).rejects.toBe(wrong);
    expect(guard.state()).toBe('closed');
  });
});
