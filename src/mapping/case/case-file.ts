import type { Scalar } from 'yaml';
import type { z } from 'zod';
import type { SourceRecord, Value } from '../../connector/value.ts';
import { problem } from '../../errors/catalogue.ts';
import type { Position, Problem } from '../../errors/error.ts';
import type { Place, SourceText } from '../../errors/source-text.ts';
import { type CaseDeclaration, caseFile, endings } from './case-declaration.ts';
import { schemaProblems } from '../schema-problem.ts';
import { readYaml, textOf, type YamlPath } from '../yaml.ts';

/** Fields and their values. */
export type Fields = { readonly [field: string]: Value };
/** Fields, and lines by field and key of the line. */
export type Output = {
  readonly fields: Fields;
  readonly lines: { readonly [field: string]: { readonly [key: string]: Fields } };
};

/** How a case says that it ends. */
export type Expected =
  | { readonly kind: 'record'; readonly exactly: boolean; readonly output: Output }
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'waiting'; readonly for: readonly string[] }
  | { readonly kind: 'rejected'; readonly codes: readonly string[] };

/** One case of a test file: a record, what is given beside it, and the ending. */
export type Case = {
  readonly name: string;
  readonly at: Position;
  /** Null: the flow of the file, and not one of those under `also`. */
  readonly flow: string | null;
  readonly record: SourceRecord;
  /** flow -> source id -> ERP id */
  readonly references: { readonly [flow: string]: { readonly [id: string]: string } };
  /** Entries that take the place of those of a value map, by its name. */
  readonly valueMaps: { readonly [map: string]: { readonly [from: string]: string } };
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly expected: Expected;
  /** Where the key or the value at a path stands, from the root of the case. */
  readonly place: (path: YamlPath, on: 'key' | 'value') => Place;
};

/** The instant of a case that gives none. */
export const usualNow = '2026-01-31T09:30:00Z';

/**
 * A source gives texts, true, false and null, but never a number: so `null`, `true` and `false` without quotes mean
 * themselves here, and everything else is the text that was written.
 */
export function valueOf(node: Scalar): Value {
  const text = String(textOf(node));
  if (node.type !== 'PLAIN') return text;
  if (text === 'null' || text === '~' || text === '') return null;
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

/** Tells where the key or the value at a path of a case stands. */
type PlaceOf = Case['place'];

/** Reads the cases of a test file by their shape, and everything that is wrong with it. */
export function readCasesOf<One, Read>(
  file: SourceText,
  shape: z.ZodType<{ cases: One[] }>,
  read: (one: One, place: PlaceOf, problems: Problem[]) => Read[],
): { readonly cases: readonly Read[]; readonly problems: readonly Problem[] } {
  const yaml = readYaml(file, valueOf);
  if (yaml.plain === undefined) return { cases: [], problems: yaml.problems };
  const parsed = shape.safeParse(yaml.plain);
  if (!parsed.success)
    return { cases: [], problems: [...yaml.problems, ...schemaProblems(shape, parsed.error, yaml)] };
  const problems = [...yaml.problems];
  const placeIn =
    (index: number): PlaceOf =>
    (path, on) =>
      yaml.place(['cases', index, ...path], on);
  const cases = parsed.data.cases.flatMap((one, index) => read(one, placeIn(index), problems));
  return { cases, problems };
}

/** Whether a case says just one of the ways in which it may end; if not, that is a problem. */
export function endsOnce<Ending extends string>(
  one: { readonly [ending in Ending]?: unknown },
  endingNames: readonly Ending[],
  place: PlaceOf,
  problems: Problem[],
): boolean {
  const given = endingNames.filter((ending) => one[ending] !== undefined);
  if (given.length === 1) return true;
  const said =
    given.length === 0
      ? 'does not say how it ends'
      : `ends in ${given.map((ending) => `\`${ending}\``).join(' and ')}`;
  const message = `the case ${said}; give it one of ${endingNames.map((ending) => `\`${ending}\``).join(', ')}`;
  problems.push(problem('mapping_test_bad', message, place(['name'], 'value')));
  return false;
}

/** Reads the cases of a test file, and everything that is wrong with its shape. */
export function readCases(file: SourceText): {
  readonly cases: readonly Case[];
  readonly problems: readonly Problem[];
} {
  return readCasesOf(file, caseFile, readCase);
}

function readCase(one: CaseDeclaration, place: PlaceOf, problems: Problem[]): Case[] {
  if (!endsOnce(one, endings, place, problems)) return [];
  return [
    {
      name: one.name,
      at: place(['name'], 'value').at,
      flow: one.flow ?? null,
      record: one.record as SourceRecord,
      references: one.given?.references ?? {},
      valueMaps: one.given?.value_maps ?? {},
      now: one.given?.now ?? usualNow,
      expected: expectedOf(one),
      place,
    },
  ];
}

function expectedOf(one: CaseDeclaration): Expected {
  if (one.skipped !== undefined) return { kind: 'skipped', why: one.skipped };
  if (one.waiting !== undefined) return { kind: 'waiting', for: one.waiting };
  if (one.rejected !== undefined) return { kind: 'rejected', codes: one.rejected };
  const { fields = {}, lines = {} } = one.expect ?? one.expect_some ?? {};
  return {
    kind: 'record',
    exactly: one.expect !== undefined,
    output: { fields: fields as Fields, lines: lines as Output['lines'] },
  };
}
