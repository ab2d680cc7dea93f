import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalText, paddedDecimal, parseDecimal } from '../../src/mapping/convert/decimal.ts';

describe('a decimal that only needs zeros behind it', () => {
  it.each([
    ['12', 2, '12.00'],
    ['12.5', 2, '12.50'],
    ['0.25', 2, '0.25'],
    ['0', 0, '0'],
    ['12', 0, '12'],
  ])('%s with %i decimals is %s', (text, scale, result) => {
    expect(paddedDecimal(text, scale)).toBe(result);
  });

  it.each([
    ['12.345', 2],
    ['-1', 2],
    ['007', 2],
    ['1.', 2],
    ['.5', 2],
    ['1e2', 2],
    [' 1', 2],
    ['12,5', 2],
    ['', 2],
  ])('%j with %i decimals takes more', (text, scale) => {
    expect(paddedDecimal(text, scale)).toBeNull();
  });

  it('is what the arithmetic makes of it', () => {
    const number = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.option(fc.stringMatching(/^\d{1,20}$/), { nil: '' }))
      .map(([whole, decimals]) => (decimals === '' ? String(whole) : `${whole}.${decimals}`));
    fc.assert(
      fc.property(number, fc.integer({ min: 0, max: 20 }), (text, scale) => {
        const decimal = parseDecimal(text);
        const rounds = (text.split('.')[1]?.length ?? 0) > scale;
        expect(paddedDecimal(text, scale)).toBe(
          rounds ? null : decimal && decimalText(decimal, scale, 'half_even'),
        );
      }),
    );
  });

  it('has no sign when nothing is left of it', () => {
    const tiny = parseDecimal('-0.004');
    expect(tiny && decimalText(tiny, 2, 'half_even')).toBe('0.00');
    const small = parseDecimal('-0.006');
    expect(small && decimalText(small, 2, 'half_even')).toBe('-0.01');
  });
});
