import type { LinesValue } from '../connector/contract.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { LinesDeclaration } from './declaration.ts';
import type { RecordProblem } from './mapping.ts';
import { type Scope, valueAt } from './record-path.ts';
import { isEmpty, isGroup, isRefusal, shown } from './refusal.ts';
import { compileRule, type Rule, type RuleSurroundings } from './rule.ts';
import { pathAt } from './source.ts';
import type { YamlPath } from './yaml.ts';

/** A line of the source that has a key of its own. */
export type Line = { readonly key: string; readonly fields: SourceRecord };

/** The compiled rules of an ERP field that holds lines. */
export type LineRules = {
  readonly field: string;
  readonly removed: LinesValue['removed'];
  readonly rules: readonly Rule[];
  /** The lines of a record, or null when the source says nothing of them: then the ERP's lines are left alone. */
  readonly linesOf: (record: SourceRecord) => {
    readonly lines: readonly Line[] | null;
    readonly problems: readonly RecordProblem[];
  };
};

/** Compiles a `lines` entry. Null when its paths are not sound; then everything wrong has been reported. */
export function compileLines(
  field: string,
  declared: LinesDeclaration,
  path: YamlPath,
  around: Omit<RuleSurroundings, 'standpoint'>,
): LineRules | null {
  const list = pathAt(declared.for_each, 'record', [...path, 'for_each'], around.report);
  const key = pathAt(declared.key, 'line', [...path, 'key'], around.report);
  const rules = Object.entries(declared.fields).map(([name, rule]) =>
    compileRule(name, rule, [...path, 'fields', name], { ...around, standpoint: 'line' }),
  );
  if (rules.length === 0)
    around.report('mapping_missing_key', '`fields` has no rules', [...path, 'fields'], 'key');
  if (list === null || key === null) return null;
  const linesOf: LineRules['linesOf'] = (record) => {
    const found = valueAt(list, { record, line: null });
    if (found === null || found === undefined) return { lines: null, problems: [] };
    const wrong = (what: string): RecordProblem => ({
      code: 'lines_unusable',
      field,
      message: `\`${declared.for_each}\` ${what}`,
    });
    if (isRefusal(found)) return { lines: null, problems: [wrong(found.message)] };
    if (!Array.isArray(found))
      return { lines: null, problems: [wrong(`is ${shown(found)}, and not a list`)] };
    return keyed(found, (line) => valueAt(key, { record, line }), declared.key, wrong);
  };
  return {
    field,
    removed: declared.removed_lines ?? 'keep',
    rules: rules.filter((rule) => rule !== null),
    linesOf,
  };
}

function keyed(
  items: readonly Value[],
  keyOf: (line: SourceRecord) => ReturnType<typeof valueAt>,
  name: string,
  wrong: (what: string) => RecordProblem,
): ReturnType<LineRules['linesOf']> {
  const lines = new Map<string, Line>();
  const problems: RecordProblem[] = [];
  for (const [index, item] of items.entries()) {
    const key = isGroup(item) ? keyOf(item) : undefined;
    if (!isGroup(item))
      problems.push(wrong(`has ${shown(item)} as its line ${index + 1}, and not a group of fields`));
    else if (typeof key !== 'string' || isEmpty(key))
      problems.push(wrong(`has no usable \`${name}\` in its line ${index + 1}`));
    else if (lines.has(key)) problems.push(wrong(`has two lines whose \`${name}\` is ${shown(key)}`));
    else lines.set(key, { key, fields: item });
  }
  return { lines: [...lines.values()], problems };
}

/** What rules read in a line. */
export function scopeOf(record: SourceRecord, line: Line): Scope {
  return { record, line: line.fields };
}
