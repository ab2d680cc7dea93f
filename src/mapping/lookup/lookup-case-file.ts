import type { Value } from '../../connector/value.ts';
import type { Position, Problem } from '../../errors/error.ts';
import type { Place, SourceText } from '../../errors/source-text.ts';
import { endsOnce, readCasesOf, usualNow } from '../case/case-file.ts';
import type { YamlPath } from '../yaml.ts';
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
  return readCasesOf(file, lookupCaseFile, readCase);
}

function readCase(one: LookupCaseDeclaration, place: LookupCase['place'], problems: Problem[]): LookupCase[] {
  if (!endsOnce(one, endings, place, problems)) return [];
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
