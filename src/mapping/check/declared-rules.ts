import type { Declaration, RuleDeclaration, SourceDeclaration } from '../declaration.ts';
import { parsePath } from '../record-path.ts';
import type { YamlPath } from '../yaml.ts';

/** A rule of a mapping file, and where it stands. */
export type DeclaredRule = {
  readonly field: string;
  readonly rule: RuleDeclaration;
  readonly at: YamlPath;
  /** The ERP field that holds the lines which the rule fills, and the steps to their list; null for the record. */
  readonly lines: { readonly field: string; readonly list: readonly string[] } | null;
};

/** Every rule of a mapping, those of its lines included, in the order of the file. */
export function declaredRules({ fields, lines = {} }: Declaration): DeclaredRule[] {
  const own = Object.entries(fields).map(([field, rule]) => ({
    field,
    rule,
    at: ['fields', field],
    lines: null,
  }));
  const below = Object.entries(lines).flatMap(([name, each]) =>
    Object.entries(each.fields).map(([field, rule]) => ({
      field,
      rule,
      at: ['lines', name, 'fields', field],
      lines: { field: name, list: parsePath(each.for_each)?.steps ?? [] },
    })),
  );
  return [...own, ...below];
}

/** One place where a rule may take its value from: the rule itself, a branch of its `choose`, or its `else`. */
export type DeclaredSource = { readonly source: SourceDeclaration; readonly at: YamlPath };

export function declaredSources({ rule, at }: Pick<DeclaredRule, 'rule' | 'at'>): DeclaredSource[] {
  return [
    { source: rule, at },
    ...(rule.choose ?? []).map((source, index) => ({ source, at: [...at, 'choose', index] })),
    ...(rule.else === undefined ? [] : [{ source: rule.else, at: [...at, 'else'] }]),
  ];
}

/** The paths that `from` names, each with its place. */
export function declaredPaths({ source: { from = [] }, at }: DeclaredSource): {
  readonly text: string;
  readonly at: YamlPath;
}[] {
  if (typeof from === 'string') return [{ text: from, at: [...at, 'from'] }];
  return from.map((text, index) => ({ text, at: [...at, 'from', index] }));
}
