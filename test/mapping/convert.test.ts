import { describe, expect, it } from 'vitest';
import { countryCode } from '../../src/mapping/convert/country.ts';
import { resultOf } from './a-mapping.ts';

const converted = (rule: string, value: string | boolean | null): unknown =>
  resultOf(`{ from: v, ${rule} }`, { v: value });
const refused = (code: string, value: string, reason: string): string[] => [
  `${code} x: \`v\` is ${JSON.stringify(value)}, which ${reason}`,
];

describe('a decimal', () => {
  it.each([
    ['1200.50', '1200.5'],
    ['0123.10', '123.1'],
    ['+49', '49'],
    ['-0.00', '0'],
    ['.5', '0.5'],
    ['5.', '5'],
    [' 7 ', '7'],
    ['1e3', '1000'],
    ['1.2E-7', '0.00000012'],
    ['9007199254740993.01', '9007199254740993.01'],
  ])('reads %s', (text, result) => {
    expect(converted('as: decimal', text)).toBe(result);
  });

  it.each(['1,234.50', '1.234,50', "1'234", '12 000', '€5', '0x10', '1e999', 'NaN', 'Infinity', '--1', '١٢'])(
    'does not guess at %s',
    (text) => {
      expect(converted('as: decimal', text)).toEqual(
        refused(
          'value_not_decimal',
          text,
          'is not a decimal number: write digits with a point and no other separators, such as 1234.50',
        ),
      );
    },
  );

  it.each([
    ['half_even', '2.5', '2'],
    ['half_even', '3.5', '4'],
    ['half_up', '2.5', '3'],
    ['half_up', '-2.5', '-3'],
    ['half_down', '2.5', '2'],
    ['half_down', '-2.5', '-2'],
    ['up', '2.1', '3'],
    ['up', '-2.1', '-3'],
    ['down', '2.9', '2'],
    ['down', '-2.9', '-2'],
  ])('rounds %s: %s to %s', (rounding, text, result) => {
    expect(converted(`as: decimal, scale: 0, rounding: ${rounding}`, text)).toBe(result);
  });

  it('has just as many decimals as its scale, and no sign on a zero', () => {
    expect(converted('as: decimal, scale: 2', '7')).toBe('7.00');
    expect(converted('as: decimal, scale: 2', '-0.001')).toBe('0.00');
    expect(converted('as: decimal, scale: 2', '5.005')).toBe('5.00');
    expect(converted('as: decimal, scale: 2, rounding: half_up', '5.005')).toBe('5.01');
  });

  it('asks for a scale when a division leaves no end of digits', () => {
    expect(resultOf("{ expr: '1.0 / 3.0', as: decimal }", {})).toEqual([
      expect.stringContaining('has 200 digits; give the rule a `scale`'),
    ]);
    expect(resultOf("{ expr: '1.0 / 3.0', as: decimal, scale: 4 }", {})).toBe('0.3333');
  });
});

describe('a whole number', () => {
  it.each([
    ['12', '12'],
    ['0012', '12'],
    ['12.00', '12'],
    ['-3', '-3'],
    ['12345678901234567890', '12345678901234567890'],
  ])('reads %s', (text, result) => {
    expect(converted('as: integer', text)).toBe(result);
  });

  it('does not cut off what is behind the point', () => {
    expect(converted('as: integer', '12.5')).toEqual(
      refused('value_not_integer', '12.5', 'is not a whole number'),
    );
  });
});

describe('a boolean', () => {
  it.each<[string | boolean, boolean]>([
    ['true', true],
    ['False', false],
    ['YES', true],
    ['no', false],
    ['1', true],
    ['0', false],
    [true, true],
    [false, false],
  ])('reads %s', (value, result) => {
    expect(converted('as: boolean', value)).toBe(result);
  });

  it('does not take everything else for true', () => {
    expect(converted('as: boolean', 'on')).toEqual(
      refused('value_not_boolean', 'on', 'is neither true nor false'),
    );
  });
});

