import { describe, expect, it } from 'vitest';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { explainMapping } from '../../src/mapping/explain.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { externalKey } from '../../src/sync/external-key.ts';
import { given, told } from './a-mapping.ts';

const companies = `flow: accounts
about: A company becomes a customer.
read: { from: crm, entity: companies, with: [contacts] }
write: { to: erp, entity: res.partner, key: ref }
schedule: '*/5 * * * *'
schedule_timezone: Europe/Paris
freshness: 1h
only_when: kind != "lead"
when_deleted: deactivate
fields:
  ref: { from: id }
  currency: { from: currency, map: currencies }
value_maps:
  currencies: { Euro: EUR }
write_back: [{ to: crm, field: erp_number, from: id }]
`;
const delivery = `also:
  delivery:
    about: Its second address becomes a place to deliver to.
    write: { entity: res.partner }
    only_when: delivery_street != null
    when_it_leaves: delete
    fields:
      parent_id: { reference: accounts, from: id }
      street: { from: delivery_street, required: true }
      currency: { from: currency, map: currencies }
    lines:
      child_ids: { for_each: contacts, key: id, fields: { name: { from: name } } }
`;

const read = (text: string, ...more: { path: string; text: string }[]) => {
  const { mappings, problems } = readMappings([{ path: 'accounts.yaml', text }, ...more], []);
  return {
    mappings,
    flows: mappings.map(({ flow }) => flow),
    problems: problems.map(
      ({ at, code, message }) => `${at?.file}:${at?.line}:${at?.column} ${code} ${message}`,
    ),
  };
};
const [main, part] = read(companies + delivery).mappings;
if (main === undefined || part === undefined) throw new Error('both are sound');

describe('a record under `also`', () => {
  it('is a flow of its own, which shares what is said of the reading', () => {
    expect(main).toMatchObject({ flow: 'accounts', part: null, whenDeleted: 'deactivate' });
    expect(part).toMatchObject({
      flow: 'accounts.delivery',
      part: 'delivery',
      about: 'Its second address becomes a place to deliver to.',
      file: 'accounts.yaml',
      read: { from: 'crm', entity: 'companies', with: ['contacts'] },
      write: { to: 'erp', entity: 'res.partner', key: null },
      schedule: '*/5 * * * *',
      scheduleTimezone: 'Europe/Paris',
      freshnessSeconds: 3600,
      whenItLeaves: 'delete',
      whenDeleted: 'keep',
      refersTo: ['accounts'],
      writeBack: [],
    });
    expect([part.text, part.hash]).toEqual([main.text, main.hash]);
  });

  it('is made of the same source record, and waits for the record of the file', () => {
    const record = {
      id: '5',
      kind: 'lead',
      delivery_street: 'Gate 3',
      currency: 'Euro',
      contacts: [{ id: '1', name: 'Ana' }],
    };
    expect(main.run(record, given)).toMatchObject({ kind: 'skipped' });
    expect(part.run(record, given)).toEqual({
      kind: 'record',
      fields: { parent_id: '42', street: 'Gate 3', currency: 'EUR' },
      lines: { child_ids: { removed: 'keep', rows: [{ key: '1', fields: { name: 'Ana' } }] } },
      createOnly: [],
      updateOnly: [],
    });
    expect(told(part.run({ ...record, id: '6' }, given))).toEqual({ waiting: ['accounts/6'] });
    expect(explainMapping(part, record, given).onlyWhen?.expression).toBe('delivery_street != null');
  });

  it('has an external key of its own, though it is the same entity', () => {
    expect(externalKey(main, '5')).toBe('crm/companies/5>res.partner');
    expect(externalKey(part, '5')).toBe('crm/companies/5>res.partner#delivery');
  });

  it('may be referred to by its name from other files', () => {
    const other = (flow: string): { path: string; text: string } => ({
      path: 'orders.yaml',
      text: `flow: orders\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: sale.order }\nfields:\n  ship_to: { reference: ${flow}, from: company }\n`,
    });
    expect(read(companies + delivery, other('accounts.delivery'))).toMatchObject({
      flows: ['accounts', 'accounts.delivery', 'orders'],
      problems: [],
    });
    expect(read(companies + delivery, other('accounts.delivry')).problems).toEqual([
      'orders.yaml:5:25 mapping_unknown_flow there is no flow `accounts.delivry`; did you mean `accounts.delivery`?',
    ]);
  });

  it('is checked against what the systems say, at its place in the file', () => {
    const described = {
      source: {
        entity: 'companies',
        fields: { currency: { type: 'text', label: '', required: false, readOnly: false } },
      },
      sink: { entity: 'res.partner', fields: {} },
    } as const;
    const places = checkAgainst(part, described).map(
      ({ at, message }) => `${at?.line}:${at?.column} ${message}`,
    );
    expect(places).toContain('20:16 companies has no field `delivery_street`');
    expect(places).toContain('23:7 res.partner has no field `parent_id`');
    expect(places.every((place) => Number(place.split(':')[0]) >= 16)).toBe(true);
  });
});

