import type { LinesValue } from '../connector/contract.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { Expression } from './expression/expression.ts';
import { type LineRules, scopeOf } from './lines.ts';
import type { Ending, Given, RecordProblem, Reference } from './mapping.ts';
import type { Scope } from './record-path.ts';
import { isRefusal, type Refusal } from './refusal.ts';
import { referenceOf, type Result, type Rule } from './rule.ts';
import { holds } from './source.ts';

/** What a mapping runs on: everything is compiled, nothing is parsed for a record. */
export type Program = {
  readonly onlyWhen: Expression | null;
  readonly rules: readonly Rule[];
  readonly lines: readonly LineRules[];
  readonly createOnly: readonly string[];
  readonly updateOnly: readonly string[];
};

/** What one rule found and made of it. */
export type Filled = {
  readonly rule: Rule;
  readonly found: Value | Refusal | undefined;
  readonly result: Result;
};

/**
 * Runs a mapping on a record. Skipped comes before everything else; a record with problems is rejected with all of
 * them, even if it would have to wait as well.
 */
export function runProgram(program: Program, record: SourceRecord, given: Given): Ending {
  const kept = program.onlyWhen === null ? true : meets(program.onlyWhen, record);
  if (typeof kept !== 'boolean') return { kind: 'rejected', problems: [kept] };
  if (!kept && program.onlyWhen !== null) {
    return {
      kind: 'skipped',
      code: 'only_when',
      reason: `does not meet \`only_when\`: ${program.onlyWhen.text}`,
    };
  }
  const tally: Tally = { problems: [], waitsFor: new Map() };
  const fields = gather(fill(program.rules, { record, line: null }, given), '', tally);
  const lines: { [field: string]: LinesValue } = {};
  for (const each of program.lines) {
    const rows = gatherLines(each, record, given, tally);
    if (rows !== null) lines[each.field] = { removed: each.removed, rows };
  }
  if (tally.problems.length > 0) return { kind: 'rejected', problems: tally.problems };
  if (tally.waitsFor.size > 0) return { kind: 'waiting', for: [...tally.waitsFor.values()] };
  const { createOnly, updateOnly } = program;
  return { kind: 'record', fields, lines, createOnly, updateOnly };
}

/** Whether a record is to be carried, or what is wrong with the question. */
export function meets(onlyWhen: Expression, record: SourceRecord): boolean | RecordProblem {
  const kept = holds(onlyWhen, { record, line: null });
  if (!isRefusal(kept)) return kept;
  return { code: kept.code, field: 'only_when', message: `\`${onlyWhen.text}\` ${kept.message}` };
}

/** Runs rules on what they read from, at the instant of the decision. */
export function fill(rules: readonly Rule[], where: Scope, given: Given): Filled[] {
  const scope = { ...where, now: given.now };
  return rules.map((rule) => {
    const found = rule.read(scope);
    return { rule, found, result: rule.finish(found, given, scope) };
  });
}

type Tally = { readonly problems: RecordProblem[]; readonly waitsFor: Map<string, Reference> };

function gather(
  filled: readonly Filled[],
  prefix: string,
  tally: Tally,
): { readonly [field: string]: Value } {
  const fields: { [field: string]: Value } = {};
  for (const { rule, result } of filled) {
    if (result.kind === 'value') fields[rule.field] = result.value;
    if (result.kind === 'refused')
      tally.problems.push({ code: result.code, field: prefix + rule.field, message: result.message });
    if (result.kind === 'waiting') tally.waitsFor.set(`${result.for.flow}/${result.for.id}`, result.for);
  }
  return fields;
}

function gatherLines(
  each: LineRules,
  record: SourceRecord,
  given: Given,
  tally: Tally,
): LinesValue['rows'] | null {
  const { lines, problems } = each.linesOf(record);
  tally.problems.push(...problems);
  if (lines === null) return null;
  return lines.map((line) => ({
    key: line.key,
    fields: gather(fill(each.rules, scopeOf(record, line), given), `${each.field}[${line.key}].`, tally),
  }));
}

/** The links that a record needs, each once. A record that will be skipped or rejected may name some, too. */
export function referencesOf(program: Program, record: SourceRecord): Reference[] {
  const found = new Map<string, Reference>();
  const note = (rule: Rule, scope: Scope): void => {
    const reference = referenceOf(rule, scope);
    if (reference !== null) found.set(`${reference.flow}/${reference.id}`, reference);
  };
  for (const rule of program.rules) note(rule, { record, line: null });
  for (const each of program.lines) {
    if (each.rules.every((rule) => rule.reference === null)) continue;
    for (const line of each.linesOf(record).lines ?? []) {
      for (const rule of each.rules) note(rule, scopeOf(record, line));
    }
  }
  return [...found.values()];
}
