import { describe, expect, it } from 'vitest';
import type { Answer, Question } from '../../../src/mapping/lookup/lookup.ts';
import { readLookups } from '../../../src/mapping/lookup/read-lookups.ts';
import type { SourceRecord } from '../../../src/connector/value.ts';
import { beside, lookupOf } from './a-lookup.ts';

const customer = 'customer: { from: erp, entity: res.partner, by_link: accounts }';
const orders =
  'orders: { from: erp, entity: sale.order, where: { partner_id: { record: customer }, state: [sale, done] }, order_by: -date_order, at_most: 3, may_be_absent: true }';
const both = `lookup: a\nask:\n  ${customer}\n  ${orders}\n`;

const found = (record: SourceRecord | null): Answer => ({ kind: 'record', record });
const listed = (rows: readonly SourceRecord[] | null, more = false): Answer => ({ kind: 'list', rows, more });
const now = '2026-01-31T09:30:00Z';

/** The reply that a lookup makes of its answers. */
function reply(text: string, answers: { readonly [question: string]: Answer }): unknown {
  const ending = lookupOf(text).run(answers, { now });
  return ending.kind === 'reply' ? ending.reply : ending.problems.map(({ code, field }) => [code, field]);
}

describe('the questions of a lookup', () => {
  it('ask for the fields that the rules read, through expressions, templates and lists, and for no others', () => {
    const { questions } = lookupOf(
      `${both}fields:
  name: { from: [customer.name, customer.ref] }
  title: { template: '{customer.title.name} {customer.name}' }
  phone: { from: customer.phone, as: phone, country: customer.country_id.code }
  big: { choose: [{ when: customer.rank > 3, value: 'yes' }] }
  sum: { expr: 'orders.filter(o, o.state == "sale").map(o, decimal(o.amount)).sum()' }
lines:
  orders:
    for_each: orders
    fields: { number: { from: name }, of: { from: ..customer.city } }
`,
    );
    const fields = Object.fromEntries(questions.map((question) => [question.name, question.fields]));
    expect(fields).toEqual({
      customer: ['city', 'country_id', 'name', 'phone', 'rank', 'ref', 'title'],
      orders: ['amount', 'name', 'state'],
    });
  });

  it('say how they find, and in which order and up to how many', () => {
    const [one, many] = lookupOf(
      `${both}fields: { name: { from: customer.name } }\nlines: { orders: { for_each: orders, fields: { a: { from: name } } } }\n`,
    ).questions;
    expect(one).toEqual({
      name: 'customer',
      connection: 'erp',
      side: 'sink',
      entity: 'res.partner',
      fields: ['name'],
      optional: [],
      with: [],
      kind: 'record',
      find: { by: 'link', flow: 'accounts' },
      mayBeMissing: false,
    } satisfies Question);
    expect(many).toMatchObject({
      kind: 'list',
      where: [
        { field: 'partner_id', isRecord: 'customer' },
        { field: 'state', isOneOf: ['sale', 'done'] },
      ],
      order: { field: 'date_order', descending: true },
      atMost: 3,
      mayBeAbsent: true,
    } satisfies Partial<Question>);
  });

  it.each([
    ['from: crm, entity: deals, by_id: true, with: [company]', 'source', { by: 'id' }],
    ['from: erp, entity: sale.order, by_id: true', 'sink', { by: 'id' }],
    ['from: erp, entity: sale.order, by_field: name', 'sink', { by: 'field', field: 'name' }],
  ])('are read from the side that has the record: %s', (question, side, find) => {
    const { questions } = lookupOf(
      `lookup: a\nask: { it: { ${question} } }\nfields: { name: { from: it.name } }\n`,
    );
    expect(questions).toMatchObject([{ side, find }]);
  });

  it('have the usual times and fallback unless the file says others', () => {
    const text = `lookup: a\nask: { ${customer} }\nfields: { name: { from: customer.name } }\n`;
    const times = ({
      deadlineMs,
      ttlMs,
      refreshAheadMs,
      staleForMs,
      fallback,
    }: ReturnType<typeof lookupOf>) => [deadlineMs, ttlMs, refreshAheadMs, staleForMs, fallback];
    expect(times(lookupOf(text))).toEqual([2000, 0, 0, 0, []]);
    const said = 'deadline: 250ms\nttl: 30s\nrefresh_ahead: 5s\nstale_for: 1h\n';
    expect(times(lookupOf(said + text))).toEqual([250, 30_000, 5000, 3_600_000, ['stale']]);
    expect(times(lookupOf(`fallback: [mirror, stale]\n${said}${text}`)).at(-1)).toEqual(['mirror', 'stale']);
  });

  it('name the flows whose deliveries change the answer', () => {
    const text = `${both}fields: { name: { from: customer.name }, all: { expr: size(orders) } }\n`;
    expect(lookupOf(text).flows).toEqual(['accounts', 'contacts', 'orders']);
  });

  it('count value files into the hash, because they change the reply', () => {
    const text = `lookup: a\nask: { ${customer} }\nfields: { name: { from: customer.name, map: names } }\nvalue_maps: { names: { file: values/names.csv } }\n`;
    const hash = (rows: string): string =>
      lookupOf(text, { valueFiles: [{ path: 'values/names.csv', text: `from,to\n${rows}\n` }] }).hash;
    expect(hash('a,b')).toBe(hash('a,b'));
    expect(hash('a,b')).not.toBe(hash('a,c'));
  });
});

