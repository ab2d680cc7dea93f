import type { Value } from '../../connector/value.ts';
import { problem } from '../../errors/catalogue.ts';
import type { Position, Problem } from '../../errors/error.ts';
import type { Place, SourceText } from '../../errors/source-text.ts';
import { usualNow, valueOf } from '../case/case-file.ts';
import { schemaProblems } from '../schema-problem.ts';
import { readYaml, type Yaml, type YamlPath } from '../yaml.ts';
import {
  type LookupCaseDeclaration,
  lookupCaseFile,
  lookupEndings as endings,
} from './lookup-case-declaration.ts';

type Group = { readonly [name: string]: Value };

/** One case of a lookup's test file: what the systems answer, and what becomes of it. */
export type LookupCase = {
  readonly name: string;
  readonly at: Position;
  /** By question: a group, a list of groups, or null. */
  readonly answers: Group;
  /** Questions whose lists go on. */
  readonly more: readonly string[];
  readonly valueMaps: { readonly [map: string]: { readonly [from: string]: string } };
  readonly now: string;
  readonly expected:
    | {
        readonly kind: 'reply';
        readonly exactly: boolean;
        readonly reply: Group;
        readonly cut: readonly string[];
      }
    | { readonly kind: 'rejected'; readonly codes: readonly string[] };
  /** Where the key or the value at a path stands, from the root of the case. */
  readonly place: (path: YamlPath, on: 'key' | 'value') => Place;
};

/** Reads the cases of a lookup's test file, and everything that is wrong with its shape. */
export function readLookupCases(file: SourceText): {
  readonly cases: readonly LookupCase[];
  readonly problems: readonly Problem[];
} {
  const yaml = readYaml(file, valueOf);
  if (yaml.plain === undefined) return { cases: [], problems: yaml.problems };
  const parsed = lookupCaseFile.safeParse(yaml.plain);
  if (!parsed.success)
    return { cases: [], problems: [...yaml.problems, ...schemaProblems(lookupCaseFile, parsed.error, yaml)] };
  const problems = [...yaml.problems];
  const cases = parsed.data.cases.flatMap((one, index) => readCase(one, index, yaml, problems));
  return { cases, problems };
}

function readCase(one: LookupCaseDeclaration, index: number, yaml: Yaml, problems: Problem[]): LookupCase[] {
  const place: LookupCase['place'] = (path, on) => yaml.place(['cases', index, ...path], on);
  const given = endings.filter((ending) => one[ending] !== undefined);
  if (given.length !== 1) {
    const said =
      given.length === 0
        ? 'does not say how it ends'
        : `ends in ${given.map((ending) => `\`${ending}\``).join(' and ')}`;
    const message = `the case ${said}; give it one of ${endings.map((ending) => `\`${ending}\``).join(', ')}`;
    problems.push(problem('mapping_test_bad', message, place(['name'], 'value')));
    return [];
  }
  return [
    {
      name: one.name,
      at: place(['name'], 'value').at,
      answers: one.answers as Group,
      more: one.more ?? [],
      valueMaps: one.given?.value_maps ?? {},
      now: one.given?.now ?? usualNow,
      expected:
        one.rejected === undefined
          ? {
              kind: 'reply',
              exactly: one.expect !== undefined,
              reply: (one.expect ?? one.expect_some ?? {}) as Group,
              cut: one.cut ?? [],
            }
          : { kind: 'rejected', codes: one.rejected },
      place,
    },
  ];
}