describe('a date', () => {
  it.each(['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC'])(
    'without a time stays what it is in %s',
    (zone) => {
      expect(converted(`as: date, timezone: ${zone}`, '2026-03-31')).toBe('2026-03-31');
    },
  );

  it.each([
    ['2026-03-31T22:30:00Z', 'Europe/Paris', '2026-04-01'],
    ['2026-03-31T22:30:00Z', 'UTC', '2026-03-31'],
    ['2026-03-31T23:30:00-05:00', 'UTC', '2026-04-01'],
    ['2026-03-31 22:30:00.123456+00', 'Asia/Tokyo', '2026-04-01'],
    ['1774942200000', 'UTC', '2026-03-31'],
    ['-157766400000', 'UTC', '1965-01-01'],
  ])('of the instant %s in %s is %s', (text, zone, result) => {
    expect(converted(`as: date, timezone: ${zone}`, text)).toBe(result);
  });

  it.each([
    '2026-02-30',
    '31.03.2026',
    '2026-3-1',
    '20260331',
    '2026-03-31T10:00:00',
    '1774942200',
    '20260331100000',
    '03012345678',
    '-99999999999999',
    '2026-03-31T10:00:00+99:00',
    'tomorrow',
    '2026-W14',
    '2026-03-31T24:00:00Z',
  ])('does not guess at %s', (text) => {
    expect(converted('as: date', text)).toEqual(
      refused(
        'value_not_date',
        text,
        'is not a date: write 2026-01-31, or an instant such as 2026-01-31T09:30:00Z',
      ),
    );
  });
});

describe('an instant', () => {
  it.each([
    ['2026-03-31T09:30:00+02:00', '2026-03-31T07:30:00Z'],
    ['2026-03-31T09:30:00.250Z', '2026-03-31T09:30:00.250Z'],
    ['2026-03-31t09:30z', '2026-03-31T09:30:00Z'],
    ['1774942200000', '2026-03-31T07:30:00Z'],
  ])('%s is %s', (text, result) => {
    expect(converted('as: datetime', text)).toBe(result);
  });

  it('is made of a date only where its day begins is said', () => {
    expect(converted('as: datetime', '2026-03-31')).toEqual(
      refused(
        'value_not_datetime',
        '2026-03-31',
        'is a date without a time; give the rule a `timezone` in which that day begins',
      ),
    );
    expect(converted('as: datetime, timezone: Europe/Paris', '2026-03-31')).toBe('2026-03-30T22:00:00Z');
    expect(converted('as: datetime, timezone: UTC', '2026-03-31')).toBe('2026-03-31T00:00:00Z');
  });

  it('needs a time zone of its own', () => {
    expect(converted('as: datetime', '2026-03-31T09:30:00')).toEqual(
      refused(
        'value_not_datetime',
        '2026-03-31T09:30:00',
        'is not an instant: write an instant such as 2026-01-31T09:30:00Z',
      ),
    );
  });
});

describe('a country', () => {
  it.each([
    ['DE', 'DE'],
    ['de', 'DE'],
    ['DEU', 'DE'],
    ['Germany', 'DE'],
    ['Deutschland', 'DE'],
    ['ALLEMAGNE', 'DE'],
    ['UK', 'GB'],
    ['U.K.', 'GB'],
    ['USA', 'US'],
    ['U.S.A.', 'US'],
    ['United States', 'US'],
    ['The Netherlands', 'NL'],
    ['Venezuela', 'VE'],
    ['México', 'MX'],
    ['Mexico', 'MX'],
    ['Österreich', 'AT'],
    ['osterreich', 'AT'],
    ['日本', 'JP'],
    ["Côte d'Ivoire", 'CI'],
    ['Niger', 'NE'],
    ['Nigeria', 'NG'],
  ])('%s is %s', (name, code) => {
    expect(countryCode(name)).toBe(code);
  });

  it.each(['XX', 'Narnia', 'England', 'Ger', 'Congo', ''])('does not guess at %s', (name) => {
    expect(countryCode(name)).toBeNull();
  });

  it('knows every country of the Northwind customers', () => {
    const names = [
      'Argentina',
      'Austria',
      'Belgium',
      'Brazil',
      'Canada',
      'Denmark',
      'Finland',
      'France',
      'Germany',
      'Ireland',
      'Italy',
      'Mexico',
      'Norway',
      'Poland',
      'Portugal',
      'Spain',
      'Sweden',
      'Switzerland',
      'UK',
      'USA',
      'Venezuela',
    ];
    expect(names.map(countryCode)).toEqual([
      'AR',
      'AT',
      'BE',
      'BR',
      'CA',
      'DK',
      'FI',
      'FR',
      'DE',
      'IE',
      'IT',
      'MX',
      'NO',
      'PL',
      'PT',
      'ES',
      'SE',
      'CH',
      'GB',
      'US',
      'VE',
    ]);
  });

  it('is refused with what was written', () => {
    expect(converted('as: country', 'Narnia')).toEqual(
      refused('value_not_country', 'Narnia', 'is not a country that is known by this name or code'),
    );
  });
});
