import type { Declaration } from '../declaration.ts';
import {
  declaredPaths,
  type DeclaredRule,
  declaredRules,
  type DeclaredSource,
  declaredSources,
} from './declared-rules.ts';
import { compileExpression, type Expression } from '../expression/expression.ts';
import { isCountryKey } from '../convert/phone-country.ts';
import { parsePath } from '../record-path.ts';
import { parseTemplate } from '../template.ts';
import type { YamlPath } from '../yaml.ts';

/** A field of the source, as a mapping names it. */
export type SourceField = {
  /** The list that the field belongs to, as steps from the record; null for a field of the record. */
  readonly lines: readonly string[] | null;
  readonly steps: readonly string[];
};

/** A source field that a mapping reads, and where the file says so. */
export type SourceRead = SourceField & {
  /** A single value, the list of `for_each`, or whatever an expression makes of it: that may go through lists. */
  readonly wants: 'value' | 'list' | 'anything';
  readonly at: YamlPath;
  readonly within: number;
};

/** Every source field that a sound mapping reads. */
export function sourceReads(declared: Declaration): SourceRead[] {
  return [
    ...declaredRules(declared).flatMap(ruleReads),
    ...Object.entries(declared.lines ?? {}).flatMap(([field, each]) => [
      ...pathReads(each.for_each, null, ['lines', field, 'for_each'], 'list'),
      ...pathReads(each.key, parsePath(each.for_each)?.steps ?? [], ['lines', field, 'key'], 'value'),
    ]),
    ...expressionsIn(declared).flatMap(({ expression, lines, at }) =>
      expression.reads.map(({ root, steps, at: within }) => ({
        lines: root === 'record' ? null : lines,
        steps,
        wants: 'anything' as const,
        at,
        within,
      })),
    ),
  ];
}

function ruleReads(rule: DeclaredRule): SourceRead[] {
  const lines = rule.lines?.list ?? null;
  const { country } = rule.rule;
  const ofSources = declaredSources(rule).flatMap((source) => [
    ...declaredPaths(source).flatMap(({ text, at }) => pathReads(text, lines, at, 'value')),
    ...templateReads(source, lines),
  ]);
  if (country === undefined || isCountryKey(country)) return ofSources;
  return [...ofSources, ...pathReads(country, lines, [...rule.at, 'country'], 'value')];
}

function pathReads(
  text: string,
  lines: SourceField['lines'],
  at: YamlPath,
  wants: SourceRead['wants'],
  within = 0,
): SourceRead[] {
  const field = fieldNamed(text, lines);
  return field === null ? [] : [{ ...field, wants, at, within }];
}

/** The field that a path names, or null when it is no path. */
export function fieldNamed(text: string, lines: SourceField['lines']): SourceField | null {
  const path = parsePath(text);
  return path && { lines: path.fromRecord ? null : lines, steps: path.steps };
}

function templateReads({ source, at }: DeclaredSource, lines: SourceField['lines']): SourceRead[] {
  const { template: text = '' } = source;
  const template = parseTemplate(text);
  if ('mistake' in template) return [];
  return template.paths.flatMap((path) =>
    pathReads(path.text, lines, [...at, 'template'], 'value', Math.max(0, text.indexOf(path.text))),
  );
}

/** An expression of a mapping, and the list whose lines it stands in. */
export type ExpressionAt = {
  readonly expression: Expression;
  readonly lines: SourceField['lines'];
  readonly at: YamlPath;
};

/** Every expression of a mapping that is sound. */
export function expressionsIn(declared: Declaration): ExpressionAt[] {
  const { only_when: onlyWhen } = declared;
  const ofRules = declaredRules(declared).flatMap((rule) =>
    declaredSources(rule).flatMap(({ source, at }) =>
      (['expr', 'when'] as const).flatMap((key) =>
        expressionAt(source[key], rule.lines?.list ?? null, [...at, key]),
      ),
    ),
  );
  return [...expressionAt(onlyWhen, null, ['only_when']), ...ofRules];
}

function expressionAt(text: string | undefined, lines: SourceField['lines'], at: YamlPath): ExpressionAt[] {
  const expression = text === undefined ? null : compileExpression(text, lines === null ? 'record' : 'line');
  return expression === null || 'mistakes' in expression ? [] : [{ expression, lines, at }];
}
