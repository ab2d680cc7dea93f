import { describe, expect, it } from 'vitest';
import { explainMapping } from '../../src/mapping/explain.ts';
import { aMapping, given, told } from './a-mapping.ts';

const order = aMapping(`only_when: stage == "won"
fields:
  name: { from: name, required: true }
  amount: { from: amount, as: decimal, scale: 2 }
  partner_id: { reference: accounts, from: company.id }
  origin: { template: 'CRM {id}', write_on: create }
lines:
  order_line:
    for_each: line_items
    key: id
    removed_lines: delete
    fields:
      product_id: { reference: accounts, from: product }
      qty: { from: quantity, as: decimal }
      due: { from: ..closed, as: date }
      text: { expr: 'quantity + " of " + record.name', when_empty: clear }
`);
const won = {
  id: '1',
  stage: 'won',
  name: 'n',
  amount: '7',
  company: { id: '5' },
  closed: '2026-01-31',
  line_items: [{ id: 'a', product: '5', quantity: '2.0' }],
};

describe('the ending of a record', () => {
  it('is the record to write, with its lines by key', () => {
    expect(order.run(won, given)).toEqual({
      kind: 'record',
      fields: { name: 'n', amount: '7.00', partner_id: '42', origin: 'CRM 1' },
      lines: {
        order_line: {
          removed: 'delete',
          rows: [{ key: 'a', fields: { product_id: '42', qty: '2', due: '2026-01-31', text: '2.0 of n' } }],
        },
      },
      createOnly: ['origin'],
      updateOnly: [],
    });
  });

  it('is skipped before anything else is looked at', () => {
    expect(order.run({ stage: 'lost', amount: 'x', company: { id: '6' } }, given)).toEqual({
      kind: 'skipped',
      code: 'only_when',
      reason: 'does not meet `only_when`: stage == "won"',
    });
  });

  it('is rejected with every problem at once, those of the lines included, rather than waiting', () => {
    const bad = {
      ...won,
      name: '',
      amount: '1,5',
      company: { id: '6' },
      line_items: [
        { id: 'a', quantity: 'x', product: '9' },
        { id: 'b', quantity: null },
      ],
    };
    expect(told(order.run(bad, given))).toEqual([
      'value_missing name: `name` is empty, and the field must have a value',
      'value_not_decimal amount: `amount` is "1,5", which is not a decimal number: write digits with a point and no other separators, such as 1234.50',
      'value_not_decimal order_line[a].qty: `quantity` is "x", which is not a decimal number: write digits with a point and no other separators, such as 1234.50',
      'expression_failed order_line[b].text: the expression `quantity + " of " + record.name` cannot use `+` on `quantity`, which is empty; test quantity != null first',
    ]);
  });

  it('is waiting for all that is missing, each once', () => {
    const waiting = {
      ...won,
      company: { id: '6' },
      line_items: [
        { id: 'a', quantity: '1', product: '7' },
        { id: 'b', quantity: '1', product: '6' },
      ],
    };
    expect(told(order.run(waiting, given))).toEqual({ waiting: ['accounts/6', 'accounts/7'] });
    expect(order.references(waiting)).toEqual([
      { flow: 'accounts', id: '6' },
      { flow: 'accounts', id: '7' },
    ]);
  });

  it('is rejected when `only_when` does not work out or gives no answer', () => {
    expect(told(aMapping('only_when: amount > 0\nfields: { x: { from: id } }\n').run({}, given))).toEqual([
      'expression_failed only_when: `amount > 0` cannot use `>` on `amount`, which is empty; test amount != null first',
    ]);
    expect(
      told(aMapping('only_when: paid\nfields: { x: { from: id } }\n').run({ paid: 'true' }, given)),
    ).toEqual([
      'expression_failed only_when: `paid` gives "true", which is neither true nor false; compare it, such as x == "true"',
    ]);
  });
});

