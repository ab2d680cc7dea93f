import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../src/mapping/convert/instant.ts';

const digits = (most: number, length: number) =>
  fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(length, '0'));
const day = fc.tuple(digits(9999, 4), digits(13, 2), digits(32, 2)).map((parts) => parts.join('-'));
const time = fc.tuple(digits(25, 2), digits(61, 2), digits(61, 2)).map((parts) => parts.join(':'));
const fraction = fc.oneof(
  fc.constant(''),
  digits(999_999, 6).map((all) => `.${all}`),
);

describe('a moment in the form that most systems give', () => {
  it('is read as luxon reads it, whatever the calendar says', () => {
    fc.assert(
      fc.property(day, time, fraction, (date, clock, rest) => {
        const text = `${date}T${clock}${rest}Z`;
        const known = DateTime.fromISO(text);
        const sound = known.isValid && !clock.startsWith('24');
        expect(parseMoment(text)).toEqual(sound ? { kind: 'instant', ms: known.toMillis() } : null);
      }),
      { numRuns: 2000 },
    );
  });

  it('is a date only on a day that there is', () => {
    fc.assert(
      fc.property(day, (text) => {
        const sound = DateTime.fromISO(text).isValid;
        expect(parseMoment(text)).toEqual(sound ? { kind: 'date', text } : null);
      }),
      { numRuns: 2000 },
    );
    expect(parseMoment('2028-02-29')).toEqual({ kind: 'date', text: '2028-02-29' });
    expect(parseMoment('2026-02-29')).toBeNull();
  });
});
