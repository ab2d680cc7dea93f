import { describe, expect, it } from 'vitest';
import { readMappings } from '../../src/mapping/read.ts';
import { onlyFlow, runTestFiles, type Tested } from '../../src/mapping/case/test-files.ts';

const mapping = (flow: string, rest = ''): string =>
  `flow: ${flow}\nread: { from: crm, entity: ${flow} }\nwrite: { to: erp, entity: res.${flow} }\nfields: { name: { from: name } }\n${rest}`;
const cases = (expected: string, rest = ''): string =>
  `cases:\n  - { name: it is named, ${rest} record: { name: Ann }, expect: { fields: { name: ${expected} } } }\n`;
const visit = 'also: { visit: { write: { entity: visit }, fields: { name: { from: name } } } }\n';

function tested(texts: { [path: string]: string }, values: { [path: string]: string } = {}): Tested {
  const all = Object.entries(texts).map(([path, text]) => ({ path, text }));
  const files = all.filter(({ path }) => !path.endsWith('.test.yaml'));
  const valueFiles = Object.entries(values).map(([path, text]) => ({ path, text }));
  return {
    ...readMappings(files, valueFiles),
    files,
    tests: all.filter(({ path }) => path.endsWith('.test.yaml')),
  };
}

const codes = ({ problems }: Pick<Tested, 'problems'>): string[] =>
  problems.map(({ code, at }) => `${at?.file}: ${code}`);

describe('the test files of a mapping folder', () => {
  it('are run against the mapping file that they stand beside, each case against its flow', () => {
    const { flows, problems } = runTestFiles(
      tested({
        'm/a.yaml': mapping('a', visit),
        'm/a.test.yaml': `${cases('Ann')}  - { name: v, flow: a.visit, record: { name: B }, expect: { fields: { name: C } } }\n`,
        'm/b.yaml': mapping('b'),
        'm/b.test.yaml': cases('Bob'),
      }),
    );
    expect(problems).toEqual([]);
    expect(flows.map(({ flow, passed, failed }) => [flow, passed, failed])).toEqual([
      ['a', 1, 0],
      ['a.visit', 0, 1],
      ['b', 0, 1],
    ]);
  });

  it('may be missing, and then everything of the mapping is untouched', () => {
    const { flows, problems } = runTestFiles(tested({ 'm/a.yaml': mapping('a') }));
    expect(problems).toEqual([]);
    expect(flows).toMatchObject([
      { flow: 'a', file: 'm/a.test.yaml', tested: false, cases: [], untouched: { fields: ['name'] } },
    ]);
  });

  it('must stand beside a mapping file', () => {
    const { problems } = runTestFiles(
      tested({ 'm/accounts.yaml': mapping('accounts'), 'm/acounts.test.yaml': cases('Ann') }),
    );
    expect(problems).toMatchObject([
      {
        code: 'mapping_test_alone',
        message: 'there is no mapping file `m/acounts.yaml`; did you mean `m/accounts.yaml`?',
        at: { file: 'm/acounts.test.yaml', line: 1 },
      },
    ]);
  });

  it('are not run when the mapping has a problem, and are not blamed for it', () => {
    const report = runTestFiles(
      tested({ 'm/a.yaml': mapping('a', 'wen: x\n'), 'm/a.test.yaml': cases('Ann') }),
    );
    expect(report.flows).toEqual([]);
    expect(codes(report)).toEqual(['m/a.yaml: mapping_unknown_key']);
  });

  it('are not run with the last good version of a file that is bad now', () => {
    const maps = 'value_maps: { m: { file: values/m.csv } }\n';
    const before = tested(
      { 'm/a.yaml': mapping('a', maps).replace('from: name', 'from: name, map: m') },
      { 'm/values/m.csv': 'from,to\nx,y\n' },
    );
    const bad = { code: 'mapping_value_file_bad', message: '', remedy: '' };
    const at = { file: 'm/values/m.csv', line: 1, column: 1 };
    expect(runTestFiles(before).flows).toHaveLength(1);
    expect(runTestFiles({ ...before, problems: [{ ...bad, at }] }).flows).toEqual([]);
  });
});

describe('the report of one flow', () => {
  const all = tested({
    'm/a.yaml': mapping('a', visit),
    'm/a.test.yaml': 'cases: []\n',
    'm/b.yaml': mapping('b', 'wen: x\n'),
    'm/b.test.yaml': 'cases: []\n',
  });
  const report = runTestFiles(all);

  it('has its cases, those of the flows under its `also`, and the problems of its files', () => {
    const own = onlyFlow(report, 'a', all);
    expect(own?.flows.map(({ flow }) => flow)).toEqual(['a', 'a.visit']);
    expect(own && codes(own)).toEqual(['m/a.test.yaml: mapping_bad_value']);
    expect(onlyFlow(report, 'a.visit', all)?.flows.map(({ flow }) => flow)).toEqual(['a.visit']);
  });

  it('is there for a flow whose file cannot be read', () => {
    const own = onlyFlow(report, 'b', all);
    expect(own?.flows).toEqual([]);
    expect(own && codes(own)).toEqual(['m/b.yaml: mapping_unknown_key']);
  });

  it('is not there for a flow that is not', () => {
    expect(onlyFlow(report, 'c', all)).toBeNull();
    expect(onlyFlow(report, 'a.delivery', all)).toBeNull();
  });
});
