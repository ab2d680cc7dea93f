import { describe, expect, it } from 'vitest';
import { head, problemsOf } from './a-mapping.ts';

const told = (rest: string): string[] => problemsOf(head + rest);

describe('a part of a mapping that might be reached', () => {
  it.each([
    "fields: { x: { choose: [{ when: 'a > 1', value: b }, { when: 'true', value: c }] } }",
    'fields: { x: { choose: [{ when: \'a == "1"\', value: b }, { when: \'a == " 1"\', value: c }] } }',
    "fields: { x: { choose: [{ when: 'a > 1', value: b }], default: c } }",
    "fields: { x: { choose: [{ when: 'a > 1', from: b }], else: { value: d }, default: c } }",
    "fields: { x: { choose: [{ when: 'a > 1', value: '' }], else: { value: d }, default: c } }",
    'fields: { x: { value: a, map: m, default: c } }\nvalue_maps: { m: { values: { b: d }, unknown: default } }',
    "fields: { x: { value: a, map: m, default: c } }\nvalue_maps: { m: { a: '' } }",
    'fields: { x: { from: a, default: b, when_empty: keep } }',
    'fields: { x: { from: a, when_empty: clear } }',
    'only_when: \'stage == "won" || stage == "open"\'\nfields: { x: { from: a } }',
    'only_when: \'stage != "won" && stage != "open"\'\nfields: { x: { from: a } }',
    'only_when: \'items.exists(i, items.exists(j, i.k == "a" && j.k == "b"))\'\nfields: { x: { from: a } }',
    'only_when: \'items[0].k == "a" && items[1].k == "b"\'\nfields: { x: { from: a } }',
    "only_when: 'size(record) > 0'\nfields: { x: { from: a } }",
    'fields: { x: { from: a } }\nlines: { l: { for_each: b, key: id, fields: { y: { from: [a, ..a] } } } }',
  ])('is not complained about: %s', (rest) => {
    expect(told(`${rest}\n`)).toEqual([]);
  });
});

describe('a value that stands in a mapping', () => {
  it('may be cut, empty, or one of many characters to JavaScript alone', () => {
    expect(told('fields: { x: { value: a long text, max: 4, too_long: cut } }\n')).toEqual([]);
    expect(told('fields: { x: { value: añ😀, max: 3 } }\n')).toEqual([]);
    expect(
      told("fields: { x: { from: a, map: m, as: integer } }\nvalue_maps: { m: { none: '', one: '1' } }\n"),
    ).toEqual([]);
  });

  it('is converted with what the rule says of the conversion', () => {
    expect(
      told('fields: { x: { from: a, default: 2026-01-31, as: datetime, timezone: Europe/Paris } }\n'),
    ).toEqual([]);
    expect(
      told('fields: { x: { from: a, default: 030 123456, as: phone, country: company.country } }\n'),
    ).toEqual([]);
  });

  it('counts only where the fixed values of the rule lead in its value map', () => {
    expect(
      told(
        "fields: { x: { value: one, map: m, as: integer }, y: { from: a, map: m } }\nvalue_maps: { m: { one: '1', all: every } }\n",
      ),
    ).toEqual([]);
  });
});

describe('a value map', () => {
  it('may be used by one of the records under `also` alone', () => {
    expect(
      told(
        'fields: { x: { from: a } }\nalso: { more: { write: { entity: b }, fields: { y: { from: c, map: m } } } }\nvalue_maps: { m: { d: e } }\n',
      ),
    ).toEqual([]);
  });

  it('is told of once, however many records of the file find it wrong', () => {
    expect(
      told(
        'fields: { x: { from: a, map: m, as: integer } }\nalso: { more: { write: { entity: b }, fields: { x: { from: c, map: m, as: integer } } } }\nvalue_maps: { m: { d: e } }\n',
      ),
    ).toEqual(['6:23 mapping_bad_constant for `d`, `x` gets "e", which is not a whole number']);
  });
});
