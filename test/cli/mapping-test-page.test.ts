import { describe, expect, it } from 'vitest';
import { type Paint, renderReport } from '../../src/cli/mapping-test-page.ts';
import { problem } from '../../src/errors/catalogue.ts';
import type { CaseResult } from '../../src/mapping/case/cases.ts';
import type { FlowReport } from '../../src/mapping/case/test-files.ts';

const plain: Paint = (_, text) => text;
const nothing = { fields: [], rows: [], branches: [] };
const passing: CaseResult = {
  name: 'it is carried',
  flow: 'orders',
  at: { file: 'orders.test.yaml', line: 2, column: 11 },
  passed: true,
  diff: [],
};
const failing: CaseResult = {
  ...passing,
  name: 'it has lines',
  at: { ...passing.at, line: 9 },
  passed: false,
  diff: [
    { mark: ' ', name: 'partner_id', value: '42' },
    { mark: '-', name: 'order_line[903].price_unit', value: '34.8' },
    { mark: '+', name: 'order_line[903].price_unit', value: '34.80' },
  ],
};

function report(flow: string, cases: readonly CaseResult[], rest: Partial<FlowReport> = {}): FlowReport {
  const passed = cases.filter((one) => one.passed).length;
  const file = `${flow}.test.yaml`;
  return {
    flow,
    file,
    tested: true,
    passed,
    failed: cases.length - passed,
    cases,
    untouched: nothing,
    ...rest,
  };
}

describe('the page of the tests of mappings', () => {
  it('has a line for each flow, and one for all of them', () => {
    const flows = [report('accounts', [passing]), report('orders', [passing, passing])];
    expect(renderReport({ flows, problems: [] }, plain)).toBe(
      'accounts  1 passed\norders    2 passed\n\nAll 3 cases passed.',
    );
  });

  it('shows where a case failed, and how', () => {
    expect(renderReport({ flows: [report('orders', [passing, failing])], problems: [] }, plain)).toBe(
      `orders  1 passed, 1 failed

orders.test.yaml:9:11: it has lines
    partner_id: 42
  - order_line[903].price_unit: 34.8
  + order_line[903].price_unit: 34.80

1 of 2 cases failed.`,
    );
  });

  it('says under another ending why the record ended so', () => {
    const diff = [
      { mark: '-', name: 'rejected', value: 'value_missing' },
      { mark: '+', name: 'skipped', value: 'only_when', note: 'does not meet `only_when`: a' },
    ] as const;
    expect(
      renderReport({ flows: [report('orders', [{ ...failing, diff }])], problems: [] }, plain),
    ).toContain('  - rejected: value_missing\n  + skipped: only_when\n      does not meet `only_when`: a\n');
  });

  it('tells what no case touched, and counts what would be too long', () => {
    const rows = Array.from({ length: 1234 }, (_, index) => `row ${index}`);
    const untouched = {
      fields: ['fax', 'street2'],
      rows: [{ map: 'spellings', total: 1240, unused: rows }],
      branches: [{ field: 'type', when: `kind == "${'x'.repeat(100)}"` }],
    };
    expect(renderReport({ flows: [report('accounts', [passing], { untouched })], problems: [] }, plain)).toBe(
      `accounts  1 passed

accounts: no case touches fax, street2
accounts: no case takes the branch of type: kind == "${'x'.repeat(60)}…
accounts: value map spellings: 1,234 of 1,240 rows unused: row 0, row 1, row 2, row 3, row 4 and 1,229 more

The one case passed.`,
    );
  });

  it('names a mapping without a test file, and says no more of it', () => {
    const untouched = { ...nothing, fields: ['name'] };
    const page = renderReport(
      { flows: [report('returns', [], { tested: false, untouched })], problems: [] },
      plain,
    );
    expect(page).toBe(
      'returns  no test file; its cases would stand in returns.test.yaml\n\nNo case was run.',
    );
  });

  it('prints problems as `causeway check` does, and leaves out what they hide', () => {
    const found = problem('mapping_test_bad', 'the case does not say how it ends', {
      at: { file: 'orders.test.yaml', line: 3, column: 5 },
    });
    const untouched = { ...nothing, fields: ['name'] };
    const flows = [report('orders', [passing], { untouched })];
    expect(renderReport({ flows, problems: [found] }, plain)).toBe(
      `orders  1 passed

orders.test.yaml:3:5: mapping_test_bad
  the case does not say how it ends
  → Mend the case that is shown.

The one case passed; there is a problem.`,
    );
    expect(renderReport({ flows: [report('orders', [])], problems: [found] }, plain)).toContain(
      'orders  not run: its test file has problems',
    );
  });

  it('paints what failed, what passed and what is missing', () => {
    const painted: Paint = (style, text) => `<${style}>${text}</>`;
    const page = renderReport({ flows: [report('orders', [passing, failing])], problems: [] }, painted);
    expect(page).toContain('<green>1 passed</>, <red>1 failed</>');
    expect(page).toContain('<red>  - order_line[903].price_unit: 34.8</>');
    expect(page).toContain('<green>  + order_line[903].price_unit: 34.80</>');
  });
});
