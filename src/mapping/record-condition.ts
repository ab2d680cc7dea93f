import type { SourceRecord } from '../connector/value.ts';
import { compileExpression } from './expression/expression.ts';
import { isRefusal } from './refusal.ts';
import { holds } from './source.ts';

/** A condition over whole records, such as `country == "DE" && amount > 100`. */
export type RecordCondition = {
  /** Null when the condition does not work out for this record. */
  readonly holds: (record: SourceRecord) => boolean | null;
  /** The fields of the record that it reads. */
  readonly fields: readonly string[];
};

/** Compiles an expression that is true or false of a record, in the language of `only_when`; or says what is wrong with it. */
export function compileRecordCondition(
  text: string,
): RecordCondition | { readonly mistakes: readonly string[] } {
  const expression = compileExpression(text, 'record');
  if ('mistakes' in expression) return { mistakes: expression.mistakes.map(({ mistake }) => mistake) };
  if (expression.yesOrNo === false)
    return { mistakes: ['never gives true or false; compare something in it'] };
  return {
    fields: [...new Set(expression.reads.flatMap(({ steps }) => steps[0] ?? []))],
    holds: (record) => {
      const kept = holds(expression, { record, line: null });
      return isRefusal(kept) ? null : kept;
    },
  };
}
