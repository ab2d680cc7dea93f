import { problem } from '../../errors/catalogue.ts';
import type { Problem } from '../../errors/error.ts';
import type { SourceText } from '../../errors/source-text.ts';
import { didYouMean } from '../../errors/suggestion.ts';
import { type CaseResult, runCases } from './cases.ts';
import type { CompiledMapping } from '../compile.ts';
import { type Untouched, untouchedBy } from './coverage.ts';

/** How the cases of a flow went. */
export type FlowReport = {
  readonly flow: string;
  /** Path of the test file that its cases stand in, or would stand in. */
  readonly file: string;
  /** Whether there is such a file. */
  readonly tested: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly CaseResult[];
  readonly untouched: Omit<Untouched, 'flow'>;
};

/** How all cases went, and everything wrong with the files that were read. */
export type TestReport = { readonly flows: readonly FlowReport[]; readonly problems: readonly Problem[] };

/** The mapping files that there are, what was read of them, and the test files. */
export type Tested = {
  readonly files: readonly SourceText[];
  readonly mappings: readonly CompiledMapping[];
  readonly problems: readonly Problem[];
  readonly tests: readonly SourceText[];
};

/**
 * Runs each test file against the mappings of the file beside it. A mapping with a problem, in its own file or in a
 * value file, is not run.
 */
export function runTestFiles({ files, mappings, problems, tests }: Tested): TestReport {
  const bad = new Set(problems.flatMap(({ at }) => at?.file ?? []));
  const sound = mappings.filter(
    ({ file, valueFiles }) => ![file, ...valueFiles.map(({ path }) => path)].some((path) => bad.has(path)),
  );
  const ran = [...Map.groupBy(sound, ({ file }) => file)].map(([file, own]) =>
    runFile(testFileOf(file), own, tests),
  );
  return {
    flows: ran.flatMap(({ flows }) => flows).toSorted((a, b) => (a.flow < b.flow ? -1 : 1)),
    problems: [...problems, ...withoutMapping(files, tests), ...ran.flatMap((one) => one.problems)],
  };
}

/** `mappings/accounts.yaml` has its cases in `mappings/accounts.test.yaml`. */
export const testFileOf = (mappingFile: string): string => mappingFile.replace(/\.yaml$/, '.test.yaml');

function runFile(
  path: string,
  mappings: readonly CompiledMapping[],
  tests: readonly SourceText[],
): TestReport {
  const text = tests.find((test) => test.path === path);
  const { results, untouched, problems } =
    text === undefined
      ? { results: [], untouched: untouchedBy(mappings, []), problems: [] }
      : runCases(mappings, text);
  const flows = mappings.map(({ flow }): FlowReport => {
    const cases = results.filter((result) => result.flow === flow);
    const { fields = [], rows = [], branches = [] } = untouched.find((one) => one.flow === flow) ?? {};
    const passed = cases.filter((one) => one.passed).length;
    return {
      flow,
      file: path,
      tested: text !== undefined,
      passed,
      failed: cases.length - passed,
      cases,
      untouched: { fields, rows, branches },
    };
  });
  return { flows, problems };
}

/** Test files beside which there is nothing to be tested. */
export function withoutMapping(files: readonly SourceText[], tests: readonly SourceText[]): Problem[] {
  const expected = new Set(files.map(({ path }) => testFileOf(path)));
  return tests.flatMap(({ path }) => {
    if (expected.has(path)) return [];
    const beside = path.replace(/\.test\.yaml$/, '.yaml');
    const hint = didYouMean(
      beside,
      files.map((file) => file.path),
    );
    const at = { file: path, line: 1, column: 1 };
    return problem('mapping_test_alone', `there is no mapping file \`${beside}\`${hint}`, { at });
  });
}

/**
 * The part of a report that speaks of one flow and of those under its `also`: its cases, and the problems of its
 * files. Null when there is no such flow.
 */
export function onlyFlow(
  report: TestReport,
  flow: string,
  { files, tests, mappings }: Tested,
): TestReport | null {
  const own = fileOf(flow, files, mappings);
  if (own === null) return null;
  const others = new Set([...files, ...tests].map(({ path }) => path));
  const told = (path: string): boolean => [own, testFileOf(own)].includes(path) || !others.has(path);
  return {
    flows: report.flows.filter((one) => one.flow === flow || one.flow.startsWith(`${flow}.`)),
    problems: report.problems.filter(({ at }) => at === undefined || told(at.file)),
  };
}

/** The mapping file of a flow, even if it cannot be read well enough to be run. */
function fileOf(
  flow: string,
  files: readonly SourceText[],
  mappings: readonly CompiledMapping[],
): string | null {
  const read = mappings.find((mapping) => mapping.flow === flow);
  if (read !== undefined) return read.file;
  const [name] = flow.split('.');
  const known = new Set(mappings.map(({ file }) => file));
  const found = files.find(
    ({ path, text }) => !known.has(path) && /^flow:\s*["']?([^\s"'#]+)/m.exec(text)?.[1] === name,
  );
  return found?.path ?? null;
}
