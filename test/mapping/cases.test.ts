import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/mapping/cases.ts';
import { aMapping } from './a-mapping.ts';

const mapping = aMapping(`only_when: stage == "won"
fields:
  zip: { from: zip }
  paid: { from: paid }
  note: { from: note, when_empty: clear }
  amount: { from: amount, as: decimal }
  partner_id: { reference: accounts, from: company }
lines:
  order_line: { for_each: items, key: id, fields: { qty: { from: quantity } } }
`);

/** One case, and what is said of it. */
function run(text: string): readonly string[] {
  const { results, problems } = runCases(
    mapping,
    `cases:\n  - name: one\n${text
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')}\n`,
    'deals.test.yaml',
  );
  return problems.length > 0
    ? problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`)
    : (results[0]?.differences ?? ['it was not run']);
}

describe('a case of a mapping', () => {
  it('reads values as a source gives them: texts, true, false and null, and never a number', () => {
    expect(
      run(
        'record: { stage: won, zip: 0123, paid: true, note: null, amount: 1.10 }\nexpect: { fields: { zip: 0123, paid: true, note: null, amount: "1.1" } }',
      ),
    ).toEqual([]);
    expect(
      run(
        'record: { stage: won, paid: "true", note: "null" }\nexpect: { fields: { paid: true, note: null } }',
      ),
    ).toEqual(['`paid` should be true, and it is "true"', '`note` should be null, and it is "null"']);
  });

  it('expects just these fields and lines, and says how they differ', () => {
    const record =
      'record: { stage: won, zip: 1, amount: 7, items: [{ id: a, quantity: 2 }, { id: b }, { id: c }] }';
    expect(
      run(
        `${record}\nexpect: { fields: { zip: 1, note: null, amount: 7 }, lines: { order_line: { a: { qty: 2 }, b: {}, c: {} } } }`,
      ),
    ).toEqual([]);
    expect(
      run(
        `${record}\nexpect: { fields: { zip: 2, note: null, paid: true }, lines: { order_line: { a: { qty: 3 }, b: {}, d: {} }, other: {} } }`,
      ),
    ).toEqual([
      '`zip` should be "2", and it is "1"',
      '`paid` should be true, and it is left alone',
      '`amount` is "7", and the case does not expect it',
      '`order_line[a].qty` should be "3", and it is "2"',
      'the line d of `order_line` should be written, and is not',
      'the line c of `order_line` is written, and the case does not expect it',
      'the lines of `other` should be written, and is not',
    ]);
  });

  it('may expect no more than some of it', () => {
    const record = 'record: { stage: won, zip: 1, items: [{ id: a, quantity: 2 }, { id: b }] }';
    expect(run(`${record}\nexpect_some: { lines: { order_line: { a: {} } } }`)).toEqual([]);
    expect(run(`${record}\nexpect_some: { fields: { zip: 2 } }`)).toEqual([
      '`zip` should be "2", and it is "1"',
    ]);
  });

  it('may expect that the record is skipped, rejected or waiting', () => {
    expect(run('record: { stage: lost }\nskipped: only_when')).toEqual([]);
    expect(run(`record: { stage: lost }\nskipped: 'does not meet \`only_when\`: stage == "won"'`)).toEqual(
      [],
    );
    expect(run('record: { stage: won, amount: x }\nrejected: [value_not_decimal]')).toEqual([]);
    expect(run('record: { stage: won, company: 5 }\nwaiting: [accounts/5]')).toEqual([]);
    expect(
      run(
        'record: { stage: won, company: 5 }\ngiven: { references: { accounts: { 5: 42 } } }\nexpect_some: { fields: { partner_id: 42 } }',
      ),
    ).toEqual([]);
  });

  it('says how the record ended instead', () => {
    expect(run('record: { stage: lost }\nexpect: { fields: {} }')).toEqual([
      'it should be a record, and it is skipped (only_when: does not meet `only_when`: stage == "won")',
    ]);
    expect(run('record: { stage: won }\nskipped: only_when')).toEqual([
      'it should be skipped (only_when), and it is a record',
    ]);
    expect(run('record: { stage: won, company: 5 }\nwaiting: [accounts/6]')).toEqual([
      'it should be waiting for accounts/6, and it is waiting for accounts/5',
    ]);
    expect(run('record: { stage: won, amount: x }\nrejected: [value_missing]')).toEqual([
      expect.stringContaining(
        'it should be rejected with value_missing, and it is rejected with value_not_decimal at amount (`amount` is "x"',
      ),
    ]);
  });

  it.each([
    [
      'record: {}',
      '2:11 mapping_test_bad the case does not say how it ends; give it one of `expect`, `expect_some`, `skipped`, `waiting`, `rejected`',
    ],
    [
      'record: {}\nskipped: a\nwaiting: [b/1]',
      '2:11 mapping_test_bad the case ends in `skipped` and `waiting`; give it one of `expect`, `expect_some`, `skipped`, `waiting`, `rejected`',
    ],
    ['skipped: a', '2:5 mapping_missing_key `record` is missing under item 1 of `cases`'],
    ['record: {}\nskiped: a', '4:5 mapping_unknown_key unknown key `skiped`; did you mean `skipped`?'],
    [
      'record: {}\nrejected: value_missing',
      '4:15 mapping_bad_value `rejected` must be a list of codes such as `[value_missing]`, and it is `value_missing`',
    ],
    [
      'record: 5\nskipped: a',
      '3:13 mapping_bad_value `record` must be a group of `source field: value`, and it is `5`',
    ],
  ])('is refused in plain words when it is not written well: %s', (text, problem) => {
    expect(run(text)).toEqual([problem]);
  });

  it('says where it stands, and that it passed', () => {
    const { results } = runCases(
      mapping,
      'cases:\n  - name: lost\n    record: { stage: lost }\n    skipped: only_when\n',
      'deals.test.yaml',
    );
    expect(results).toEqual([
      { name: 'lost', at: { file: 'deals.test.yaml', line: 2, column: 11 }, passed: true, differences: [] },
    ]);
  });
});
