import type { Scalar } from 'yaml';
import { z } from 'zod';
import type { SourceRecord, Value } from '../connector/value.ts';
import { problem } from '../errors/catalogue.ts';
import type { Position, Problem } from '../errors/error.ts';
import { schemaProblems } from './schema-problem.ts';
import type { SourceText } from '../errors/source-text.ts';
import { readYaml, textOf, type Yaml } from './yaml.ts';

type Fields = { readonly [field: string]: Value };
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

/** One case of a test file: a record, the links that exist, and the ending. */
export type Case = {
  readonly name: string;
  readonly at: Position;
  readonly record: SourceRecord;
  /** flow -> source id -> ERP id */
  readonly references: { readonly [flow: string]: { readonly [id: string]: string } };
  readonly expected: Expected;
};

const words = z.string().min(1);
const fields = z.record(z.string(), z.unknown()).meta({ kind: 'a group of `field: value`' });
const output = z
  .strictObject({
    fields: fields.optional(),
    lines: z
      .record(
        z.string(),
        z.record(z.string(), fields).meta({ kind: 'a group of `key of the line: { fields }`' }),
      )
      .meta({ kind: 'a group of `field: { lines by key }`' })
      .optional(),
  })
  .meta({ kind: 'a group with `fields` and `lines`' });
const list = (kind: string) => z.array(words).min(1).meta({ kind });

const oneCase = z
  .strictObject({
    name: words.meta({ kind: 'a sentence' }),
    record: z.record(z.string(), z.unknown()).meta({ kind: 'a group of `source field: value`' }),
    given: z
      .strictObject({
        references: z
          .record(
            z.string(),
            z
              .record(z.string(), words.meta({ kind: 'an ERP id' }))
              .meta({ kind: 'a group of `source id: ERP id`' }),
          )
          .meta({ kind: 'a group of `flow: { source id: ERP id }`' })
          .optional(),
      })
      .meta({ kind: 'a group with `references`' })
      .optional(),
    expect: output.optional(),
    expect_some: output.optional(),
    skipped: words.meta({ kind: 'the code or the reason' }).optional(),
    waiting: list('a list such as `[accounts/5]`').optional(),
    rejected: list('a list of codes such as `[value_missing]`').optional(),
  })
  .meta({ kind: 'a case with `name`, `record` and what is expected' });

const caseFile = z
  .strictObject({ cases: z.array(oneCase).min(1).meta({ kind: 'a list of cases' }) })
  .meta({ kind: 'a group with `cases`' });

const endings = ['expect', 'expect_some', 'skipped', 'waiting', 'rejected'] as const;

/**
 * A source gives texts, true, false and null, but never a number: so `null`, `true` and `false` without quotes mean
 * themselves here, and everything else is the text that was written.
 */
function valueOf(node: Scalar): Value {
  const text = String(textOf(node));
  if (node.type !== 'PLAIN') return text;
  if (text === 'null' || text === '~' || text === '') return null;
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

/** Reads the cases of a test file, and everything that is wrong with it. */
export function readCases(file: SourceText): {
  readonly cases: readonly Case[];
  readonly problems: readonly Problem[];
} {
  const yaml = readYaml(file, valueOf);
  if (yaml.plain === undefined) return { cases: [], problems: yaml.problems };
  const parsed = caseFile.safeParse(yaml.plain);
  if (!parsed.success)
    return { cases: [], problems: [...yaml.problems, ...schemaProblems(caseFile, parsed.error, yaml)] };
  const problems = [...yaml.problems];
  const cases = parsed.data.cases.flatMap((one, index) => readCase(one, index, yaml, problems));
  return { cases, problems };
}

function readCase(one: z.output<typeof oneCase>, index: number, yaml: Yaml, problems: Problem[]): Case[] {
  const given = endings.filter((ending) => one[ending] !== undefined);
  if (given.length !== 1) {
    const said =
      given.length === 0
        ? 'does not say how it ends'
        : `ends in ${given.map((ending) => `\`${ending}\``).join(' and ')}`;
    const message = `the case ${said}; give it one of ${endings.map((ending) => `\`${ending}\``).join(', ')}`;
    problems.push(problem('mapping_test_bad', message, yaml.place(['cases', index, 'name'], 'value')));
    return [];
  }
  return [
    {
      name: one.name,
      at: yaml.place(['cases', index, 'name'], 'value').at,
      record: one.record as SourceRecord,
      references: one.given?.references ?? {},
      expected: expectedOf(one),
    },
  ];
}

function expectedOf(one: z.output<typeof oneCase>): Expected {
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