describe('lines', () => {
  it('are left alone when the source says nothing of them, and written when it says there are none', () => {
    expect(order.run({ ...won, line_items: null }, given)).toMatchObject({ kind: 'record', lines: {} });
    const { line_items: _, ...without } = won;
    expect(order.run(without, given)).toMatchObject({ kind: 'record', lines: {} });
    expect(order.run({ ...won, line_items: [] }, given)).toMatchObject({
      lines: { order_line: { removed: 'delete', rows: [] } },
    });
  });

  it('must each have a key of its own', () => {
    const items = [{ id: 'a', quantity: '1' }, { id: 'a', quantity: '2' }, { quantity: '3' }, 'x'];
    expect(told(order.run({ ...won, line_items: items }, given))).toEqual([
      'lines_unusable order_line: `line_items` has two lines whose `id` is "a"',
      'lines_unusable order_line: `line_items` has no usable `id` in its line 3',
      'lines_unusable order_line: `line_items` has "x" as its line 4, and not a group of fields',
    ]);
  });

  it('must be a list', () => {
    expect(told(order.run({ ...won, line_items: 'x' }, given))).toEqual([
      'lines_unusable order_line: `line_items` is "x", and not a list',
    ]);
  });

  it('stay where they are when their source line is gone, unless the mapping says otherwise', () => {
    const kept = aMapping(
      'fields: { x: { from: id } }\nlines: { l: { for_each: items, key: id, fields: { y: { from: z } } } }\n',
    );
    expect(kept.run({ id: '1', items: [] }, given)).toMatchObject({ lines: { l: { removed: 'keep' } } });
  });
});

describe('what a mapping says of itself', () => {
  it('has defaults for what the file leaves out', () => {
    expect(aMapping('fields: { x: { from: id } }\n')).toMatchObject({
      about: '',
      schedule: null,
      scheduleTimezone: 'UTC',
      freshnessSeconds: null,
      whenItLeaves: 'keep',
      whenDeleted: 'keep',
      refersTo: [],
      writeBack: [],
      read: { from: 'crm', entity: 'deals', with: [] },
      write: { to: 'erp', entity: 'sale.order', key: null },
    });
  });

  it('tells its schedule, its freshness in seconds and the flows it waits for', () => {
    const mapping = aMapping(`about: All of it.
schedule: '*/5 * * * *'
schedule_timezone: Europe/Paris
freshness: 90m
when_it_leaves: cancel
when_deleted: deactivate
fields:
  a: { reference: accounts, from: a }
  b: { reference: deals, from: parent }
write_back: [{ to: crm, field: number, from: name }]
`);
    expect(mapping).toMatchObject({
      about: 'All of it.',
      schedule: '*/5 * * * *',
      scheduleTimezone: 'Europe/Paris',
      freshnessSeconds: 5400,
      whenItLeaves: 'cancel',
      whenDeleted: 'deactivate',
      refersTo: ['accounts'],
      writeBack: [{ to: 'crm', field: 'number', from: 'name' }],
    });
    expect(
      aMapping("fields: { a: { reference: accounts, from: a, if_missing: 'null' } }\n").refersTo,
    ).toEqual([]);
  });
});

describe('the explanation of a record', () => {
  it('says of each field what the source gave, by which rule, and what became of it', () => {
    const { ending, onlyWhen, fields, lines } = explainMapping(order, { ...won, amount: 'x' }, given);
    expect(ending.kind).toBe('rejected');
    expect(onlyWhen).toEqual({ expression: 'stage == "won"', met: true });
    expect(fields).toEqual([
      {
        field: 'name',
        rule: '{ from: name, required: true }',
        source: 'n',
        inputs: [{ path: 'name', value: 'n' }],
        writeOn: 'always',
        result: { kind: 'value', value: 'n' },
      },
      {
        field: 'amount',
        rule: '{ from: amount, as: decimal, scale: 2 }',
        source: 'x',
        inputs: [{ path: 'amount', value: 'x' }],
        writeOn: 'always',
        result: {
          kind: 'refused',
          code: 'value_not_decimal',
          message: expect.stringContaining('`amount` is "x"'),
        },
      },
      {
        field: 'partner_id',
        rule: '{ from: company.id, reference: accounts }',
        source: '5',
        inputs: [{ path: 'company.id', value: '5' }],
        writeOn: 'always',
        result: { kind: 'value', value: '42' },
      },
      {
        field: 'origin',
        rule: '{ template: CRM {id}, write_on: create }',
        source: 'CRM 1',
        inputs: [{ path: 'id', value: '1' }],
        writeOn: 'create',
        result: { kind: 'value', value: 'CRM 1' },
      },
    ]);
    expect(lines[0]?.rows[0]).toMatchObject({
      key: 'a',
      fields: [
        { field: 'product_id' },
        { field: 'qty', result: { value: '2' } },
        { field: 'due' },
        { field: 'text' },
      ],
    });
  });

  it('explains the fields of a skipped record as well, and those that are left alone or wait', () => {
    const { ending, onlyWhen, fields } = explainMapping(
      order,
      { stage: 'lost', company: { id: '6' } },
      given,
    );
    expect(ending.kind).toBe('skipped');
    expect(onlyWhen?.met).toBe(false);
    expect(fields.map(({ result }) => result.kind)).toEqual(['refused', 'nothing', 'waiting', 'nothing']);
    expect(fields[1]).not.toHaveProperty('source');
  });
});
