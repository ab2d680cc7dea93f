import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/mapping/case/cases.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { accounts, head } from './a-mapping.ts';

const text = `${head}only_when: stage == "won"
fields:
  zip: { from: zip }
  note: { from: note, when_empty: clear }
  amount: { from: amount, as: decimal }
  kind:
    choose:
      - { when: amount == "0", value: gift }
      - { when: stage == "won", from: kind }
    else: { value: sale }
lines:
  order_line:
    for_each: items
    key: id
    fields:
      qty: { from: quantity }
      tax: { choose: [{ when: vat == "no", value: none }] }
value_maps:
  currencies: { Euro: EUR, Dollar: USD, toString: odd }
also:
  visit:
    write: { entity: project.task }
    fields:
      name: { from: name }
      currency: { from: currency, map: currencies }
`;

/** What the cases leave untouched in the flow of the file and in that of the visit. */
function untouchedBy(...cases: readonly string[]) {
  const { mappings, problems } = readMappings([accounts, { path: 'deals.yaml', text }], []);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  const own = mappings.filter(({ file }) => file === 'deals.yaml');
  const ran = runCases(own, {
    path: 'deals.test.yaml',
    text: `cases:\n${cases.map((one) => `  - { name: one, ${one} }\n`).join('')}`,
  });
  expect(ran.problems).toEqual([]);
  return Object.fromEntries(ran.untouched.map(({ flow, ...untouched }) => [flow, untouched]));
}

const carried = 'record: { stage: won, zip: 1, items: [{ id: a, quantity: 2 }] }, expect_some: {}';

describe('what no case touched', () => {
  it('is each field whose rule gave no value to a record that was written; clearing is a value', () => {
    expect(untouchedBy(carried)['deals']?.fields).toEqual(['amount', 'kind', 'order_line.tax']);
  });

  it('stays untouched by a case that is rejected or skipped', () => {
    const rejected = 'record: { stage: won, zip: 1, amount: x }, rejected: [value_not_decimal]';
    const skipped = 'record: { stage: lost, zip: 1, amount: 5 }, skipped: only_when';
    expect(untouchedBy(rejected, skipped)['deals']?.fields).toContain('zip');
  });

  it('is touched by a case that came out otherwise than expected', () => {
    const failing = 'record: { stage: won, amount: 5 }, expect_some: { fields: { amount: 6 } }';
    expect(untouchedBy(failing)['deals']?.fields).not.toContain('amount');
  });

  it('is each branch of `choose` that no record took; without `else` there is none to take', () => {
    expect(untouchedBy(carried)['deals']?.branches).toEqual([
      { field: 'kind', when: 'amount == "0"' },
      { field: 'kind', when: 'else' },
      { field: 'order_line.tax', when: 'vat == "no"' },
    ]);
    const free = 'record: { stage: won, amount: 0, items: [{ id: a, vat: no }] }, expect_some: {}';
    expect(untouchedBy(free, carried)['deals']?.branches).toEqual([{ field: 'kind', when: 'else' }]);
  });

  it('is each row of a value map that no case used, in whichever flow of the file', () => {
    const visit = 'flow: deals.visit, record: { currency: Euro }, expect_some: { fields: { currency: EUR } }';
    const { deals, 'deals.visit': part } = untouchedBy(visit);
    expect(deals?.rows).toEqual([{ map: 'currencies', total: 3, unused: ['Dollar', 'toString'] }]);
    expect(part?.rows).toEqual([]);
    expect(part?.fields).toEqual(['name']);
  });

  it('stays so when a case gives entries of its own', () => {
    const own =
      'flow: deals.visit, record: { currency: Euro }, given: { value_maps: { currencies: { Euro: E } } }, expect_some: { fields: { currency: E } }';
    expect(untouchedBy(own)['deals']?.rows).toEqual([
      { map: 'currencies', total: 3, unused: ['Euro', 'Dollar', 'toString'] },
    ]);
  });
});
