import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../connector/value.ts';
import type { Position, Problem } from '../errors/error.ts';
import { type Case, type Expected, type Output, readCases } from './case-file.ts';
import type { Ending, Mapping } from './mapping.ts';
import { shown } from './refusal.ts';

/** How one case went; `differences` are sentences, and there are none when it passed. */
export type CaseResult = {
  readonly name: string;
  readonly at: Position;
  readonly passed: boolean;
  readonly differences: readonly string[];
};

/** Runs the cases of a `<flow>.test.yaml`. With problems in the file, nothing that is unsound has been run. */
export function runCases(
  mapping: Mapping,
  testFileText: string,
  path: string,
): { readonly results: readonly CaseResult[]; readonly problems: readonly Problem[] } {
  const { cases, problems } = readCases({ path, text: testFileText });
  const results = cases.map((one) => {
    const differences = differencesOf(one, endingOf(mapping, one));
    return { name: one.name, at: one.at, passed: differences.length === 0, differences };
  });
  return { results, problems };
}

function endingOf(mapping: Mapping, { record, references }: Case): Ending {
  const linked = ({ flow, id }: { flow: string; id: string }): string | null => {
    const links = Object.hasOwn(references, flow) ? references[flow] : undefined;
    return links && Object.hasOwn(links, id) ? (links[id] ?? null) : null;
  };
  return mapping.run(record, { linked, now: '2026-01-31T09:30:00Z' });
}

function differencesOf({ expected }: Case, ending: Ending): readonly string[] {
  if (expected.kind === 'record' && ending.kind === 'record')
    return outputDifferences(expected.output, outputOf(ending), expected.exactly);
  if (
    expected.kind === 'skipped' &&
    ending.kind === 'skipped' &&
    [ending.code, ending.reason].includes(expected.why)
  )
    return [];
  if (expected.kind === 'waiting' && ending.kind === 'waiting' && sameWords(expected.for, waitsFor(ending)))
    return [];
  if (
    expected.kind === 'rejected' &&
    ending.kind === 'rejected' &&
    sameWords(
      expected.codes,
      ending.problems.map(({ code }) => code),
    )
  )
    return [];
  return [`it should be ${toldExpected(expected)}, and it is ${told(ending)}`];
}

function sameWords(left: readonly string[], right: readonly string[]): boolean {
  return isDeepStrictEqual([...new Set(left)].sort(), [...new Set(right)].sort());
}

function waitsFor(ending: Ending & { kind: 'waiting' }): string[] {
  return ending.for.map(({ flow, id }) => `${flow}/${id}`);
}

function toldExpected(expected: Expected): string {
  if (expected.kind === 'record') return 'a record';
  if (expected.kind === 'skipped') return `skipped (${expected.why})`;
  if (expected.kind === 'waiting') return `waiting for ${expected.for.join(', ')}`;
  return `rejected with ${expected.codes.join(', ')}`;
}

function told(ending: Ending): string {
  if (ending.kind === 'record') return 'a record';
  if (ending.kind === 'skipped') return `skipped (${ending.code}: ${ending.reason})`;
  if (ending.kind === 'waiting') return `waiting for ${waitsFor(ending).join(', ')}`;
  return `rejected with ${ending.problems.map(({ field, code, message }) => `${code} at ${field} (${message})`).join('; ')}`;
}

function outputOf({ fields, lines }: Ending & { kind: 'record' }): Output {
  const byKey = Object.entries(lines).map(
    ([field, { rows }]) => [field, Object.fromEntries(rows.map((row) => [row.key, row.fields]))] as const,
  );
  return { fields, lines: Object.fromEntries(byKey) };
}

type Group<T> = { readonly [name: string]: T };

function outputDifferences(expected: Output, actual: Output, exactly: boolean): string[] {
  return [
    ...fieldDifferences(expected.fields, actual.fields, '', exactly),
    ...groupDifferences(
      expected.lines,
      actual.lines,
      exactly,
      (field) => `the lines of \`${field}\``,
      (field, wanted, given) =>
        groupDifferences(
          wanted,
          given,
          exactly,
          (key) => `the line ${key} of \`${field}\``,
          (key, line, written) => fieldDifferences(line, written, `${field}[${key}].`, exactly),
        ),
    ),
  ];
}

/** Goes through the groups of both sides, and says which are missing and which are too many. */
function groupDifferences<T>(
  expected: Group<T>,
  actual: Group<T>,
  exactly: boolean,
  name: (key: string) => string,
  inside: (key: string, expected: T, actual: T) => string[],
): string[] {
  const missing = Object.entries(expected).flatMap(([key, wanted]) => {
    const given = Object.hasOwn(actual, key) ? actual[key] : undefined;
    return given === undefined ? [`${name(key)} should be written, and is not`] : inside(key, wanted, given);
  });
  const extra = exactly ? Object.keys(actual).filter((key) => !Object.hasOwn(expected, key)) : [];
  return [...missing, ...extra.map((key) => `${name(key)} is written, and the case does not expect it`)];
}

function fieldDifferences(
  expected: Group<Value>,
  actual: Group<Value>,
  prefix: string,
  exactly: boolean,
): string[] {
  const wrong = Object.entries(expected).flatMap(([field, wanted]) => {
    if (!Object.hasOwn(actual, field))
      return [`\`${prefix}${field}\` should be ${inWords(wanted)}, and it is left alone`];
    const given = actual[field];
    return isDeepStrictEqual(given, wanted)
      ? []
      : [`\`${prefix}${field}\` should be ${inWords(wanted)}, and it is ${inWords(given)}`];
  });
  const extra = exactly ? Object.keys(actual).filter((field) => !Object.hasOwn(expected, field)) : [];
  return [
    ...wrong,
    ...extra.map(
      (field) => `\`${prefix}${field}\` is ${inWords(actual[field])}, and the case does not expect it`,
    ),
  ];
}

/** null clears a field, and is not the same as an empty text. */
function inWords(value: Value | undefined): string {
  return value === null ? 'null' : value === '' ? 'an empty text' : shown(value);
}
