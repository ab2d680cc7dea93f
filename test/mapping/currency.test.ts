import { describe, expect, it } from 'vitest';
import { resultOf } from './a-mapping.ts';

const code = (currency: string | boolean): unknown => resultOf('{ from: c, as: currency }', { c: currency });

describe('a currency', () => {
  it.each([
    ['EUR', 'EUR'],
    ['eur', 'EUR'],
    [' Usd ', 'USD'],
    ['Euro', 'EUR'],
    ['US Dollar', 'USD'],
    ['us dollar', 'USD'],
    ['British Pound', 'GBP'],
    ['São Tomé & Príncipe Dobra', 'STN'],
    ['sao tome & principe dobra', 'STN'],
  ])('is told by its code or its English name: %s', (written, result) => {
    expect(code(written)).toBe(result);
  });

  it.each(['Dollar', '€', 'EURO EUR', 'XYZ', 'Taler', ' ', 'constructor'])(
    'is not guessed at: %s',
    (written) => {
      expect(code(written)).toEqual([
        `value_not_currency x: \`c\` is ${JSON.stringify(written)}, which is not a currency that is known by this code or English name`,
      ]);
    },
  );
});
