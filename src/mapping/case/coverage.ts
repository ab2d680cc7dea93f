import type { Case } from './case-file.ts';
import type { CompiledMapping } from '../compile.ts';
import { scopeOf } from '../lines.ts';
import type { Ending } from '../mapping.ts';
import type { Scope } from '../record-path.ts';
import type { Rule } from '../rule.ts';

/** What rules make: a mapping, or a lookup. */
export type Covered = Pick<CompiledMapping, 'flow' | 'part' | 'program' | 'valueMaps'>;

/** A case that was run: how it ended, and the rows of value maps that it used. */
export type Trial = {
  readonly one: Pick<Case, 'record' | 'now' | 'valueMaps'>;
  readonly mapping: Covered;
  readonly ending: Ending;
  readonly mapped: readonly { readonly map: string; readonly from: string }[];
};

/** What no case of a flow touched. */
export type Untouched = {
  readonly flow: string;
  /** Fields whose rule gave no value to any record that was written; those of lines as `order_line.qty`. */
  readonly fields: readonly string[];
  /** Rows of the value maps that no case used. Value maps belong to a file, and are told of with its own flow. */
  readonly rows: readonly {
    readonly map: string;
    readonly total: number;
    readonly unused: readonly string[];
  }[];
  /** Branches of `choose` that no record took, by their condition; `else` is one of them. */
  readonly branches: readonly { readonly field: string; readonly when: string }[];
};

/** Finds what the trials of a file left untouched, for each of its flows. */
export function untouchedBy(mappings: readonly Covered[], trials: readonly Trial[]): Untouched[] {
  return mappings.map((mapping) => {
    const own = trials.filter((trial) => trial.mapping === mapping);
    const fields = touchedFields(own);
    return {
      flow: mapping.flow,
      fields: rulesOf(mapping).flatMap(({ field }) => (fields.has(field) ? [] : field)),
      rows: mapping.part === null ? unusedRows(mapping, trials) : [],
      branches: untakenBranches(mapping, own),
    };
  });
}

/** The rules of a mapping, each with the records or lines of a trial that it stands on. */
function rulesOf({ program }: Covered): {
  field: string;
  rule: Rule;
  scopes: (trial: Trial) => Scope[];
}[] {
  return [
    ...program.rules.map((rule) => ({
      field: rule.field,
      rule,
      scopes: ({ one }: Trial): Scope[] => [{ record: one.record, line: null, now: one.now }],
    })),
    ...program.lines.flatMap((each) =>
      each.rules.map((rule) => ({
        field: `${each.field}.${rule.field}`,
        rule,
        scopes: ({ one }: Trial): Scope[] =>
          (each.linesOf(one.record).lines ?? []).map((line) => ({
            ...scopeOf(one.record, line),
            now: one.now,
          })),
      })),
    ),
  ];
}

function touchedFields(trials: readonly Trial[]): Set<string> {
  const touched = trials.flatMap(({ ending }) => {
    if (ending.kind !== 'record') return [];
    const lines = Object.entries(ending.lines).flatMap(([field, { rows }]) =>
      rows.flatMap((row) => Object.keys(row.fields).map((name) => `${field}.${name}`)),
    );
    return [...Object.keys(ending.fields), ...lines];
  });
  return new Set(touched);
}

/** A map whose entries a case gives is not the map of the file. */
function unusedRows({ valueMaps }: Covered, trials: readonly Trial[]): Untouched['rows'] {
  return [...valueMaps].flatMap(([map, entries]) => {
    const used = new Set(
      trials.flatMap(({ one, mapped }) =>
        Object.hasOwn(one.valueMaps, map) ? [] : mapped.flatMap((row) => (row.map === map ? row.from : [])),
      ),
    );
    const unused = [...entries.keys()].filter((from) => !used.has(from));
    return unused.length === 0 ? [] : [{ map, total: entries.size, unused }];
  });
}

function untakenBranches(mapping: Covered, trials: readonly Trial[]): Untouched['branches'] {
  const carried = trials.filter(({ ending }) => ending.kind !== 'skipped');
  return rulesOf(mapping).flatMap(({ field, rule: { choice }, scopes }) => {
    if (choice === undefined) return [];
    const taken = new Set(carried.flatMap(scopes).map((scope) => choice.taken(scope)));
    return choice.branches.flatMap((when, index) => (taken.has(index) ? [] : { field, when }));
  });
}
