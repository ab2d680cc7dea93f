import { describe, expect, it } from 'vitest';
import { runLookupCases } from '../../../src/mapping/lookup/lookup-cases.ts';
import { lookupOf } from './a-lookup.ts';

const lookup = lookupOf(`lookup: a
ask:
  customer: { from: erp, entity: res.partner, by_link: accounts }
  orders: { from: erp, entity: sale.order, where: { partner_id: { record: customer } }, may_be_absent: true }
fields:
  name: { from: customer.name, required: true }
  rank: { from: customer.rank, map: ranks }
lines:
  orders:
    for_each: orders
    fields: { number: { from: name }, amount: { from: amount, as: decimal, scale: 2 } }
value_maps:
  ranks: { '1': good, '2': better }
`);

const run = (cases: string) => runLookupCases(lookup, { path: 'a.test.yaml', text: `cases:\n${cases}` });
const told = (cases: string): string[] =>
  run(cases).problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`);

describe('a case of a lookup', () => {
  it('passes when the reply is what it expects, numbers read as the text that stands there', () => {
    const { results, problems } = run(`
  - name: all
    answers: { customer: { name: Ana, rank: 1 }, orders: [{ name: S1, amount: 1.5 }] }
    expect: { name: Ana, rank: good, orders: [{ number: S1, amount: 1.50 }] }
  - name: some
    answers: { customer: { name: Ana } }
    expect_some: { rank: null, orders: null }
  - name: cut
    answers: { customer: { name: Ana }, orders: [] }
    more: [orders]
    expect_some: { orders: [] }
    cut: [orders]
  - name: refused
    answers: { customer: { rank: 7 } }
    rejected: [value_missing, value_not_mapped]
`);
    expect(problems).toEqual([]);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(4);
  });

  it('shows what was expected and what came out, as one would write it', () => {
    const { results } = run(`
  - name: other values
    answers: { customer: { name: Ana, rank: 1 }, orders: [{ name: S1, amount: 1.5 }, { name: S2 }] }
    expect: { name: Ana, rank: best, orders: [{ number: S1, amount: 1.5 }] }
  - name: not cut
    answers: { customer: { name: Ana } }
    expect_some: { name: Ana }
    cut: [orders]
  - name: not refused
    answers: { customer: { name: Ana } }
    rejected: [value_missing]
  - name: refused
    answers: { customer: {} }
    expect_some: { name: Ana }
`);
    const shown = results.map(({ diff }) => diff.map(({ mark, name, value }) => `${mark} ${name}: ${value}`));
    expect(shown).toEqual([
      [
        '  name: Ana',
        '- rank: best',
        '+ rank: good',
        '  orders[0].number: S1',
        '- orders[0].amount: 1.5',
        '+ orders[0].amount: 1.50',
        '+ orders[1].number: S2',
        '+ orders[1].amount: null',
      ],
      ['- cut: orders'],
      ['- rejected: value_missing', '+ reply: made'],
      ['- reply: made', '+ rejected: value_missing'],
    ]);
  });

  it('is not run when it names what the lookup does not have', () => {
    expect(
      told(`
  - name: slips
    answers: { customer: { nam: Ana }, orders: [{ name: S1, amont: 1 }], stock: [] }
    more: [customer]
    given: { value_maps: { rank: { a: b } } }
    expect: { nme: Ana, orders: [{ numbr: S1 }] }
    cut: [order]
`),
    ).toEqual([
      '4:74 mapping_test_unknown_name `a` does not ask `stock`; the names here are customer, orders',
      '4:28 mapping_test_unknown_name nothing reads the field `nam` of `customer`; did you mean `name`?',
      '4:61 mapping_test_unknown_name nothing reads the field `amont` of `orders`; did you mean `amount`?',
      '5:12 mapping_test_unknown_name `a` has no list `customer`; the names here are orders',
      '6:28 mapping_test_unknown_name `a` has no value map `rank`; did you mean `ranks`?',
      '8:11 mapping_test_unknown_name the reply of `a` has no `order`; did you mean `orders`?',
      '7:15 mapping_test_unknown_name the reply of `a` has no `nme`; did you mean `name`?',
      '7:36 mapping_test_unknown_name the lines of `orders` have no `numbr`; did you mean `number`?',
    ]);
  });

  it('must answer what the lookup cannot go without, in the form in which systems do', () => {
    expect(
      told(`
  - name: nobody
    answers: {}
    rejected: [value_missing]
  - name: a list for one
    answers: { customer: [{ name: Ana }], orders: { name: S1 } }
    rejected: [value_misssing]
  - name: no end
    answers: { customer: {} }
`),
    ).toEqual([
      '9:11 mapping_test_bad the case does not say how it ends; give it one of `expect`, `expect_some`, `rejected`',
      '4:5 mapping_test_bad the case has no answer of `customer`; without it, nothing is found',
      '7:16 mapping_test_bad `customer` is a group of fields',
      '7:43 mapping_test_bad `orders` is a list of groups of fields',
      '8:16 mapping_test_unknown_name no record is ever rejected with `value_misssing`; did you mean `value_missing`?',
    ]);
  });

  it('tells what no case touched', () => {
    const { untouched } = run(`
  - name: one
    answers: { customer: { name: Ana, rank: 1 } }
    expect_some: { name: Ana }
`);
    expect(untouched).toEqual([
      {
        flow: 'lookups/a',
        fields: ['orders.number', 'orders.amount'],
        rows: [{ map: 'ranks', total: 2, unused: ['2'] }],
        branches: [],
      },
    ]);
  });
});
