import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/mapping/case/cases.ts';
import type { DiffLine } from '../../src/mapping/case/case-diff.ts';
import { aMapping } from './a-mapping.ts';

const mapping = aMapping(`only_when: stage == "won"
fields:
  zip: { from: zip }
  paid: { from: paid }
  note: { from: note, when_empty: clear }
  amount: { from: amount, as: decimal }
  currency: { from: currency, map: currencies }
  partner_id: { reference: accounts, from: company }
  opened: { expr: now(), as: datetime, write_on: create }
lines:
  order_line: { for_each: items, key: id, fields: { qty: { from: quantity }, price: { from: price } } }
value_maps:
  currencies: { Euro: EUR }
`);

/** One case, and how it differs, or what is wrong with it. */
function run(text: string): readonly string[] {
  const { results, problems } = runCases([mapping], {
    path: 'deals.test.yaml',
    text: `cases:\n  - name: one\n${text
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')}\n`,
  });
  if (problems.length > 0)
    return problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`);
  return results[0]?.diff.map(written) ?? ['it was not run'];
}

const written = ({ mark, name, value, note }: DiffLine): string =>
  `${mark} ${name}: ${value}${note === undefined ? '' : ` (${note})`}`;

describe('a case of a mapping', () => {
  it('reads values as a source gives them: texts, true, false and null, and never a number', () => {
    expect(
      run(
        'record: { stage: won, zip: 0123, paid: true, note: null, amount: 1.10 }\nexpect_some: { fields: { zip: 0123, paid: true, note: null, amount: "1.1" } }',
      ),
    ).toEqual([]);
    expect(
      run(
        'record: { stage: won, paid: "true", note: "null" }\nexpect_some: { fields: { paid: true, note: null } }',
      ),
    ).toEqual(['- paid: true', "+ paid: 'true'", '- note: null', "+ note: 'null'"]);
  });

  it('expects just these fields and lines, and shows what differs as it would stand in the file', () => {
    const record =
      'record: { stage: won, zip: 1, amount: 7, items: [{ id: a, quantity: 2 }, { id: b }, { id: c }] }';
    const opened = 'opened: 2026-01-31T09:30:00Z';
    expect(
      run(
        `${record}\nexpect: { fields: { zip: 1, note: null, amount: 7, ${opened} }, lines: { order_line: { a: { qty: 2 }, b: {}, c: {} } } }`,
      ),
    ).toEqual([]);
    expect(
      run(
        `${record}\nexpect: { fields: { zip: 2, paid: true, note: null, ${opened} }, lines: { order_line: { a: { qty: '' }, b: {}, d: {} } } }`,
      ),
    ).toEqual([
      '- zip: 2',
      '+ zip: 1',
      '- paid: true',
      '  note: null',
      '+ amount: 7',
      '  opened: 2026-01-31T09:30:00Z',
      "- order_line[a].qty: ''",
      '+ order_line[a].qty: 2',
      '- order_line[d]: {}',
      '+ order_line[c]: {}',
    ]);
  });

  it('shows the neighbours of what differs, and not everything', () => {
    expect(
      run(
        'record: { stage: won, zip: 1, paid: a, amount: 7, currency: Euro }\nexpect: { fields: { zip: 2, paid: a, note: null, amount: 7, currency: EUR, opened: 2026-01-31T09:30:00Z } }',
      ),
    ).toEqual(['- zip: 2', '+ zip: 1', '  paid: a', '  note: null']);
  });

  it('may expect no more than some of it', () => {
    const record = 'record: { stage: won, zip: 1, items: [{ id: a, quantity: 2, price: 3 }, { id: b }] }';
    expect(run(`${record}\nexpect_some: { lines: { order_line: { a: { qty: 2 }, b: {} } } }`)).toEqual([]);
    expect(run(`${record}\nexpect_some: { lines: { order_line: { a: {} } } }`)).toEqual([]);
    expect(run(`${record}\nexpect_some: { lines: { order_line: {} } }`)).toEqual([]);
    expect(run('record: { stage: won }\nexpect_some: { lines: { order_line: {} } }')).toEqual([
      '- order_line: {}',
    ]);
    expect(run(`${record}\nexpect_some: { fields: { zip: 2 } }`)).toEqual(['- zip: 2', '+ zip: 1']);
  });

  it('may expect that the record is skipped, rejected or waiting', () => {
    expect(run('record: { stage: lost }\nskipped: only_when')).toEqual([]);
    expect(run(`record: { stage: lost }\nskipped: 'does not meet \`only_when\`: stage == "won"'`)).toEqual(
      [],
    );
    expect(run('record: { stage: won, amount: x }\nrejected: [value_not_decimal]')).toEqual([]);
    expect(run('record: { stage: won, company: 5 }\nwaiting: [accounts/5]')).toEqual([]);
  });

  it('means every code of a record that is rejected', () => {
    const record = 'record: { stage: won, amount: x, currency: Taler }';
    expect(run(`${record}\nrejected: [value_not_mapped, value_not_decimal]`)).toEqual([]);
    expect(run(`${record}\nrejected: [value_not_decimal]`)).toEqual([
      '  rejected: value_not_decimal',
      expect.stringMatching(/^\+ rejected: value_not_mapped \(currency: `currency` is "Taler"/),
    ]);
    expect(run(`${record}\nrejected: [value_not_decimal, value_not_mapped, value_missing]`)).toEqual([
      '  rejected: value_not_decimal',
      '  rejected: value_not_mapped',
      '- rejected: value_missing',
    ]);
  });

  it('is given the records that are in the ERP, the entries of value maps, and the instant', () => {
    expect(
      run(
        'record: { stage: won, company: 5 }\ngiven: { references: { accounts: { 5: 42 } } }\nexpect_some: { fields: { partner_id: 42 } }',
      ),
    ).toEqual([]);
    expect(
      run(
        'record: { stage: won, currency: true }\ngiven: { value_maps: { currencies: { true: NO } } }\nexpect_some: { fields: { currency: NO } }',
      ),
    ).toEqual([]);
    expect(
      run(
        'record: { stage: won, currency: Euro }\ngiven: { value_maps: { currencies: { Taler: XTA } } }\nrejected: [value_not_mapped]',
      ),
    ).toEqual([]);
    expect(
      run(
        'record: { stage: won }\ngiven: { now: 2024-03-01T01:00:00+02:00 }\nexpect_some: { fields: { opened: 2024-02-29T23:00:00Z } }',
      ),
    ).toEqual([]);
  });

  it('says how the record ended instead', () => {
    expect(run('record: { stage: lost }\nexpect: { fields: {} }')).toEqual([
      '- record: written',
      '+ skipped: only_when (does not meet `only_when`: stage == "won")',
    ]);
    expect(run('record: { stage: won }\nskipped: only_when')).toEqual([
      '- skipped: only_when',
      '+ record: written',
    ]);
    expect(run('record: { stage: won, company: 5 }\nwaiting: [accounts/6]')).toEqual([
      '- waiting: accounts/6',
      '+ waiting: accounts/5',
    ]);
    expect(run('record: { stage: lost }\nrejected: [value_missing]')).toEqual([
      '- rejected: value_missing',
      expect.stringMatching(/^\+ skipped: only_when/),
    ]);
  });

  it('writes a text so that nobody takes it for anything else', () => {
    const texts = ['~', 'a: b', ' a', "it's", "'quoted'", '-5', '- 5', 'a #b', 'a, b', 'a\u001b[31m\u009b'];
    const { results } = runCases([mapping], {
      path: 'deals.test.yaml',
      text: `cases: ${JSON.stringify(
        texts.map((zip) => ({
          name: zip,
          record: { stage: 'won', zip },
          expect_some: { fields: { zip: 'x' } },
        })),
      )}`,
    });
    expect(results.map(({ diff }) => diff[1]?.value)).toEqual([
      "'~'",
      "'a: b'",
      "' a'",
      "it's",
      "'''quoted'''",
      '-5',
      "'- 5'",
      "'a #b'",
      "'a, b'",
      String.raw`"a\u001b[31m\u009b"`,
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
      'record: true\nskipped: a',
      '3:13 mapping_bad_value `record` must be a group of `source field: value`, and it is `true`',
    ],
    [
      'record: {}\ngiven: { now: 2026-01-31 }\nskipped: a',
      '4:19 mapping_bad_value `now` must be an instant such as `2026-01-31T09:30:00Z`, and it is `2026-01-31`',
    ],
  ])('is refused in plain words when it is not written well: %s', (text, problem) => {
    expect(run(text)).toEqual([problem]);
  });

  it.each([
    [
      'record: {}\ngiven: { references: { acounts: { 5: 42 } } }\nwaiting: [accounts/5]',
      '4:28 mapping_test_unknown_name no rule of `deals` refers to the flow `acounts`; did you mean `accounts`?',
    ],
    [
      'record: {}\ngiven: { value_maps: { curencies: { a: b } } }\nskipped: only_when',
      '4:28 mapping_test_unknown_name `deals` has no value map `curencies`; did you mean `currencies`?',
    ],
    [
      'record: {}\nrejected: [value_missing, value_not_decimel]',
      '4:31 mapping_test_unknown_name no record is ever rejected with `value_not_decimel`; did you mean `value_not_decimal`?',
    ],
    [
      'record: {}\nexpect: { fields: { amuont: 1 } }',
      '4:25 mapping_test_unknown_name no rule of `deals` writes the field `amuont`; did you mean `amount`?',
    ],
    [
      'record: {}\nexpect_some: { fields: { order_line: {} } }',
      '4:30 mapping_test_unknown_name `order_line` holds lines, which stand under `lines`',
    ],
    [
      'record: {}\nexpect_some: { lines: { order_lines: {} } }',
      '4:29 mapping_test_unknown_name `deals` has no lines in the field `order_lines`; did you mean `order_line`?',
    ],
    [
      'record: {}\nexpect_some: { lines: { order_line: { a: { quantity: 1 } } } }',
      '4:48 mapping_test_unknown_name no rule writes the field `quantity` in the lines of `order_line`; the names here are qty, price',
    ],
    [
      'record: {}\nflow: deals.delivery\nskipped: only_when',
      '4:11 mapping_test_unknown_name this mapping file has no flow `deals.delivery`; the names here are deals',
    ],
  ])('is refused when it names what its mapping does not have: %s', (text, problem) => {
    expect(run(text)).toEqual([problem]);
  });

  it('says where it stands, and that it passed; one that is refused keeps no other from being run', () => {
    const { results, problems } = runCases([mapping], {
      path: 'deals.test.yaml',
      text: 'cases:\n  - { name: a, record: {}, rejected: [oops] }\n  - name: lost\n    record: { stage: lost }\n    skipped: only_when\n',
    });
    expect(problems).toHaveLength(1);
    expect(results).toEqual([
      {
        name: 'lost',
        flow: 'deals',
        at: { file: 'deals.test.yaml', line: 3, column: 11 },
        passed: true,
        diff: [],
      },
    ]);
  });
});
