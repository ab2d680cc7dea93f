import { describe, expect, it } from 'vitest';
import { lookAgainMs } from '../../src/sync/drain.ts';

describe('a drain that finds nothing to take', () => {
  it('looks again quickly at first, and once a second when nothing has come for a second', () => {
    const waits = Array.from({ length: 6 }, (_, looks) => lookAgainMs(looks));
    expect(waits).toEqual([200, 200, 400, 800, 1000, 1000]);
  });

  it('never waits longer, however long nothing comes', () => {
    expect(lookAgainMs(100_000)).toBe(1000);
  });
});
