import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../../connector/value.ts';
import type { Expected, Fields, Output } from './case-file.ts';
import type { Ending } from '../mapping.ts';
import { asWritten } from './case-value.ts';
import type { Program } from '../run.ts';

/**
 * A line of the difference between what a case expects (`-`) and what came out (`+`); a neighbour that is as it
 * should be has a space. The value stands as one would write it in the test file; `note` says more of what came out.
 */
export type DiffLine = {
  readonly mark: '-' | '+' | ' ';
  readonly name: string;
  readonly value: string;
  readonly note?: string;
};

/** How an ending differs from what a case expects: no lines when it does not. */
export function diffOf(expected: Expected, ending: Ending, program: Program): readonly DiffLine[] {
  if (expected.kind === 'record' && ending.kind === 'record')
    return recordDiff(expected.output, outputOf(ending), expected.exactly, program);
  if (
    expected.kind === 'skipped' &&
    ending.kind === 'skipped' &&
    [ending.code, ending.reason].includes(expected.why)
  )
    return [];
  const lines = statementDiff(statedBy(expected), stated(ending));
  return lines.some(({ mark }) => mark !== ' ') ? lines : [];
}

export type Statement = Omit<DiffLine, 'mark'>;

function statedBy(expected: Expected): Statement[] {
  if (expected.kind === 'record') return [written];
  if (expected.kind === 'skipped') return [{ name: 'skipped', value: expected.why }];
  const names = expected.kind === 'waiting' ? expected.for : expected.codes;
  return [...new Set(names)].map((value) => ({ name: expected.kind, value }));
}

function stated(ending: Ending): Statement[] {
  if (ending.kind === 'record') return [written];
  if (ending.kind === 'skipped') return [{ name: 'skipped', value: ending.code, note: ending.reason }];
  if (ending.kind === 'waiting')
    return ending.for.map(({ flow, id }) => ({ name: 'waiting', value: `${flow}/${id}` }));
  return ending.problems.map(({ field, code, message }) => ({
    name: 'rejected',
    value: code,
    note: `${field}: ${message}`,
  }));
}

const written: Statement = { name: 'record', value: 'written' };

export function statementDiff(expected: readonly Statement[], got: readonly Statement[]): DiffLine[] {
  const within = (some: readonly Statement[], { name, value }: Statement): boolean =>
    some.some((other) => other.name === name && other.value === value);
  return [
    ...expected.map((one): DiffLine => ({ mark: within(got, one) ? ' ' : '-', ...one })),
    ...got.filter((one) => !within(expected, one)).map((one): DiffLine => ({ mark: '+', ...one })),
  ];
}

function outputOf({ fields, lines }: Ending & { kind: 'record' }): Output {
  const byKey = Object.entries(lines).map(
    ([field, { rows }]) => [field, Object.fromEntries(rows.map((row) => [row.key, row.fields]))] as const,
  );
  return { fields, lines: Object.fromEntries(byKey) };
}

/** How what was written differs from what was expected; of a part, when that is not `exactly` all. */
export function recordDiff(
  expected: Output,
  got: Output,
  exactly: boolean,
  program: Program,
): readonly DiffLine[] {
  const wanted = flat(expected);
  const found = flat(exactly ? got : picked(got, expected));
  const names = namesInOrder(program, expected, got).filter((name) => wanted.has(name) || found.has(name));
  const lines = names.flatMap((name): DiffLine[] => {
    const [before, after] = [wanted.get(name), found.get(name)];
    if (isDeepStrictEqual(before, after)) return [{ mark: ' ', name, value: asWritten(before) }];
    return [
      ...(before === undefined ? [] : [{ mark: '-' as const, name, value: asWritten(before) }]),
      ...(after === undefined ? [] : [{ mark: '+' as const, name, value: asWritten(after) }]),
    ];
  });
  return nearChanges(lines);
}

/** Fields by name, those of lines as `order_line[903].qty`. A line or a list without anything in it is named itself. */
function flat({ fields, lines }: Output): Map<string, Value> {
  const all = new Map(Object.entries(fields));
  for (const [field, rows] of Object.entries(lines)) {
    if (Object.keys(rows).length === 0) all.set(field, {});
    for (const [key, row] of Object.entries(rows)) {
      if (Object.keys(row).length === 0) all.set(`${field}[${key}]`, {});
      for (const [name, value] of Object.entries(row)) all.set(`${field}[${key}].${name}`, value);
    }
  }
  return all;
}

/** That part of what came out which a case speaks of. */
function picked({ fields, lines }: Output, expected: Output): Output {
  const both = <T>(of: { readonly [name: string]: T }, spokenOf: object): [string, T][] =>
    Object.entries(of).filter(([name]) => Object.hasOwn(spokenOf, name));
  const rowsOf = (field: string, rows: { readonly [key: string]: Fields }): Output['lines'][string] => {
    const spokenOf = expected.lines[field] ?? {};
    return Object.fromEntries(
      both(rows, spokenOf).map(([key, row]) => [key, Object.fromEntries(both(row, spokenOf[key] ?? {}))]),
    );
  };
  return {
    fields: Object.fromEntries(both(fields, expected.fields)),
    lines: Object.fromEntries(
      both(lines, expected.lines).map(([field, rows]) => [field, rowsOf(field, rows)]),
    ),
  };
}

/** Every name that may be written, in the order of the rules. */
function namesInOrder(program: Program, expected: Output, got: Output): string[] {
  const lines = program.lines.flatMap(({ field, rules }) => {
    const keys = [expected, got].flatMap((output) => Object.keys(output.lines[field] ?? {}));
    const rows = [...new Set(keys)].flatMap((key) => [
      `${field}[${key}]`,
      ...rules.map((rule) => `${field}[${key}].${rule.field}`),
    ]);
    return [field, ...rows];
  });
  return [...program.rules.map(({ field }) => field), ...lines];
}

/** Neighbours on each side of a change that are shown with it, from the same line. */
const context = 2;

function nearChanges(lines: readonly DiffLine[]): readonly DiffLine[] {
  const changed = [...lines.entries()].filter(([, { mark }]) => mark !== ' ');
  return lines.filter(({ name }, index) =>
    changed.some(([at, other]) => Math.abs(at - index) <= context && lineOf(other.name) === lineOf(name)),
  );
}

/** `order_line[903]` of `order_line[903].qty`; nothing of a field of the record. */
const lineOf = (name: string): string => name.slice(0, name.indexOf(']') + 1);
