import { describe, expect, it } from 'vitest';
import type { EntityDescription } from '../../src/connector/contract.ts';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { deals, order } from './a-description.ts';
import { aMapping } from './a-mapping.ts';

const check = (
  rest: string,
  described: { source?: EntityDescription | null; sink?: EntityDescription | null },
): string[] => {
  const mapping = aMapping(rest);
  return checkAgainst(mapping, { source: null, sink: null, ...described }).map(
    ({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`,
  );
};

describe('a mapping against its source', () => {
  const source = deals;

  it('passes when every field is there, and `id` always is', () => {
    expect(
      check(
        "only_when: stage == 'won'\nfields: { name: { from: [dealname, id] }, note: { template: '{amount}' } }\n",
        { source },
      ),
    ).toEqual([]);
  });

  it.each([
    [
      'fields: { name: { from: dealnam } }',
      '4:25 mapping_unknown_source_field deals has no field `dealnam`; did you mean `dealname`?',
    ],
    [
      'fields: { name: { from: [dealname, nam] } }',
      '4:36 mapping_unknown_source_field deals has no field `nam`',
    ],
    [
      "fields: { name: { template: 'CRM {amont}' } }",
      '4:35 mapping_unknown_source_field deals has no field `amont`; did you mean `amount`?',
    ],
    [
      "fields: { name: { expr: 'decimal(amount) + decimal(fee)' } }",
      '4:52 mapping_unknown_source_field deals has no field `fee`',
    ],
    [
      "fields: { name: { choose: [{ when: stag == 'won', value: a }], else: { from: x } } }",
      '4:36 mapping_unknown_source_field deals has no field `stag`; did you mean `stage`?',
    ],
    [
      'only_when: stge == "won"\nfields: { name: { from: dealname } }',
      '4:12 mapping_unknown_source_field deals has no field `stge`; did you mean `stage`?',
    ],
    [
      'fields: { name: { from: dealname.first } }',
      '4:25 mapping_bad_path `dealname` is a single value (text) and has no fields',
    ],
    [
      'fields: { name: { from: dealname } }\nwrite_back: [{ to: crm, field: erp_nummer, from: id }]',
      '5:32 mapping_unknown_source_field deals has no field `erp_nummer`; did you mean `erp_number`?',
    ],
    [
      'fields: { name: { from: dealname } }\nwrite_back: [{ to: crm, field: created, from: id }]',
      '5:32 mapping_read_only_field `created` of deals cannot be written',
    ],
    [
      'fields: { name: { from: company.name } }',
      '4:25 mapping_not_read `company` is not read with the record; add it to `with` under `read`',
    ],
    [
      'fields: { name: { from: dealname } }\nlines: { order_line: { for_each: items, key: id, fields: { product: { from: sku } } } }',
      '5:34 mapping_unknown_source_field deals has no field `items`; did you mean `line_items`?',
    ],
  ])('says what is not there: %s', (rest, problem) => {
    expect(check(`${rest}\n`, { source })[0]).toBe(problem);
  });

  it('goes into related records and lines that are read', () => {
    const rest = `fields:
  name: { from: company.nme }
  note: { expr: 'line_items.map(l, l.prize).join(",")' }
  other: { from: line_items.price }
  owner: { from: owner.anything }
lines:
  order_line:
    for_each: line_items
    key: id
    fields:
      product: { from: skuu }
      price_unit: { expr: 'decimal(price) + decimal(record.amont)' }
      kind: { from: ..dealnme }
`;
    const mapping = aMapping(rest);
    const text = mapping.text.replace(
      'entity: deals }',
      'entity: deals, with: [company, line_items, owner] }',
    );
    const problems = checkAgainst({ ...mapping, text }, { source, sink: null });
    expect(problems.map(({ at, message }) => `${at?.line}:${at?.column} ${message}`)).toEqual([
      '5:17 company has no field `nme`; did you mean `name`?',
      '6:36 line_items has no field `prize`; did you mean `price`?',
      '7:18 `line_items` is a list; its fields are mapped under `lines`',
      '14:24 line_items has no field `skuu`; did you mean `sku`?',
      '15:53 deals has no field `amont`; did you mean `amount`?',
      '16:21 deals has no field `dealnme`; did you mean `dealname`?',
    ]);
  });
});

describe('a mapping against its ERP', () => {
  const sink = order;

  it.each([
    [
      'fields: { nam: { from: a } }',
      '4:11 mapping_unknown_target_field sale.order has no field `nam`; did you mean `name`?',
    ],
    [
      'fields: { total: { from: a } }',
      '4:11 mapping_read_only_field `total` of sale.order cannot be written',
    ],
    [
      'fields: { state: { value: sent } }',
      '4:27 mapping_value_not_offered `state` of sale.order does not offer `sent`; it offers draft, sale',
    ],
    [
      'fields: { state: { from: a, default: sent } }',
      '4:38 mapping_value_not_offered `state` of sale.order does not offer `sent`; it offers draft, sale',
    ],
    [
      "fields: { state: { choose: [{ when: 'a > 1', value: draft }], else: { value: gone } } }",
      '4:78 mapping_value_not_offered `state` of sale.order does not offer `gone`; it offers draft, sale',
    ],
    [
      'fields: { state: { from: a, map: m } }\nvalue_maps: { m: { won: sale, lost: cancel } }',
      '5:37 mapping_value_not_offered `state` of sale.order does not offer `cancel`; it offers draft, sale',
    ],
    [
      'fields: { order_line: { from: a } }',
      '4:11 mapping_conflict `order_line` of sale.order holds lines, which are mapped under `lines`',
    ],
    [
      'fields: { name: { from: a } }\nlines: { note: { for_each: l, key: id, fields: { x: { from: y } } } }',
      '5:10 mapping_conflict `note` of sale.order holds no lines',
    ],
    [
      'fields: { name: { from: a } }\nlines: { order_lin: { for_each: l, key: id, fields: { x: { from: y } } } }',
      '5:10 mapping_unknown_target_field sale.order has no field `order_lin`; did you mean `order_line`?',
    ],
    [
      'fields: { name: { from: a } }\nlines: { order_line: { for_each: l, key: id, fields: { prise: { from: y } } } }',
      '5:56 mapping_unknown_target_field order_line has no field `prise`',
    ],
    [
      'fields: { name: { from: a } }\nlines: { order_line: { for_each: l, key: id, fields: { kind: { value: service } } } }',
      '5:71 mapping_value_not_offered `kind` of order_line does not offer `service`; it offers goods',
    ],
    [
      'fields: { name: { from: a } }\nwrite_back: [{ to: crm, field: a, from: nme }]',
      '5:41 mapping_unknown_target_field sale.order has no field `nme`; did you mean `name`?',
    ],
  ])('says what cannot be written: %s', (rest, problem) => {
    expect(check(`${rest}\n`, { sink })).toEqual([problem]);
  });

  it('is not checked where nothing is known', () => {
    expect(check('fields: { anything: { from: at.all } }\n', {})).toEqual([]);
  });
});
