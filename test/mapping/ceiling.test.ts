import { describe, expect, it } from 'vitest';
import { ceilingInWords, defaultCeiling, exceeds } from '../../src/mapping/ceiling.ts';
import { aMapping } from './a-mapping.ts';

const ceilingOf = (text: string) => aMapping(`${text}fields:\n  name: { from: name }\n`).ceiling;

describe('a ceiling', () => {
  it('is exceeded by one measure alone, and by a share only from 21 records on', () => {
    expect(exceeds(defaultCeiling, 20, 20)).toBe(false);
    expect(exceeds(defaultCeiling, 21, 209)).toBe(true);
    expect(exceeds(defaultCeiling, 21, 210)).toBe(false);
    expect(exceeds(defaultCeiling, 500, 1_000_000)).toBe(false);
    expect(exceeds(defaultCeiling, 501, 1_000_000)).toBe(true);
    expect(exceeds({ count: 0, percent: null }, 1, 1_000_000)).toBe(true);
    expect(exceeds({ count: null, percent: 100 }, 1000, 1000)).toBe(false);
  });

  it('has defaults for removals, each measure for itself, and none for changes', () => {
    expect(ceilingOf('')).toEqual({ removals: { count: 500, percent: 10 }, changes: null });
    expect(ceilingOf('ceiling: { removals: { count: 7 }, changes: { percent: 25 } }\n')).toEqual({
      removals: { count: 7, percent: 10 },
      changes: { count: null, percent: 25 },
    });
  });

  it('is told in words', () => {
    expect(ceilingInWords(defaultCeiling)).toBe('500 or 10 percent of the linked ones');
    expect(ceilingInWords({ count: null, percent: 25 })).toBe('25 percent of the linked ones');
  });
});
