import type { Value } from '../../connector/value.ts';
import { problem } from '../../errors/catalogue.ts';
import type { Problem } from '../../errors/error.ts';
import { checkCodes, unknownName } from '../case/case-check.ts';
import { isGroup } from '../refusal.ts';
import type { YamlPath } from '../yaml.ts';
import type { CompiledLookup } from './compile-lookup.ts';
import type { Question } from './lookup.ts';
import type { LookupCase } from './lookup-case-file.ts';

/** What a case names and its lookup does not have, and answers that the lookup cannot go without: see `checkCase`. */
export function checkLookupCase(one: LookupCase, lookup: CompiledLookup): Problem[] {
  const { expected } = one;
  const names = [...lookup.program.rules, ...lookup.program.lines].map(({ field }) => field);
  const lists = lookup.questions.flatMap(({ kind, name }) => (kind === 'list' ? name : []));
  const listed = (given: readonly string[], known: readonly string[], key: string, what: string): Problem[] =>
    given.flatMap((name, index) =>
      known.includes(name) ? [] : unknownName(one, `${what} \`${name}\``, name, known, [key, index], 'value'),
    );
  const { name } = lookup;
  return [
    ...checkAnswersGiven(one, lookup),
    ...listed(one.more, lists, 'more', `\`${name}\` has no list`),
    ...unknownNames(Object.keys(one.valueMaps), [...lookup.valueMaps.keys()]).map((map) =>
      unknownName(
        one,
        `\`${name}\` has no value map \`${map}\``,
        map,
        [...lookup.valueMaps.keys()],
        ['given', 'value_maps', map],
        'key',
      ),
    ),
    ...(expected.kind === 'rejected'
      ? checkCodes(one, expected.codes)
      : [
          ...listed(expected.cut, names, 'cut', `the reply of \`${name}\` has no`),
          ...checkReply(one, expected.reply, expected.exactly ? 'expect' : 'expect_some', lookup, names),
        ]),
  ];
}

function checkAnswersGiven(one: LookupCase, lookup: CompiledLookup): Problem[] {
  const names = lookup.questions.map(({ name }) => name);
  const strangers = unknownNames(Object.keys(one.answers), names).map((name) =>
    unknownName(one, `\`${lookup.name}\` does not ask \`${name}\``, name, names, ['answers', name], 'key'),
  );
  return [...strangers, ...lookup.questions.flatMap((question) => checkAnswer(one, question, lookup))];
}

function checkAnswer(one: LookupCase, question: Question, { ask }: CompiledLookup): Problem[] {
  const { name, kind } = question;
  const answer = one.answers[name] ?? null;
  const at = ['answers', name];
  const bad = (message: string, path: YamlPath): Problem =>
    problem('mapping_test_bad', message, one.place(path, 'key'));
  if (answer === null) {
    const mayBeNothing =
      question.kind === 'list' ? question.mayBeAbsent : question.mayBeMissing || ask === 'first';
    if (mayBeNothing) return [];
    const what =
      kind === 'list' ? 'a list may be empty, and is then written `[]`' : 'without it, nothing is found';
    return [bad(`the case has no answer of \`${name}\`; ${what}`, ['answers'])];
  }
  const rows: readonly Value[] = Array.isArray(answer) ? answer : [answer];
  if (Array.isArray(answer) !== (kind === 'list') || !rows.every((row) => isGroup(row)))
    return [
      bad(`\`${name}\` is ${kind === 'list' ? 'a list of groups of fields' : 'a group of fields'}`, at),
    ];
  const known = ['id', ...question.fields];
  return rows.flatMap((row, index) =>
    unknownNames(Object.keys(isGroup(row) ? row : {}), known).map((field) =>
      unknownName(
        one,
        `nothing reads the field \`${field}\` of \`${name}\``,
        field,
        known,
        kind === 'list' ? [...at, index, field] : [...at, field],
        'key',
      ),
    ),
  );
}

function checkReply(
  one: LookupCase,
  reply: { readonly [name: string]: Value },
  root: string,
  lookup: CompiledLookup,
  names: readonly string[],
): Problem[] {
  const strangers = unknownNames(Object.keys(reply), names).map((name) =>
    unknownName(one, `the reply of \`${lookup.name}\` has no \`${name}\``, name, names, [root, name], 'key'),
  );
  const inLines = lookup.program.lines.flatMap(({ field, rules }) => {
    const rows = reply[field];
    const known = rules.map((rule) => rule.field);
    if (rows === undefined || rows === null) return [];
    if (!isRows(rows)) {
      const message = `\`${field}\` is a list of groups of fields`;
      return [problem('mapping_test_bad', message, one.place([root, field], 'key'))];
    }
    return rows.flatMap((row, index) =>
      unknownNames(Object.keys(row), known).map((name) =>
        unknownName(
          one,
          `the lines of \`${field}\` have no \`${name}\``,
          name,
          known,
          [root, field, index, name],
          'key',
        ),
      ),
    );
  });
  return [...strangers, ...inLines];
}

const isRows = (value: Value): value is readonly { readonly [name: string]: Value }[] =>
  Array.isArray(value) && value.every((row: Value) => isGroup(row));

const unknownNames = (names: readonly string[], known: readonly string[]): string[] =>
  names.filter((name) => !known.includes(name));
