import { describe, expect, it } from 'vitest';
import { explainMapping } from '../../src/mapping/explain.ts';
import { aMapping, given, head, problemsOf, resultOf } from './a-mapping.ts';

const refused =
  'mapping_now_changes the expression asks for `now()`, which is another instant at every run; only a rule with `write_on: create` may ask for it';

describe('`now()`', () => {
  it.each([
    ["{ expr: 'now()', write_on: create }", '2026-01-31T09:30:00Z'],
    ["{ expr: 'now()', as: datetime, write_on: create }", '2026-01-31T09:30:00Z'],
    ["{ expr: 'now()', as: date, timezone: Pacific/Kiritimati, write_on: create }", '2026-01-31'],
    ["{ expr: 'now()', as: date, timezone: Pacific/Pago_Pago, write_on: create }", '2026-01-30'],
    ['{ expr: \'"since " + now().substring(0, 4)\', write_on: create }', 'since 2026'],
    [
      "{ choose: [{ when: 'closed < now()', value: past }], else: { expr: 'now()' }, write_on: create }",
      'past',
    ],
  ])('is the instant of the decision: %s', (rule, result) => {
    expect(resultOf(rule, { closed: '2026-01-01' })).toBe(result);
  });

  it('is handed in, so that the same instant gives the same record, and is told in the explanation', () => {
    const mapping = aMapping("fields: { x: { expr: 'now()', write_on: create } }\n");
    const later = { ...given, now: '2027-02-28T00:00:00Z' };
    expect(mapping.run({}, later)).toMatchObject({ fields: { x: later.now }, createOnly: ['x'] });
    expect(mapping.run({}, later)).toEqual(mapping.run({}, later));
    expect(explainMapping(mapping, {}, later).fields[0]?.source).toBe(later.now);
  });

  it.each([
    ["fields: { x: { expr: 'now()' } }", `4:22 ${refused}`],
    ['fields: { x: { expr: \'"at " + now()\', write_on: update } }', `4:31 ${refused}`],
    ["fields: { x: { expr: 'now()', write_on: always } }", `4:22 ${refused}`],
    [
      "fields: { x: { choose: [{ when: 'closed < now()', value: a }], else: { from: b } } }",
      `4:43 ${refused}`,
    ],
    ["fields: { x: { choose: [{ when: 'a == 1', value: a }], else: { expr: 'now()' } } }", `4:70 ${refused}`],
    ['only_when: closed < now()\nfields: { x: { from: id } }', `4:21 ${refused}`],
    [
      "fields: { x: { from: id } }\nlines: { l: { for_each: a, key: id, fields: { y: { expr: 'now()' } } } }",
      `5:58 ${refused}`,
    ],
    [
      "fields: { x: { expr: 'now(1)', write_on: create } }",
      '4:22 mapping_bad_expression the expression gives `now` something; write now()',
    ],
    [
      "fields: { x: { expr: 'now() + 1', write_on: create } }",
      '4:22 mapping_bad_expression the expression cannot use `+` on a text and a whole number; make a text a number with `decimal`',
    ],
  ])('is refused where it would give another value at every run: %s', (rest, problem) => {
    expect(problemsOf(`${head}${rest}\n`)).toEqual([problem]);
  });

  it('does not hide a field of that name', () => {
    expect(resultOf("{ expr: 'now + record.now' }", { now: 'n' })).toBe('nn');
  });
});
