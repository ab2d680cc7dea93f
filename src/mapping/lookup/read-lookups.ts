import type { EntityDescription } from '../../connector/contract.ts';
import { problem } from '../../errors/catalogue.ts';
import type { Problem } from '../../errors/error.ts';
import type { SourceText } from '../../errors/source-text.ts';
import { checkNullConstants } from '../check/null-constants.ts';
import { checkValueMapsUsed } from '../check/value-maps-used.ts';
import { inOrder } from '../read.ts';
import type { Report } from '../report.ts';
import { readValueFile, type ValueFile } from '../value-map.ts';
import { readYaml, textOf, type Yaml } from '../yaml.ts';
import { asFlow } from './as-flow.ts';
import { checkAllRead } from './check-read.ts';
import { checkAnswers } from './check-answers.ts';
import { checkSearched } from './check-searched.ts';
import { type CompiledLookup, compileLookup } from './compile-lookup.ts';
import { declareLookup } from './declare-lookup.ts';
import type { FlowEnds, Lookup, Question } from './lookup.ts';
import type { ConnectionOffer } from './offers.ts';

/** What lookup files are read beside. */
export type BesideLookups = {
  readonly valueFiles: readonly SourceText[];
  readonly flows: readonly FlowEnds[];
  readonly offers: readonly ConnectionOffer[];
};

type ReadFile = {
  readonly name: string;
  readonly lookup: CompiledLookup | null;
  readonly problems: Problem[];
  readonly report: Report;
  readonly path: string;
};

/**
 * Reads lookup files. Every problem of every file is told at once, each with its place. A file with a problem yields no
 * lookup, and the others do all the same. What is wrong with a value file is told with the mappings.
 */
export function readLookups(
  files: readonly SourceText[],
  beside: BesideLookups,
): { readonly lookups: readonly CompiledLookup[]; readonly problems: readonly Problem[] } {
  const values = beside.valueFiles.map(readValueFile);
  const read = files.map((file) => readFile(file, values, beside));
  for (const file of read) {
    const twin = read.find((other) => other !== file && file.name !== '' && other.name === file.name);
    if (twin !== undefined)
      file.report('lookup_duplicate_name', `\`${twin.path}\` has a lookup \`${file.name}\` as well`, [
        'lookup',
      ]);
  }
  return {
    lookups: read.flatMap(({ lookup, problems }) => (problems.length > 0 ? [] : (lookup ?? []))),
    problems: read.flatMap(({ problems }) => inOrder(problems)),
  };
}

function readFile(file: SourceText, values: readonly ValueFile[], beside: BesideLookups): ReadFile {
  const yaml = readYaml(file, textOf);
  const { declared, unclear, problems: shape } = declareLookup(yaml);
  const problems = [...shape];
  const report = reporter(yaml, problems);
  if (declared === null) return { name: '', lookup: null, problems, report, path: file.path };
  const flow = asFlow(declared);
  if (shape.length === 0) checkValueMapsUsed([{ part: null, declared: flow }], report);
  checkNullConstants(flow, yaml.isPlain, report);
  const lookup = compileLookup({ declared, unclear }, file, values, { ...beside, report });
  if (problems.length === 0) checkAllRead(declared, report);
  return { name: declared.lookup, lookup, problems, report, path: file.path };
}

function reporter(yaml: Yaml, problems: Problem[]): Report {
  const told = new Set<string>();
  return (code, message, path, on = 'value', within = 0) => {
    const what = JSON.stringify([code, message, path, on, within]);
    if (told.has(what)) return;
    told.add(what);
    problems.push(problem(code, message, yaml.place(path, on, within)));
  };
}

/** What is described of an entity, by connection and side; null where nothing is. */
export type DescribedEntity = (
  question: Pick<Question, 'connection' | 'side' | 'entity'>,
) => EntityDescription | null;

/** Checks a sound lookup against what the systems say of the entities that it asks for. */
export function checkLookupAgainst(lookup: Lookup, described: DescribedEntity): Problem[] {
  const problems: Problem[] = [];
  const yaml = readYaml({ path: lookup.file, text: lookup.text }, textOf);
  const { declared } = declareLookup(yaml);
  if (declared === null) return [];
  const report = reporter(yaml, problems);
  const entityOf = (name: string): EntityDescription | null => {
    const question = lookup.questions.find((one) => one.name === name);
    return question === undefined ? null : described(question);
  };
  checkAnswers(
    declared,
    (name) => {
      const entity = entityOf(name);
      const side = lookup.questions.find((one) => one.name === name)?.side ?? 'sink';
      return entity && { entity, side };
    },
    report,
  );
  checkSearched(declared, entityOf, report);
  return inOrder(problems);
}

/** Where the entity of a question stands in the file of its lookup. */
export function placeOfEntity(lookup: Lookup, question: string): ReturnType<Yaml['place']> {
  return readYaml({ path: lookup.file, text: lookup.text }, textOf).place(
    ['ask', question, 'entity'],
    'value',
  );
}
