import { describe, expect, it } from 'vitest';
import type { EntityDescription, FieldType } from '../../src/connector/contract.ts';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { deals, field, order } from './a-description.ts';
import { accounts, aMapping } from './a-mapping.ts';

const single = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'datetime',
  'enum',
  'country',
  'currency',
  'reference',
] as const;

const entity = (name: string, fields: EntityDescription['fields']): EntityDescription => ({
  entity: name,
  fields,
});

/** The ERP fields, one of each kind, that take what the rule gives of a source field of one kind. */
function takenBy(type: FieldType, rule: (target: string) => string): string[] {
  const source = entity('deals', { given: field(type) });
  return single.filter((kind) => {
    const mapping = aMapping(`fields: { x: ${rule(kind)} }\n`);
    const sink = entity('sale.order', { x: field(kind) });
    return checkAgainst(mapping, { source, sink }).length === 0;
  });
}

const check = (rest: string): string[] => {
  const mapping = aMapping(rest);
  const text = mapping.text.replace('entity: deals }', 'entity: deals, with: [company, line_items] }');
  return checkAgainst({ ...mapping, text }, { source: deals, sink: order }).map(({ message }) => message);
};

describe('a source field that is taken as it comes', () => {
  it.each<[FieldType, string[]]>([
    ['text', ['text', 'enum', 'country', 'currency', 'reference']],
    ['integer', ['text', 'integer', 'decimal', 'enum', 'country', 'currency', 'reference']],
    ['decimal', ['text', 'integer', 'decimal', 'enum', 'country', 'currency', 'reference']],
    ['boolean', ['text', 'integer', 'decimal', 'boolean', 'enum']],
    ['date', ['text', 'date']],
    ['datetime', ['text', 'datetime']],
    ['enum', [...single]],
    ['country', ['text', 'enum', 'country']],
    ['currency', ['text', 'enum', 'currency']],
    ['reference', ['text', 'integer', 'decimal', 'enum', 'country', 'currency']],
  ])('%s fits fields of the kinds %j', (type, kinds) => {
    expect(takenBy(type, () => '{ from: given }')).toEqual(kinds);
  });

  it('fits every field when it is converted to the kind of the field', () => {
    const conversions = single.filter((kind) => kind !== 'enum' && kind !== 'reference');
    const converted = takenBy('text', (kind) =>
      conversions.some((as) => as === kind)
        ? `{ from: given, as: ${kind} }`
        : '{ from: given, map: m }\nvalue_maps: { m: { a: b }'.replace('\n', ' }\n'),
    );
    expect(converted).toEqual([...single]);
  });

  it('is not held against a field whose source is not described, or that is composed', () => {
    const mapping = aMapping(
      "fields: { amount: { template: '{a}' }, due: { expr: 'a.trim()' }, paid: { from: a } }\n",
    );
    expect(checkAgainst(mapping, { source: null, sink: order })).toEqual([]);
    expect(check("fields: { amount: { template: '{stage}' }, due: { expr: 'dealname.trim()' } }\n")).toEqual(
      [],
    );
  });

  it('fits when at least one value of its pick list does', () => {
    expect(check('fields: { seats: { from: days }, currency: { from: currency } }\n')).toEqual([]);
    expect(check('fields: { seats: { from: stage } }\n')).toEqual([
      '`stage` is a value of a pick list, and `seats` of sale.order holds a whole number; write `as: integer`',
    ]);
  });
});

