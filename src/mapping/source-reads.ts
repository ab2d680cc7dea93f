import type { Declaration, LinesDeclaration, RuleDeclaration, SourceDeclaration } from './declaration.ts';
import { compileExpression } from './expression/expression.ts';
import { parsePath } from './record-path.ts';
import type { Standpoint } from './source.ts';
import { parseTemplate } from './template.ts';
import type { YamlPath } from './yaml.ts';

/** A source field that a mapping reads, and where the file says so. */
export type SourceRead = {
  /** The list that the field belongs to, as steps from the record; null for a field of the record. */
  readonly lines: readonly string[] | null;
  readonly steps: readonly string[];
  /** An expression may go through a list; a plain path may not. */
  readonly throughLists: boolean;
  readonly at: YamlPath;
  readonly within: number;
};

/** Every source field that a sound mapping reads. */
export function sourceReads(declared: Declaration): SourceRead[] {
  const { only_when: onlyWhen, fields, lines = {} } = declared;
  return [
    ...(onlyWhen === undefined ? [] : expressionReads(onlyWhen, null, ['only_when'])),
    ...rulesReads(fields, null, ['fields']),
    ...Object.entries(lines).flatMap(([field, each]) => linesReads(each, ['lines', field])),
  ];
}

function linesReads(each: LinesDeclaration, at: YamlPath): SourceRead[] {
  const list = parsePath(each.for_each)?.steps ?? [];
  return [
    ...pathReads(each.for_each, null, [...at, 'for_each'], 0),
    ...pathReads(each.key, list, [...at, 'key'], 0),
    ...rulesReads(each.fields, list, [...at, 'fields']),
  ];
}

type Lines = SourceRead['lines'];

function rulesReads(
  rules: { readonly [field: string]: RuleDeclaration },
  lines: Lines,
  at: YamlPath,
): SourceRead[] {
  return Object.entries(rules).flatMap(([field, rule]) => ruleReads(rule, lines, [...at, field]));
}

function ruleReads(rule: RuleDeclaration, lines: Lines, at: YamlPath): SourceRead[] {
  const { choose = [], else: otherwise = {} } = rule;
  const branches = choose.flatMap((branch, index) => branchReads(branch, lines, [...at, 'choose', index]));
  return [...branchReads(rule, lines, at), ...branches, ...branchReads(otherwise, lines, [...at, 'else'])];
}

function branchReads(source: SourceDeclaration, lines: Lines, at: YamlPath): SourceRead[] {
  const { from = [], template, expr, when } = source;
  const paths =
    typeof from === 'string'
      ? pathReads(from, lines, [...at, 'from'], 0)
      : from.flatMap((path, index) => pathReads(path, lines, [...at, 'from', index], 0));
  return [
    ...paths,
    ...(template === undefined ? [] : templateReads(template, lines, [...at, 'template'])),
    ...(expr === undefined ? [] : expressionReads(expr, lines, [...at, 'expr'])),
    ...(when === undefined ? [] : expressionReads(when, lines, [...at, 'when'])),
  ];
}

function pathReads(text: string, lines: Lines, at: YamlPath, within: number): SourceRead[] {
  const path = parsePath(text);
  if (path === null) return [];
  return [{ lines: path.fromRecord ? null : lines, steps: path.steps, throughLists: false, at, within }];
}

function templateReads(text: string, lines: Lines, at: YamlPath): SourceRead[] {
  const template = parseTemplate(text);
  if ('mistake' in template) return [];
  return template.paths.flatMap((path) =>
    pathReads(path.text, lines, at, Math.max(0, text.indexOf(path.text))),
  );
}

function expressionReads(text: string, lines: Lines, at: YamlPath): SourceRead[] {
  const standpoint: Standpoint = lines === null ? 'record' : 'line';
  const expression = compileExpression(text, standpoint);
  if ('mistakes' in expression) return [];
  return expression.reads.map(({ root, steps, at: within }) => ({
    lines: root === 'record' ? null : lines,
    steps,
    throughLists: true,
    at,
    within,
  }));
}
