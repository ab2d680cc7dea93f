import type { SourceRecord, Value } from '../connector/value.ts';
import type { CompiledMapping } from './compile.ts';
import { scopeOf } from './lines.ts';
import type { Ending, Given, RecordProblem } from './mapping.ts';
import { isRefusal } from './refusal.ts';
import type { Result } from './rule.ts';
import { fill, type Filled, meets } from './run.ts';

/** How one ERP field came to its value, or why it did not. */
export type FieldExplanation = {
  readonly field: string;
  /** The rule on one line. */
  readonly rule: string;
  /** What the source gave; absent when it has no such field or could not be read. */
  readonly source?: Value;
  /** Left out of updates. */
  readonly createOnly: boolean;
  readonly result: Result;
};

export type Explanation = {
  readonly ending: Ending;
  /** Null when every record is carried. */
  readonly onlyWhen: { readonly expression: string; readonly met: boolean | RecordProblem } | null;
  readonly fields: readonly FieldExplanation[];
  readonly lines: readonly {
    readonly field: string;
    readonly rows: readonly { readonly key: string; readonly fields: readonly FieldExplanation[] }[];
  }[];
};

/** Runs a mapping and says of every field where its value came from. Fields are explained even if the record is skipped. */
export function explainMapping(mapping: CompiledMapping, record: SourceRecord, given: Given): Explanation {
  const { onlyWhen, rules, lines } = mapping.program;
  return {
    ending: mapping.run(record, given),
    onlyWhen: onlyWhen && { expression: onlyWhen.text, met: meets(onlyWhen, record) },
    fields: fill(rules, { record, line: null }, given).map(explainField),
    lines: lines.map((each) => ({
      field: each.field,
      rows: (each.linesOf(record).lines ?? []).map((line) => ({
        key: line.key,
        fields: fill(each.rules, scopeOf(record, line), given).map(explainField),
      })),
    })),
  };
}

function explainField({ rule, found, result }: Filled): FieldExplanation {
  const source = isRefusal(found) || found === undefined ? {} : { source: found };
  return { field: rule.field, rule: rule.text, ...source, createOnly: rule.createOnly, result };
}