describe('a conversion', () => {
  it.each<[FieldType, string[]]>([
    [
      'text',
      ['text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'country', 'currency', 'phone', 'url'],
    ],
    ['decimal', ['text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'phone']],
    ['boolean', ['text', 'boolean']],
    ['date', ['text', 'date']],
    ['datetime', ['text', 'date', 'datetime']],
    ['country', ['text', 'country']],
    ['reference', ['text', 'integer', 'decimal']],
  ])('of a field of the kind %s may be to %j', (type, conversions) => {
    const source = entity('deals', { given: field(type) });
    const possible = [
      'text',
      'integer',
      'decimal',
      'boolean',
      'date',
      'datetime',
      'country',
      'currency',
      'phone',
      'url',
    ];
    const found = possible.filter(
      (as) =>
        checkAgainst(aMapping(`fields: { x: { from: given, as: ${as} } }\n`), { source, sink: null })
          .length === 0,
    );
    expect(found).toEqual(conversions);
  });

  it('of a date to an instant needs the time zone in which the day begins', () => {
    expect(check('fields: { date_order: { from: due, as: datetime, timezone: Europe/Paris } }\n')).toEqual(
      [],
    );
    expect(check('fields: { date_order: { from: due, as: datetime } }\n')).toHaveLength(1);
  });

  it('to a day may go into a field of instants, where the day begins at midnight', () => {
    expect(check('fields: { date_order: { from: due, as: date } }\n')).toEqual([]);
  });

  it('is not held against the source when a value map comes first', () => {
    expect(
      check("fields: { seats: { from: paid, map: m, as: integer } }\nvalue_maps: { m: { 'true': '1' } }\n"),
    ).toEqual([]);
  });
});

describe('a fixed value', () => {
  it.each([
    "fields: { amount: { from: amount, default: '0' }, seats: { from: seats, default: '1' } }",
    "fields: { paid: { value: 'yes' }, due: { from: due, default: 2026-01-31 } }",
    'fields: { date_order: { from: closed, default: 2026-01-31 09:30:00 } }',
    'fields: { country: { value: DE }, currency: { value: eur }, partner: { value: base.main_partner } }',
    "fields: { country: { value: '56' } }",
    'fields: { name: { value: twelve chars } }',
    'fields: { name: { value: more than twelve chars, max: 12, too_long: cut } }',
  ])('may be anything that the field takes: %s', (rest) => {
    expect(check(`${rest}\n`)).toEqual([]);
  });

  it('of a value map is held against the field of the rule that uses it', () => {
    expect(
      check("fields: { amount: { from: dealname, map: m } }\nvalue_maps: { m: { a: '1.5', b: many } }\n"),
    ).toEqual([
      'for `b`, `amount` gets "many", which is not a decimal number, and `amount` of sale.order holds nothing else; write digits with a point, such as 1234.50',
    ]);
  });

  it('of a value file is told at the `map` of the rule, with its row', () => {
    const mapping = aMapping(
      'fields: { state: { from: dealname, map: m } }\nvalue_maps: { m: { file: values/m.csv } }\n',
      { 'mappings/values/m.csv': 'from,to\na,draft\nb,drafft\nc,\n' },
    );
    expect(
      checkAgainst(mapping, { source: deals, sink: order }).map(
        ({ at, message }) => `${at?.line}:${at?.column} ${message}`,
      ),
    ).toEqual([
      '4:41 for `b` in mappings/values/m.csv: `state` of sale.order does not offer `drafft`; did you mean `draft`? It offers draft, sale',
    ]);
  });
});

describe('a reference', () => {
  const read = (rest: string) => {
    const { mappings } = readMappings([accounts, { path: 'deals.yaml', text: rest }], []);
    const mapping = mappings.find(({ flow }) => flow === 'deals');
    if (mapping === undefined) throw new Error('the mapping is not sound');
    return { mapping, mappings };
  };
  const head =
    'flow: deals\nread: { from: crm, entity: deals, with: [company] }\nwrite: { to: erp, entity: sale.order }\n';
  const told = (rest: string, known = true): string[] => {
    const { mapping, mappings } = read(head + rest);
    return checkAgainst(mapping, { source: deals, sink: order }, known ? mappings : []).map(
      ({ message }) => message,
    );
  };

  it('leads to the entity that the field takes', () => {
    expect(told('fields: { partner: { reference: accounts, from: company.id } }\n')).toEqual([]);
    expect(told('fields: { note: { reference: accounts, from: company.id } }\n')).toEqual([]);
  });

  it('is not checked when the other mappings are not known', () => {
    const rest = 'fields: { partner: { reference: deals, from: company.id } }\n';
    expect(told(rest)).toEqual([
      'the flow `deals` carries sale.order, and `partner` of sale.order takes a record of res.partner; write `reference: accounts`',
    ]);
    expect(told(rest, false)).toEqual([]);
  });

  it('is asked for where an id of the CRM would go into the ERP', () => {
    expect(told('fields: { partner: { from: [company.id, erp_number] } }\n')).toEqual([
      '`company.id` is an id of the CRM, and `partner` of sale.order takes one of the ERP; write `reference: accounts`',
    ]);
    expect(told('fields: { partner: { from: erp_number }, note: { from: id } }\n')).toEqual([]);
  });
});
