import type { SourceRecord, Value } from '../connector/value.ts';
import type { CompiledMapping } from './compile.ts';
import { scopeOf } from './lines.ts';
import type { Ending, Given, RecordProblem } from './mapping.ts';
import { declaredOf } from './part.ts';
import { type Scope, valueAt } from './record-path.ts';
import { isRefusal } from './refusal.ts';
import type { Result, WriteOn } from './rule.ts';
import { fill, type Filled, meets } from './run.ts';
import { sourceReads } from './check/source-reads.ts';
import type { YamlPath } from './yaml.ts';

/** How one ERP field came to its value, or why it did not. */
export type FieldExplanation = {
  readonly field: string;
  /** The rule on one line. */
  readonly rule: string;
  /** What the source gave; absent when it has no such field or could not be read. */
  readonly source?: Value;
  /** Every field of the source that the rule looks at, and what stands there; empty when that cannot be told. */
  readonly inputs: readonly { readonly path: string; readonly value: Value | null }[];
  readonly writeOn: WriteOn;
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
  const inputs = inputsOf(mapping);
  return {
    ending: mapping.run(record, given),
    onlyWhen: onlyWhen && { expression: onlyWhen.text, met: meets(onlyWhen, record) },
    fields: fill(rules, { record, line: null }, given).map((filled) =>
      explainField(filled, inputs(['fields', filled.rule.field], { record, line: null })),
    ),
    lines: lines.map((each) => ({
      field: each.field,
      rows: (each.linesOf(record).lines ?? []).map((line) => ({
        key: line.key,
        fields: fill(each.rules, scopeOf(record, line), given).map((filled) =>
          explainField(
            filled,
            inputs(['lines', each.field, 'fields', filled.rule.field], scopeOf(record, line)),
          ),
        ),
      })),
    })),
  };
}

type Inputs = FieldExplanation['inputs'];

/** Looks up what the rule at a place of the declaration reads. */
function inputsOf(mapping: CompiledMapping): (rule: YamlPath, scope: Scope) => Inputs {
  const declared = declaredOf(mapping)?.declared;
  const reads = Map.groupBy(declared === undefined ? [] : sourceReads(declared), ({ at }) =>
    JSON.stringify(at.slice(0, at[0] === 'lines' ? 4 : 2)),
  );
  return (rule, scope) => {
    const found = (reads.get(JSON.stringify(rule)) ?? []).map(({ lines, steps }): Inputs[number] => {
      const fromRecord = lines === null && scope.line !== null;
      const path = { text: '', fromRecord, steps };
      const value = valueAt(path, scope);
      return {
        path: `${fromRecord ? '..' : ''}${steps.join('.')}`,
        value: isRefusal(value) ? null : (value ?? null),
      };
    });
    return [...new Map(found.map((input) => [input.path, input])).values()];
  };
}

function explainField({ rule, found, result }: Filled, inputs: Inputs): FieldExplanation {
  const source = isRefusal(found) || found === undefined ? {} : { source: found };
  return { field: rule.field, rule: rule.text, ...source, inputs, writeOn: rule.writeOn, result };
}
