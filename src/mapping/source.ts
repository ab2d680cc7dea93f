import type { Value } from '../connector/value.ts';
import type { RuleDeclaration, SourceDeclaration } from './declaration.ts';
import { compileExpression, type Expression } from './expression/expression.ts';
import { parsePath, type RecordPath, type Scope, valueAt } from './record-path.ts';
import { isEmpty, isRefusal, refuse, type Refusal, shown } from './refusal.ts';
import type { Report } from './report.ts';
import { fillTemplate, parseTemplate } from './template.ts';
import type { YamlPath } from './yaml.ts';

/** Where a rule takes its value from. */
export type Source = {
  /** Names it in messages: "`price`", "the expression `a + b`". */
  readonly label: string;
  readonly read: (scope: Scope) => Value | Refusal | undefined;
  /** The branches of `choose`, where there are any. */
  readonly choice?: Choice;
};

/** The conditions of `choose` in their order, then `else` if there is one, and the index of the one that is taken. */
export type Choice = {
  readonly branches: readonly string[];
  readonly taken: (scope: Scope) => number | Refusal;
};

/** A rule stands on the record, or in the lines of it. */
export type Standpoint = 'record' | 'line';

/** What a source is compiled in. Only a value that is written once may ask for `now()`. */
export type SourceSurroundings = {
  readonly standpoint: Standpoint;
  readonly writtenOnce: boolean;
  readonly report: Report;
};

const simpleKeys = ['from', 'value', 'template', 'expr'] as const;

/** Compiles what a rule takes its value from. Null when it is not sound; then everything wrong has been reported. */
export function compileRuleSource(
  declared: Partial<RuleDeclaration>,
  path: YamlPath,
  around: SourceSurroundings,
): Source | null {
  const given = [...simpleKeys, 'choose' as const].filter((key) => declared[key] !== undefined);
  if (declared.else !== undefined && declared.choose === undefined) {
    around.report(
      'mapping_conflict',
      '`else` belongs to `choose`, and there is none',
      [...path, 'else'],
      'key',
    );
  }
  if (!exactlyOne(given, [...simpleKeys, 'choose'], path, around.report)) return null;
  if (declared.choose === undefined) return compileSimple(declared, path, around);
  return compileChoice(declared.choose, declared.else, path, around);
}

function exactlyOne(
  given: readonly string[],
  keys: readonly string[],
  path: YamlPath,
  report: Report,
): boolean {
  if (given.length === 1) return true;
  const name = path.findLast((step) => typeof step === 'string') ?? '';
  const all = keys.map((key) => `\`${key}\``).join(', ');
  if (given.length === 0)
    report(
      'mapping_source_count',
      `\`${name}\` does not say where its value comes from; give it one of ${all}`,
      path,
      'key',
    );
  else
    report(
      'mapping_source_count',
      `\`${name}\` takes its value from ${given.map((key) => `\`${key}\``).join(' and ')}; keep one of them`,
      [...path, given[1] ?? ''],
      'key',
    );
  return false;
}

function compileSimple(
  declared: SourceDeclaration,
  path: YamlPath,
  around: SourceSurroundings,
): Source | null {
  if (declared.from !== undefined) return compileFrom(declared.from, [...path, 'from'], around);
  if (declared.template !== undefined)
    return compileTemplate(declared.template, [...path, 'template'], around);
  if (declared.expr !== undefined) {
    const expression = expressionAt(declared.expr, [...path, 'expr'], around);
    return expression && { label: `the expression \`${expression.text}\``, read: expression.run };
  }
  const value = declared.value ?? '';
  return { label: 'the fixed value', read: () => value };
}

function compileFrom(
  from: string | string[],
  path: YamlPath,
  { standpoint, report }: SourceSurroundings,
): Source | null {
  const texts = typeof from === 'string' ? [from] : from;
  const paths = texts.map((text, index) =>
    pathAt(text, standpoint, typeof from === 'string' ? path : [...path, index], report),
  );
  const sound = paths.filter((one) => one !== null);
  if (sound.length < paths.length) return null;
  const label = texts.map((text) => `\`${text}\``).join(' or ');
  return { label, read: (scope) => firstOf(sound, scope) };
}

function firstOf(paths: readonly RecordPath[], scope: Scope): Value | Refusal | undefined {
  let last: Value | undefined;
  for (const path of paths) {
    const value = valueAt(path, scope);
    if (isRefusal(value) || !isEmpty(value)) return value;
    last = value;
  }
  return last;
}

