import type { Problem } from '../../errors/error.ts';
import type { SourceText } from '../../errors/source-text.ts';
import { type FlowReport, type TestReport, testFileOf, withoutMapping } from '../case/test-files.ts';
import type { CompiledLookup } from './compile-lookup.ts';
import { lookupTitle, runLookupCases, untouchedLookup } from './lookup-cases.ts';

/** The lookup files that there are, what was read of them, and their test files. */
export type TestedLookups = {
  readonly files: readonly SourceText[];
  readonly lookups: readonly CompiledLookup[];
  /** What is wrong with the files; a lookup whose file has a problem is not run. */
  readonly problems: readonly Problem[];
  readonly tests: readonly SourceText[];
};

/**
 * Runs each test file against the lookup of the file beside it, and reports of each lookup as of a flow: see
 * `runTestFiles`. The problems are those of the test files alone.
 */
export function runLookupTestFiles({ files, lookups, problems, tests }: TestedLookups): TestReport {
  const bad = new Set(problems.flatMap(({ at }) => at?.file ?? []));
  const ran = lookups
    .filter(
      ({ file, valueFiles }) => ![file, ...valueFiles.map(({ path }) => path)].some((path) => bad.has(path)),
    )
    .map((lookup) => runFile(lookup, tests));
  return {
    flows: ran.map(({ flow }) => flow).toSorted((a, b) => (a.flow < b.flow ? -1 : 1)),
    problems: [...withoutMapping(files, tests), ...ran.flatMap((one) => one.problems)],
  };
}

function runFile(
  lookup: CompiledLookup,
  tests: readonly SourceText[],
): { readonly flow: FlowReport; readonly problems: readonly Problem[] } {
  const file = testFileOf(lookup.file);
  const text = tests.find(({ path }) => path === file);
  const { results, untouched, problems } =
    text === undefined
      ? { results: [], untouched: untouchedLookup(lookup), problems: [] }
      : runLookupCases(lookup, text);
  const { fields = [], rows = [], branches = [] } = untouched[0] ?? {};
  const passed = results.filter((one) => one.passed).length;
  const flow = {
    flow: lookupTitle(lookup),
    file,
    tested: text !== undefined,
    passed,
    failed: results.length - passed,
    cases: results,
    untouched: { fields, rows, branches },
  };
  return { flow, problems };
}