describe('the reply of a lookup', () => {
  const text = `${both}fields:
  number: { from: customer.ref }
  limit: { from: customer.limit, as: decimal, scale: 2 }
  asked_at: { expr: now() }
lines:
  orders:
    for_each: orders
    fields: { number: { from: name }, customer: { from: ..customer.ref } }
`;

  it('has every name of the file, and null for what is empty', () => {
    const orders = listed([{ id: '1', name: 'S1' }, { id: '2' }]);
    expect(reply(text, { customer: found({ id: '5', ref: 'A', limit: '10.5' }), orders })).toEqual({
      number: 'A',
      limit: '10.50',
      asked_at: now,
      orders: [
        { number: 'S1', customer: 'A' },
        { number: null, customer: 'A' },
      ],
    });
    expect(reply(text, { customer: found({ id: '5' }), orders: listed(null) })).toEqual({
      number: null,
      limit: null,
      asked_at: now,
      orders: null,
    });
  });

  it('is refused with every problem when rules fail', () => {
    const many = text.replace('number: { from: name }', 'number: { from: name, required: true }');
    const answers = { customer: found({ id: '5', limit: 'much' }), orders: listed([{ id: '1' }]) };
    expect(reply(many, answers)).toEqual([
      ['value_not_decimal', 'limit'],
      ['value_missing', 'orders[0].number'],
    ]);
  });

  it('says what of it is made of a list that goes on', () => {
    const more = text.replace('lines:', '  count: { expr: size(orders) }\nlines:');
    const answers = { customer: found({ id: '5' }), orders: listed([{ id: '1' }], true) };
    expect(lookupOf(more).run(answers, { now })).toMatchObject({ kind: 'reply', cut: ['orders', 'count'] });
    const whole = { ...answers, orders: listed([{ id: '1' }]) };
    expect(lookupOf(more).run(whole, { now })).toMatchObject({ kind: 'reply', cut: [] });
  });

  it('makes one line of all records of a group, in the order in which they came', () => {
    const grouped = `${both}fields: { name: { from: customer.name } }
lines:
  places:
    for_each: orders
    group_by: place.id
    fields:
      place: { from: place.name }
      first: { from: name }
      names: { expr: 'rows.map(r, r.name).join(", ")' }
      amount: { expr: 'rows.map(r, r.amount).sum()', as: decimal, scale: 2 }
`;
    const rows = [
      { id: '1', name: 'b', amount: '1.10', place: { id: '7', name: 'Paris' } },
      { id: '2', name: 'c', amount: '2', place: null },
      { id: '3', name: 'a', amount: '0.015', place: { id: '7', name: 'Paris' } },
    ];
    expect(reply(grouped, { customer: found({ id: '5' }), orders: listed(rows) })).toEqual({
      name: null,
      places: [
        { place: 'Paris', first: 'b', names: 'b, a', amount: '1.12' },
        { place: null, first: 'c', names: 'c', amount: '2.00' },
      ],
    });
  });

  it('takes the first of several systems that found the record', () => {
    const first = `lookup: a
ask:
  item: { from: erp, entity: product.product, by_field: default_code }
  old: { from: erp, entity: x_old_item, by_field: x_code }
take: first
fields: { name: { from: [item.name, old.x_name] } }
`;
    expect(lookupOf(first).ask).toBe('first');
    expect(reply(first, { item: found(null), old: found({ id: '1', x_name: 'Chai' }) })).toEqual({
      name: 'Chai',
    });
  });
});

describe('a lookup file', () => {
  it.each([
    '',
    '[]',
    'lookup',
    'null',
    'lookup: a',
    'ask: []\nfields: 5\nlines: [1]',
    '{ask: {a: {}}}',
    'fields: { a: }',
  ])('that says hardly anything is refused, and nothing else breaks: %j', (text) => {
    const good = {
      path: 'b.yaml',
      text: `${both.replace('lookup: a', 'lookup: b')}fields: { name: { from: customer.name }, n: { expr: size(orders) } }\n`,
    };
    const { lookups, problems } = readLookups([{ path: 'a.yaml', text }, good], beside);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every(({ at }) => at?.file === 'a.yaml')).toBe(true);
    expect(lookups.map(({ file }) => file)).toEqual(['b.yaml']);
  });
});
