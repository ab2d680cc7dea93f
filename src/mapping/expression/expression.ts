import type { Value } from '../../connector/value.ts';
import { Decimal } from '../convert/decimal.ts';
import type { Scope } from '../record-path.ts';
import { isRefusal, refuse, type Refusal } from '../refusal.ts';
import { parseMistake, runMistake, typeMistake } from './mistake.ts';
import type { BetweenFields } from './between-fields.ts';
import { outermostOver } from './handed-over.ts';
import { language, written } from './language.ts';
import type { Comparison } from './comparison.ts';
import { beginSteps, makeText, mostConstantSteps, mostSteps, takeSteps } from './steps.ts';
import { type Read, rewrite, type Rewritten, type StaticMistake } from './rewrite.ts';

/** A compiled CEL expression. It has no clock, no randomness and no way to run on and on. */
export type Expression = {
  readonly text: string;
  /** The fields that it reads, for checks against what a vendor describes. */
  readonly reads: readonly Read[];
  readonly comparisons: readonly Comparison[];
  readonly betweenFields: readonly BetweenFields[];
  /** True when it gives the same for every record, at any time. */
  readonly constant: boolean;
  /** Where in the text it asks for the instant of the decision first; null when it does not. */
  readonly nowAt: number | null;
  /** The same for expressions that differ in spaces and needless brackets alone. */
  readonly meaning: string;
  /** The kind of what it gives, as far as can be seen without running it; null when it depends. */
  readonly gives: 'text' | 'integer' | 'decimal' | 'boolean' | null;
  /** True when it can only give true or false, as far as can be seen without running it; null when it depends. */
  readonly yesOrNo: boolean | null;
  /** Numbers come out as decimal text. A mistake in the data is a refusal, never a throw. */
  readonly run: (scope: Scope) => Value | Refusal;
};

/**
 * Compiles a CEL expression (https://github.com/google/cel-spec), once for many records. Fields of the record are
 * variables. With `place: 'line'` (inside `lines`) they are the fields of the line, and `line` is the whole line;
 * `record` is the whole record everywhere.
 */
export function compileExpression(
  text: string,
  place: 'record' | 'line',
): Expression | { readonly mistakes: readonly StaticMistake[] } {
  const parsed = parse(text, place === 'line' ? ['record', 'line'] : ['record']);
  if ('mistake' in parsed) return { mistakes: [parsed] };
  const { rewritten, compiled } = parsed;
  if (rewritten.mistakes.length > 0) return { mistakes: rewritten.mistakes };
  const checked = compiled.check();
  if (!checked.valid) return { mistakes: [typeMistake(checked.error, rewritten)] };
  return {
    text,
    reads: rewritten.reads,
    comparisons: rewritten.comparisons,
    betweenFields: rewritten.betweenFields,
    constant: rewritten.constant,
    nowAt: rewritten.nowAt,
    meaning: rewritten.text,
    gives: kinds[checked.type ?? ''] ?? null,
    yesOrNo: checked.type === 'dyn' ? null : checked.type === 'bool',
    run: (scope) => {
      try {
        beginSteps(rewritten.constant ? mostConstantSteps : mostSteps);
        const result: unknown = compiled({
          _here: outermostOver(scope.line ?? scope.record),
          _record: outermostOver(scope.record),
          _line: outermostOver(scope.line),
          _now: scope.now ?? '',
        });
        return toValue(result);
      } catch (error) {
        return refuse('expression_failed', runMistake(error, rewritten));
      }
    },
  };
}

const kinds: { readonly [type: string]: Expression['gives'] } = {
  string: 'text',
  int: 'integer',
  Decimal: 'decimal',
  bool: 'boolean',
};

type Compiled = ReturnType<typeof language.parse>;

function parse(
  text: string,
  reserved: readonly string[],
): { rewritten: Rewritten; compiled: Compiled } | StaticMistake {
  try {
    const rewritten = rewrite(written.parse(text).ast, reserved);
    return { rewritten, compiled: language.parse(rewritten.text) };
  } catch (error) {
    return parseMistake(error, text);
  }
}

/** A text that was looked at or made is counted; within lists and groups, one may stand at many places. */
function toValue(result: unknown): Value | Refusal {
  if (result === null || result === undefined) return null;
  if (typeof result === 'boolean' || typeof result === 'string') return result;
  if (typeof result === 'bigint') return result.toString();
  if (result instanceof Decimal) {
    makeText(Math.abs(result.e));
    return result.toFixed();
  }
  if (Array.isArray(result)) return all(result);
  if (typeof result === 'object') {
    const entries = [...(result instanceof Map ? result : Object.entries(result))];
    const values = all(entries.map(([, value]) => value));
    return isRefusal(values)
      ? values
      : Object.fromEntries(entries.map(([name], at) => [String(name), values[at] ?? null]));
  }
  return refuse('expression_failed', 'gives a floating point number, which loses cents; use `decimal`');
}

function all(results: readonly unknown[]): readonly Value[] | Refusal {
  takeSteps(1 + results.length);
  const values: Value[] = [];
  for (const result of results) {
    if (typeof result === 'string') makeText(result.length);
    const value = toValue(result);
    if (isRefusal(value)) return value;
    values.push(value);
  }
  return values;
}