function compileTemplate(
  text: string,
  path: YamlPath,
  { standpoint, report }: SourceSurroundings,
): Source | null {
  const template = parseTemplate(text);
  if ('mistake' in template) {
    report('mapping_bad_template', `the template ${template.mistake}`, path, 'value', template.at);
    return null;
  }
  for (const part of template.paths) pathAt(part.text, standpoint, path, report);
  return { label: `the template \`${text}\``, read: (scope) => fillTemplate(template, scope) };
}

function compileChoice(
  branches: readonly SourceDeclaration[],
  otherwise: SourceDeclaration | undefined,
  path: YamlPath,
  around: SourceSurroundings,
): Source | null {
  const compiled = branches.map((branch, index) => compileBranch(branch, [...path, 'choose', index], around));
  const last = otherwise && compileOnly(otherwise, [...path, 'else'], around);
  const sound = compiled.filter((branch) => branch !== null);
  if (sound.length < compiled.length || last === null) return null;
  const taken = (scope: Scope): number | Refusal => {
    for (const [index, { when }] of sound.entries()) {
      const met = holds(when, scope);
      if (isRefusal(met)) return refuse(met.code, `has the condition \`${when.text}\`, which ${met.message}`);
      if (met) return index;
    }
    return sound.length;
  };
  const read = (scope: Scope): Value | Refusal | undefined => {
    const index = taken(scope);
    if (typeof index !== 'number') return index;
    return (sound[index]?.source ?? last)?.read(scope);
  };
  const names = [...sound.map(({ when }) => when.text), ...(last === undefined ? [] : ['else'])];
  return { label: '`choose`', read, choice: { branches: names, taken } };
}

type Branch = { readonly when: Expression; readonly source: Source };

function compileBranch(branch: SourceDeclaration, path: YamlPath, around: SourceSurroundings): Branch | null {
  const source = compileOnly(branch, path, around);
  if (branch.when === undefined) {
    around.report(
      'mapping_missing_key',
      'a branch of `choose` needs a `when`; the value without one stands under `else`',
      path,
      'value',
    );
    return null;
  }
  const when = conditionAt(branch.when, [...path, 'when'], around);
  return when && source && { when, source };
}

function compileOnly(declared: SourceDeclaration, path: YamlPath, around: SourceSurroundings): Source | null {
  const given = simpleKeys.filter((key) => declared[key] !== undefined);
  return exactlyOne(given, simpleKeys, path, around.report) ? compileSimple(declared, path, around) : null;
}

/** Whether a condition is true of a record. A refusal reads on from the condition. */
export function holds(condition: Expression, scope: Scope): boolean | Refusal {
  const result = condition.run(scope);
  if (isRefusal(result) || typeof result === 'boolean') return result;
  const hint = typeof result === 'string' ? '; compare it, such as x == "true"' : '';
  return refuse('expression_failed', `gives ${shown(result)}, which is neither true nor false${hint}`);
}

/** Compiles an expression, or reports what is wrong with it. */
function expressionAt(
  text: string,
  path: YamlPath,
  { standpoint, writtenOnce, report }: SourceSurroundings,
): Expression | null {
  const expression = compileExpression(text, standpoint);
  if (!('mistakes' in expression)) {
    if (expression.nowAt === null || writtenOnce) return expression;
    const message =
      'the expression asks for `now()`, which is another instant at every run; only a rule with `write_on: create` may ask for it';
    report('mapping_now_changes', message, path, 'value', expression.nowAt);
    return null;
  }
  for (const { mistake, at } of expression.mistakes)
    report('mapping_bad_expression', `the expression ${mistake}`, path, 'value', at);
  return null;
}

/** Compiles an expression that must give true or false. */
export function conditionAt(text: string, path: YamlPath, around: SourceSurroundings): Expression | null {
  const expression = expressionAt(text, path, around);
  if (expression?.yesOrNo !== false) return expression;
  around.report(
    'mapping_bad_expression',
    'the expression never gives true or false; compare something in it',
    path,
  );
  return null;
}

/** Reads a path, or reports what is wrong with it. */
export function pathAt(
  text: string,
  standpoint: Standpoint,
  path: YamlPath,
  report: Report,
): RecordPath | null {
  const parsed = parsePath(text);
  if (parsed === null) {
    report(
      'mapping_bad_path',
      `\`${text.length > 80 ? `${text.slice(0, 79)}…` : text}\` is not the path of a field, such as \`company.id\``,
      path,
    );
    return null;
  }
  if (!parsed.fromRecord || standpoint === 'line') return parsed;
  report(
    'mapping_bad_path',
    `\`${text}\` begins with \`..\`, which leads from a line to its record; this is the record already`,
    path,
  );
  return null;
}
