import type { SourceRecord, Value } from '../../connector/value.ts';
import type { SourceText } from '../../errors/source-text.ts';
import { type DiffLine, recordDiff, type Statement, statementDiff } from '../case/case-diff.ts';
import type { Fields, Output } from '../case/case-file.ts';
import type { CasesResult } from '../case/cases.ts';
import { type Covered, type Trial, type Untouched, untouchedBy } from '../case/coverage.ts';
import type { Ending } from '../mapping.ts';
import { isGroup } from '../refusal.ts';
import { runProgram } from '../run.ts';
import type { CompiledLookup } from './compile-lookup.ts';
import type { Answer, Question } from './lookup.ts';
import { checkLookupCase } from './lookup-case-check.ts';
import { type LookupCase, readLookupCases } from './lookup-case-file.ts';
import { answersAsRecord, cutOf, replyOf } from './reply.ts';

/** How a lookup is called beside flows: by the path of its file, without its ending. */
export const lookupTitle = ({ name }: Pick<CompiledLookup, 'name'>): string => `lookups/${name}`;

/** Runs the cases of a test file against the lookup beside it: see `runCases`. */
export function runLookupCases(lookup: CompiledLookup, file: SourceText): CasesResult {
  const read = readLookupCases(file);
  const problems = [...read.problems];
  const covered = coveredBy(lookup);
  const trials: Trial[] = [];
  const results = read.cases.flatMap((one) => {
    const found = checkLookupCase(one, lookup);
    problems.push(...found);
    if (found.length > 0) return [];
    const { trial, diff } = tryCase(one, lookup, covered);
    trials.push(trial);
    return { name: one.name, flow: lookupTitle(lookup), at: one.at, passed: diff.length === 0, diff };
  });
  return { results, untouched: untouchedBy([covered], trials), problems };
}

/** What nothing touches where there are no cases. */
export const untouchedLookup = (lookup: CompiledLookup): readonly Untouched[] =>
  untouchedBy([coveredBy(lookup)], []);

const coveredBy = (lookup: CompiledLookup): Covered => ({
  flow: lookupTitle(lookup),
  part: null,
  program: lookup.program,
  valueMaps: lookup.valueMaps,
});

function tryCase(
  one: LookupCase,
  lookup: CompiledLookup,
  covered: Covered,
): { readonly trial: Trial; readonly diff: readonly DiffLine[] } {
  const answers = Object.fromEntries(
    lookup.questions.map((question) => [question.name, answerOf(one, question)]),
  );
  const record = answersAsRecord(answers);
  const mapped: { map: string; from: string }[] = [];
  const ending = runProgram(lookup.program, record, {
    linked: () => null,
    now: one.now,
    valueMaps: one.valueMaps,
    onMapped: (map, from) => mapped.push({ map, from }),
  });
  const trial = {
    one: { record, now: one.now, valueMaps: one.valueMaps },
    mapping: covered,
    ending,
    mapped,
  };
  return { trial, diff: diffOf(one, ending, cutOf(lookup.reads, answers), lookup) };
}

/** An answer as a system gives it: every field that is read is there, and empty where the case says nothing of it. */
function answerOf(one: LookupCase, question: Question): Answer {
  const given = one.answers[question.name] ?? null;
  const whole = (row: Value): SourceRecord => ({
    ...Object.fromEntries(question.fields.map((field) => [field, null])),
    ...(isGroup(row) ? row : {}),
  });
  if (question.kind === 'record') return { kind: 'record', record: given === null ? null : whole(given) };
  const rows = Array.isArray(given) ? given.map((row: Value) => whole(row)) : null;
  return { kind: 'list', rows, more: one.more.includes(question.name) };
}

function diffOf(
  { expected }: LookupCase,
  ending: Ending,
  cut: readonly string[],
  { program }: CompiledLookup,
): readonly DiffLine[] {
  if (expected.kind === 'reply' && ending.kind === 'record') {
    const [wanted, got] = [outputOf(expected.reply), outputOf(replyOf(program, ending))];
    return [
      ...recordDiff(wanted, got, expected.exactly, program),
      ...changed(statementDiff(named('cut', expected.cut), named('cut', cut))),
    ];
  }
  const stated: Statement[] =
    ending.kind === 'rejected'
      ? ending.problems.map(({ code, field, message }) => ({
          name: 'rejected',
          value: code,
          note: `${field}: ${message}`,
        }))
      : [answered];
  const wanted = expected.kind === 'rejected' ? named('rejected', [...new Set(expected.codes)]) : [answered];
  return changed(statementDiff(wanted, stated));
}

const answered: Statement = { name: 'reply', value: 'made' };

const named = (name: string, values: readonly string[]): Statement[] =>
  values.map((value) => ({ name, value }));

const changed = (lines: readonly DiffLine[]): readonly DiffLine[] =>
  lines.some(({ mark }) => mark !== ' ') ? lines : [];

/** A reply in the form in which differences are told: lines by their number. */
function outputOf(reply: { readonly [name: string]: Value }): Output {
  const isLines = (value: Value): value is readonly Fields[] =>
    Array.isArray(value) && value.every((row: Value) => isGroup(row));
  const entries = Object.entries(reply);
  return {
    fields: Object.fromEntries(entries.filter(([, value]) => !isLines(value))),
    lines: Object.fromEntries(
      entries.flatMap(([name, value]) =>
        isLines(value)
          ? [[name, Object.fromEntries(value.map((row, at) => [String(at), row]))] as const]
          : [],
      ),
    ),
  };
}
