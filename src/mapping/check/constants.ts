import { type DeclaredRule, declaredSources } from './declared-rules.ts';
import { isEmpty, shown } from '../refusal.ts';
import type { ValueMap } from '../value-map.ts';
import type { YamlPath } from '../yaml.ts';

/** A value that stands in the mapping or in its value files, and that a rule may come to. */
export type Constant = {
  readonly text: string;
  readonly at: YamlPath;
  /** The row of a value map that gives it, or null. */
  readonly row: { readonly from: string; readonly file: string | null } | null;
};

/** The value maps of a mapping by name; one that is not sound is null. */
export type ValueMaps = ReadonlyMap<string, ValueMap | null>;

type Located = Pick<DeclaredRule, 'rule' | 'at'>;

/** The fixed values that a rule may come to, before it converts them. Empty ones are left out: they fill nothing. */
export function constantsOf(located: Located, valueMaps: ValueMaps): Constant[] {
  const { rule, at } = located;
  const last = isEmpty(rule.default) ? [] : [{ text: rule.default, at: [...at, 'default'], row: null }];
  return [...beforeDefault(located, valueMaps), ...last];
}

function beforeDefault(located: Located, valueMaps: ValueMaps): Constant[] {
  const { map: name } = located.rule;
  const values = fixedValues(located);
  if (name === undefined) return values;
  const map = valueMaps.get(name) ?? null;
  if (map === null) return [];
  const rows = rowsOf(located, map).filter(({ text }) => text !== '');
  return takesOnlyFixed(located)
    ? rows.filter(({ row }) => values.some(({ text }) => text === row?.from))
    : rows;
}

/** What `value` says in a rule and in its branches. */
export function fixedValues(located: Located): Constant[] {
  return declaredSources(located).flatMap(({ source, at }) =>
    isEmpty(source.value) ? [] : { text: source.value, at: [...at, 'value'], row: null },
  );
}

/** Whether every source of a rule is a fixed value. */
export function takesOnlyFixed(located: Located): boolean {
  return declaredSources(located)
    .filter(({ source }) => source !== located.rule || located.rule.choose === undefined)
    .every(({ source }) => source.value !== undefined);
}

function rowsOf({ at }: Located, { entries, rowsAt, file }: ValueMap): Constant[] {
  return [...entries].map(([from, text]) => ({
    text,
    at: rowsAt === null ? [...at, 'map'] : [...rowsAt, from],
    row: { from, file: file?.path ?? null },
  }));
}

/** Begins a sentence about a constant: `"1,5"`, or "for `Euro`, `x` gets "EUR", which". */
export function constantInWords({ text, row }: Constant, field: string): string {
  if (row === null) return shown(text);
  const file = row.file === null ? '' : ` in ${row.file}`;
  return `for \`${row.from}\`${file}, \`${field}\` gets ${shown(text)}, which`;
}

/** How many characters a text has, as people count them. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}
