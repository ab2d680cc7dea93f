import { describe, expect, it } from 'vitest';
import type { EntityDescription } from '../../src/connector/contract.ts';
import type { SourceRecord } from '../../src/connector/value.ts';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { aMapping, given, head, problemsOf, resultOf, told } from './a-mapping.ts';

const number = (phone: string, country?: string): unknown =>
  resultOf(`{ from: phone, as: phone${country === undefined ? '' : `, country: ${country}`} }`, { phone });
const refused = (phone: string, why: string): string[] => [
  `value_not_phone x: \`phone\` is ${JSON.stringify(phone)}, which ${why}`,
];

describe('a phone number', () => {
  it.each([
    ['+49 30 123456', '+4930123456'],
    [' +49 (0)30 / 123-456 ', '+4930123456'],
    ['(+49) 30 123456', '+4930123456'],
    ['+39 06 1234567', '+39061234567'],
    ['+1 (212) 555-0123', '+12125550123'],
    ['+800 1234 5678', '+80012345678'],
    ['＋４９　３０　１２３４５６', '+4930123456'],
  ])('with its country code comes out in E.164: %s', (written, result) => {
    expect(number(written)).toBe(result);
    expect(number(written, 'FR')).toBe(result);
  });

  it.each([
    ['030 123456', 'DE', '+4930123456'],
    ['030/123456-12', 'DE', '+493012345612'],
    ['0049 30 123456', 'DE', '+4930123456'],
    ['011 49 30 123456', 'US', '+4930123456'],
    ['06 1234567', 'IT', '+39061234567'],
    ['020 7946 0018', 'UK', '+442079460018'],
    ['٠٣٠ ١٢٣٤٥٦', 'DE', '+4930123456'],
  ])('without one takes it from `country`: %s in %s', (written, country, result) => {
    expect(number(written, country)).toBe(result);
  });

  it.each([
    ['030 123456', undefined, 'begins with no country code such as `+49`, and the rule names no `country`'],
    ['+999 123456', undefined, 'begins with a country code that does not exist'],
    ['12', 'DE', 'is too short for a number of +49'],
    ['+49', undefined, 'is too short for a phone number'],
    ['+49 30 123456 789012345', undefined, 'is too long for a number of +49'],
    ['1'.repeat(300), 'DE', 'is too long for a phone number'],
    ['+44 7700 900123', undefined, 'is not a number that +44 has'],
    ['030 123456 ext. 12', 'DE', 'has an extension, which E.164 cannot hold; carry it in a field of its own'],
    ['030 123456 #12', 'DE', 'has an extension, which E.164 cannot hold; carry it in a field of its own'],
    ['030 123456, 040 123456', 'DE', 'is not one phone number and nothing else'],
    ['030 123456 (Ms Meier)', 'DE', 'is not one phone number and nothing else'],
    ['+49 30 1234567;phone-context=x', undefined, 'is not one phone number and nothing else'],
    ['1-800-FLOWERS', 'US', 'is not one phone number and nothing else'],
    ['none', undefined, 'is not one phone number and nothing else'],
    [' ', undefined, 'is not one phone number and nothing else'],
  ])('is refused rather than guessed at: %s', (written, country, why) => {
    const shown = written.length > 80 ? `${written.slice(0, 79)}…` : written;
    expect(number(written, country)).toEqual(refused(shown, why));
  });
});

describe('the country of a phone number', () => {
  const rule = '{ from: phone, as: phone, country: company.country }';
  const phone = '030 123456';

  it.each(['DE', 'DEU', 'Germany', 'Deutschland'])('stands in the record as %s', (country) => {
    expect(resultOf(rule, { phone, company: { country } })).toBe('+4930123456');
  });

  it.each<[SourceRecord, string]>([
    [{}, '`company.country` is empty'],
    [{ company: { country: '' } }, '`company.country` is empty'],
    [{ company: { country: 'Narnia' } }, '`company.country` is "Narnia", which is no country that is known'],
    [{ company: { country: ['DE'] } }, '`company.country` is a list of 1, which is no country that is known'],
    [{ company: { country: 'Antarctica' } }, '`company.country` is "Antarctica", which has no phone numbers'],
    [
      { company: 'Acme' },
      '`company.country` cannot be read: `company` is a single value, which has no field `country`',
    ],
  ])('is told where it is missing, and not asked for where the number has it: %j', (record, why) => {
    expect(resultOf(rule, { ...record, phone })).toEqual(
      refused(phone, `begins with no country code such as \`+49\`, and ${why}`),
    );
    expect(resultOf(rule, { ...record, phone: '+33 1 23 45 67 89' })).toBe('+33123456789');
  });

  it('is a field of the line inside lines, or of the record', () => {
    const mapping = aMapping(`fields: { x: { from: id } }
lines:
  l:
    for_each: people
    key: id
    fields:
      own: { from: phone, as: phone, country: country }
      home: { from: phone, as: phone, country: ..country }
`);
    const people = [{ id: '1', phone: '030 123456', country: 'DE' }];
    expect(mapping.run({ id: '1', country: 'DE', people }, given)).toMatchObject({
      lines: { l: { rows: [{ fields: { own: '+4930123456', home: '+4930123456' } }] } },
    });
    expect(told(mapping.run({ id: '1', people }, given))).toEqual([
      'value_not_phone l[1].home: `phone` is "030 123456", which begins with no country code such as `+49`, and `..country` is empty',
    ]);
  });

  it.each([
    ['{ from: a, as: text, country: DE }', '5:27 mapping_conflict `country` needs `as: phone`'],
    [
      '{ from: a, as: phone, country: XX }',
      '5:37 mapping_bad_value `XX` is not the code of a country that has phone numbers',
    ],
    [
      '{ from: a, as: phone, country: AQ }',
      '5:37 mapping_bad_value `AQ` is not the code of a country that has phone numbers',
    ],
    [
      '{ from: a, as: phone, country: ..b }',
      '5:37 mapping_bad_path `..b` begins with `..`, which leads from a line to its record; this is the record already',
    ],
    [
      '{ from: a, as: phone, default: 030 1 }',
      '5:37 mapping_bad_constant "030 1" begins with no country code such as `+49`, and the rule names no `country`',
    ],
    [
      "{ from: a, as: phone, country: DE, default: '110' }",
      '5:50 mapping_bad_constant "110" is too short for a number of +49',
    ],
  ])('is refused when the mapping is read: %s', (rule, problem) => {
    expect(problemsOf(`${head}fields:\n  x: ${rule}\n`)).toEqual([problem]);
  });

  it('does not condemn a fixed number for a country that only the record knows', () => {
    expect(resultOf('{ from: a, as: phone, country: land, default: 030 123456 }', { land: 'Germany' })).toBe(
      '+4930123456',
    );
  });

  it('is checked against what the source says of its fields', () => {
    const source: EntityDescription = {
      entity: 'deals',
      fields: { phone: { type: 'text', label: '', required: false, readOnly: false } },
    };
    const mapping = aMapping('fields: { x: { from: phone, as: phone, country: land } }\n');
    expect(checkAgainst(mapping, { source, sink: null }).map(({ message }) => message)).toEqual([
      'deals has no field `land`',
    ]);
    const fixed = aMapping('fields: { x: { from: phone, as: phone, country: DE } }\n');
    expect(checkAgainst(fixed, { source, sink: null })).toEqual([]);
  });
});
