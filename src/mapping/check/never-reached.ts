import { fixedValues, takesOnlyFixed, type ValueMaps } from './constants.ts';
import { declaredPaths, type DeclaredRule, declaredSources } from './declared-rules.ts';
import { compileExpression, type Expression } from '../expression/expression.ts';
import { isEmpty, isRefusal } from '../refusal.ts';
import type { Report } from '../report.ts';
import { holds, type Standpoint } from '../source.ts';
import type { YamlPath } from '../yaml.ts';

/** Reports an `only_when` that is the same for every record. */
export function checkOnlyWhen(text: string | undefined, at: YamlPath, report: Report): void {
  const condition = conditionIn(text, 'record');
  const answer = condition && fixedAnswer(condition, at, report);
  if (answer === null) return;
  const what = answer
    ? 'is always true, so it keeps back no record; leave `only_when` out'
    : 'is never true, so no record would ever be carried';
  report('mapping_unreachable', `\`${text}\` ${what}`, at);
}

/** Reports the parts of a rule that no record ever reaches. */
export function checkReach(
  rule: Pick<DeclaredRule, 'rule' | 'at'>,
  around: { readonly standpoint: Standpoint; readonly valueMaps: ValueMaps; readonly report: Report },
): void {
  checkBranches(rule, around.standpoint, around.report);
  for (const source of declaredSources(rule)) checkRepeatedPaths(source, around.report);
  checkDefault(rule, around.valueMaps, around.report);
}

function checkBranches(
  { rule: { choose = [], else: otherwise }, at }: Pick<DeclaredRule, 'rule' | 'at'>,
  standpoint: Standpoint,
  report: Report,
): void {
  const before: { readonly number: number; readonly condition: Expression }[] = [];
  let taken: (typeof before)[number] | null = null;
  for (const [index, { when }] of choose.entries()) {
    const place = [...at, 'choose', index, 'when'];
    const condition = conditionIn(when, standpoint);
    const never = (why: string): void =>
      report('mapping_unreachable', `this branch is never taken: ${why}`, place);
    if (taken !== null) never(alwaysTaken(taken));
    if (condition === null || taken !== null) continue;
    const twin = before.find((other) => other.condition.meaning === condition.meaning);
    const answer = fixedAnswer(condition, place, report);
    if (answer === false) never(`\`${condition.text}\` is never true`);
    else if (twin !== undefined)
      never(`\`${condition.text}\` is the condition of branch ${twin.number} already`);
    const branch = { number: index + 1, condition };
    before.push(branch);
    if (answer === true) taken = branch;
  }
  if (taken !== null && otherwise !== undefined)
    report('mapping_unreachable', `\`else\` is never reached: ${alwaysTaken(taken)}`, [...at, 'else'], 'key');
}

function alwaysTaken({
  number,
  condition,
}: {
  readonly number: number;
  readonly condition: Expression;
}): string {
  return `\`${condition.text}\`, the condition of branch ${number}, is always true`;
}

function checkRepeatedPaths(source: ReturnType<typeof declaredSources>[number], report: Report): void {
  const seen = new Set<string>();
  for (const { text, at } of declaredPaths(source)) {
    if (seen.has(text))
      report('mapping_unreachable', `\`from\` names \`${text}\` twice; the second is never reached`, at);
    seen.add(text);
  }
}

/** What takes the place of an empty value is never reached beside values that are never empty. */
function checkDefault(
  located: Pick<DeclaredRule, 'rule' | 'at'>,
  valueMaps: ValueMaps,
  report: Report,
): void {
  const { rule, at } = located;
  if (isEmpty(rule.default)) return;
  if (rule.when_empty === 'clear')
    report(
      'mapping_unreachable',
      '`when_empty: clear` is never reached: the `default` fills every empty value',
      [...at, 'when_empty'],
      'key',
    );
  if (neverEmpty(located, valueMaps))
    report(
      'mapping_unreachable',
      '`default` is never reached: the fixed value is never empty; keep one of the two',
      [...at, 'default'],
      'key',
    );
}

function neverEmpty(located: Pick<DeclaredRule, 'rule' | 'at'>, valueMaps: ValueMaps): boolean {
  const { choose, else: otherwise, map: name } = located.rule;
  if (!takesOnlyFixed(located) || (choose !== undefined && otherwise === undefined)) return false;
  const values = fixedValues(located).map(({ text }) => text);
  if (values.length < (choose?.length ?? 0) + 1) return false;
  if (name === undefined) return true;
  const map = valueMaps.get(name) ?? null;
  return map !== null && values.every((value) => (map.entries.get(value) ?? '') !== '');
}

/** The condition, or null where there is none or it is not sound. */
function conditionIn(text: string | undefined, standpoint: Standpoint): Expression | null {
  const expression = text === undefined ? null : compileExpression(text, standpoint);
  return expression === null || 'mistakes' in expression || expression.yesOrNo === false ? null : expression;
}

/** What a condition gives for every record; null when that depends, or when it fails, which is reported. */
function fixedAnswer(condition: Expression, at: YamlPath, report: Report): boolean | null {
  if (!condition.constant) return null;
  const answer = holds(condition, { record: {}, line: {} });
  if (!isRefusal(answer)) return answer;
  report('mapping_bad_expression', `the expression ${answer.message}`, at);
  return null;
}
