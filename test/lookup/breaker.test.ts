import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { breaker, usualBreaker } from '../../src/lookup/breaker.ts';

const down = new Fault({ kind: 'transient', code: 'down', message: 'It is down.' });
const fails = async (): Promise<never> => {
  throw down;
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const opened = async () => {
  const guard = breaker(usualBreaker, Date.now);
  for (let n = 0; n < 3; n++) await expect(guard.run(fails)).rejects.toBe(down);
  return guard;
};

describe('a breaker', () => {
  it('opens after three failures in a row, and says why and for how long', async () => {
    const guard = await opened();
    expect(guard.state()).toBe('open');
    expect(guard.refuses()).toEqual({ sentence: 'It is down', forMs: 1002 });
  });

  it('stays closed where answers lie between the failures', async () => {
    const guard = breaker(usualBreaker, Date.now);
    for (let n = 0; n < 5; n++) {
      await expect(guard.run(fails)).rejects.toBe(down);
      await expect(guard.run(fails)).rejects.toBe(down);
      await guard.run(async () => 'well');
    }
    expect(guard.state()).toBe('closed');
  });

  it('lets ONE question through when its time is over, and closes when that is answered', async () => {
    const guard = await opened();
    vi.advanceTimersByTime(1002);
    expect(guard.refuses()).toBeNull();
    const held = Promise.withResolvers<string>();
    const probe = guard.run(() => held.promise);
    expect(guard.state()).toBe('half_open');
    expect(guard.refuses()).toMatchObject({ forMs: 1000 });
    held.resolve('well');
    await probe;
    expect([guard.state(), guard.refuses()]).toEqual(['closed', null]);
  });

  it('waits twice as long each time that the one question fails, or is given up', async () => {
    const guard = await opened();
    vi.advanceTimersByTime(1002);
    await expect(guard.run(fails)).rejects.toBe(down);
    expect(guard.refuses()).toMatchObject({ forMs: 2002 });
    vi.advanceTimersByTime(2002);
    await expect(guard.run(() => Promise.reject(new Error('left')))).rejects.toThrow('left');
    expect(guard.refuses()).toMatchObject({ forMs: 4002 });
  });

  it('counts answers that took too long, though it gives them', async () => {
    const guard = breaker(usualBreaker, Date.now);
    for (let n = 0; n < 3; n++) {
      const answer = await guard.run(async () => {
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
    for (let n = 0; n < 9; n++) await expect(guard.run(() => Promise.reject(wrong))).rejects.toBe(wrong);
    expect(guard.state()).toBe('closed');
  });
});
