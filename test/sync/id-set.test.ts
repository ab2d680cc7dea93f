import { describe, expect, it } from 'vitest';
import { idSet } from '../../src/sync/id-set.ts';

describe('a set of ids', () => {
  it('has exactly what was added, however much that is', () => {
    const ids = idSet();
    for (let n = 0; n < 20_000; n += 1) ids.add(`record-${n}`);
    ids.add('record-7');
    expect(ids.size).toBe(20_000);
    const lost = Array.from({ length: 20_000 }, (_, n) => n).filter((n) => !ids.has(`record-${n}`));
    const invented = Array.from({ length: 20_000 }, (_, n) => n).filter((n) => ids.has(`other-${n}`));
    expect([lost, invented]).toEqual([[], []]);
  });
});
