import type { Position, Problem } from '../../errors/error.ts';
import type { SourceText } from '../../errors/source-text.ts';
import { checkCase, mappingOf } from './case-check.ts';
import { type DiffLine, diffOf } from './case-diff.ts';
import { type Case, readCases } from './case-file.ts';
import type { CompiledMapping } from '../compile.ts';
import { type Trial, type Untouched, untouchedBy } from './coverage.ts';

/** How one case went; `diff` has lines unless it passed. */
export type CaseResult = {
  readonly name: string;
  readonly flow: string;
  readonly at: Position;
  readonly passed: boolean;
  readonly diff: readonly DiffLine[];
};

/** How the cases of a test file went, what is wrong with the file, and what its cases left untouched. */
export type CasesResult = {
  readonly results: readonly CaseResult[];
  readonly untouched: readonly Untouched[];
  readonly problems: readonly Problem[];
};

/**
 * Runs the cases of a test file against the mappings of the file beside it. A case with a problem is not run; the
 * others are.
 */
export function runCases(mappings: readonly CompiledMapping[], file: SourceText): CasesResult {
  const read = readCases(file);
  const problems = [...read.problems];
  const trials = read.cases.flatMap((one): OwnTrial[] => {
    const mapping = mappingOf(one, mappings);
    const found = 'code' in mapping ? [mapping] : checkCase(one, mapping);
    problems.push(...found);
    return 'code' in mapping || found.length > 0 ? [] : [tryCase(one, mapping)];
  });
  return { results: trials.map(resultOf), untouched: untouchedBy(mappings, trials), problems };
}

type OwnTrial = Trial & { readonly one: Case; readonly mapping: CompiledMapping };

function tryCase(one: Case, mapping: CompiledMapping): OwnTrial {
  const mapped: { map: string; from: string }[] = [];
  const ending = mapping.run(one.record, {
    linked: ({ flow, id }) => {
      const links = Object.hasOwn(one.references, flow) ? one.references[flow] : undefined;
      return links && Object.hasOwn(links, id) ? (links[id] ?? null) : null;
    },
    now: one.now,
    valueMaps: one.valueMaps,
    onMapped: (map, from) => mapped.push({ map, from }),
  });
  return { one, mapping, ending, mapped };
}

function resultOf({ one, mapping, ending }: OwnTrial): CaseResult {
  const diff = diffOf(one.expected, ending, mapping.program);
  return { name: one.name, flow: mapping.flow, at: one.at, passed: diff.length === 0, diff };
}