describe('the problems of `also`', () => {
  it('are told at their place, and those of what is shared once', () => {
    const text = `${companies.replace('1h', 'soon').replace('Euro: EUR', '')}${delivery
      .replace('street: { from', 'street: { form')
      .replace('map: currencies', 'map: currensies')
      .replace('entity: res.partner', 'entity: res.partner, key: nothing, to: shop')}`;
    expect(read(text)).toMatchObject({
      flows: [],
      problems: [
        'accounts.yaml:7:12 mapping_bad_value `freshness` must be a duration such as `30s`, `15m`, `1h` or `2d`, and it is `soon`',
        'accounts.yaml:14:3 mapping_missing_key the value map has no values',
        'accounts.yaml:19:40 mapping_missing_key the key `nothing` has no rule under `fields`',
        'accounts.yaml:19:53 mapping_wrong_connection `shop` is not the connection that the file writes to; that is `erp`',
        'accounts.yaml:24:17 mapping_unknown_key unknown key `form`; did you mean `from`?',
        'accounts.yaml:25:40 mapping_unknown_value_map there is no value map `currensies`; did you mean `currencies`?',
      ],
    });
  });

  it.each([
    ['also: {}', '16:1 mapping_missing_key `also` has no records'],
    [
      'also: { Delivery: { write: { entity: x }, fields: { a: { from: b } } } }',
      '16:9 mapping_bad_value `Delivery` must be a name in small letters, digits, `-` and `_`',
    ],
    [
      'also: { d: { write: { entity: x }, schedule: now, fields: { a: { from: b } } } }',
      '16:36 mapping_unknown_key unknown key `schedule`; the keys here are write, about, only_when, when_it_leaves, when_deleted, ceiling, fields, lines, write_back',
    ],
    [
      'also: { d: { write: { entity: x, to: erp }, fields: {} } }',
      '16:45 mapping_missing_key `fields` has no rules',
    ],
    ['also: { d: { fields: { a: { from: b } } } }', '16:9 mapping_missing_key `write` is missing under `d`'],
    [
      'also: { d: { write: { entity: x }, fields: { a: { reference: accounts.e, from: id } } }, e: { write: { entity: y }, fields: { a: { reference: accounts.d, from: id } } } }',
      '16:62 mapping_flow_cycle records would wait for each other in a circle: accounts.d → accounts.e → accounts.d',
    ],
    [
      'also: { d: { write: { entity: res.partner, key: ref }, fields: { ref: { from: b } } } }',
      '4:1 mapping_same_target the flow `accounts.d` of `accounts.yaml` writes `res.partner` under the key `ref` as well',
    ],
  ])('%s', (also, problem) => {
    const { problems, flows } = read(`${companies}${also}\n`);
    expect(problems[0]).toBe(`accounts.yaml:${problem}`);
    expect(flows).toEqual([]);
  });

  it('are told when a record of another file would have the same external key', () => {
    const second = {
      path: 'second.yaml',
      text: `${companies.replace('flow: accounts', 'flow: second').replace('res.partner, key: ref', 'res.users')}${delivery}`,
    };
    expect(read(companies + delivery, second).problems).toEqual([
      'accounts.yaml:19:5 mapping_same_target `second.yaml` makes `res.partner` of `companies` as well',
      'second.yaml:19:5 mapping_same_target `accounts.yaml` makes `res.partner` of `companies` as well',
    ]);
  });

  it('are those of the flow that bears the name, where two files share it', () => {
    expect(read(companies + delivery, { path: 'copy.yaml', text: companies + delivery }).problems).toEqual([
      'accounts.yaml:1:7 mapping_duplicate_flow `copy.yaml` has a flow `accounts` as well',
      'copy.yaml:1:7 mapping_duplicate_flow `accounts.yaml` has a flow `accounts` as well',
    ]);
  });
});
