import { type ASTNode, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { ExpressionMistake } from './steps.ts';
import { pathOf, type Rewritten, type StaticMistake } from './rewrite.ts';

const tooDeep = 'is too long or too deep; split it into several fields';

/** What is wrong with an expression that cannot be read, in words. */
export function parseMistake(error: unknown, text: string): StaticMistake {
  if (error instanceof RangeError) return { mistake: tooDeep, at: 0 };
  if (!(error instanceof ParseError)) throw error;
  const at = error.range?.start ?? 0;
  if (text.trim() === '') return { mistake: 'is empty', at: 0 };
  if (text.charAt(at) === '=') return { mistake: 'has a single `=`, which compares nothing; write `==`', at };
  if (text.charAt(at) === '&' || text.charAt(at) === '|') {
    return { mistake: `has a single \`${text.charAt(at)}\`; write \`${text.charAt(at).repeat(2)}\``, at };
  }
  if (error.code.startsWith('limit') || /exceed|limit/i.test(error.summary)) return { mistake: tooDeep, at };
  const rest = text.slice(at).trim();
  if (rest === '') return { mistake: 'ends too early', at: text.length };
  return { mistake: `cannot be read from \`${rest.length > 20 ? `${rest.slice(0, 20)}…` : rest}\` on`, at };
}

/** What is wrong with an expression whose kinds do not fit, seen without running it. */
export function typeMistake(error: unknown, rewritten: Rewritten): StaticMistake {
  if (!(error instanceof ParseError) && !(error instanceof CelTypeError)) throw error;
  const node = rewritten.origin(error.range?.start ?? 0, error.range?.end ?? 0);
  return { mistake: explain(error.summary, node), at: node?.start ?? 0 };
}

/** Why an expression failed on a record. Reads on from the expression. */
export function runMistake(error: unknown, rewritten: Rewritten): string {
  if (error instanceof ExpressionMistake) return error.message;
  if (error instanceof RangeError)
    return 'meets a value that is nested too deeply, or makes a text that is too long';
  if (!(error instanceof EvaluationError)) return 'failed, and it cannot be said why';
  return explain(error.summary, rewritten.origin(error.range?.start ?? 0, error.range?.end ?? 0));
}

const kinds: { readonly [type: string]: string } = {
  null: 'an empty value',
  string: 'a text',
  int: 'a whole number',
  bool: 'true or false',
  Decimal: 'a decimal',
  list: 'a list',
  map: 'a group of fields',
};

function kindOf(type: string): string {
  const bare = type.trim().replace(/^dyn<(.*)>$/, '$1');
  return kinds[bare.replace(/<.*/, '')] ?? 'a value';
}

function explain(summary: string, node: ASTNode | null): string {
  const binary = /^no such overload: (.+) (\S+) (.+)$/.exec(summary);
  if (binary)
    return explainOperator(binary[2] ?? '', [kindOf(binary[1] ?? ''), kindOf(binary[3] ?? '')], node);
  const unary = /^no such overload: [!-](.+)$/.exec(summary);
  if (unary) return `cannot negate ${kindOf(unary[1] ?? '')}`;
  const method = /^found no matching overload for '(?:(.+?)\.)?(\w+)\((.*)\)'$/.exec(summary);
  if (method) return explainCall(method[1], (method[2] ?? '').replace(/^_/, ''), method[3] ?? '');
  const condition = /got '(.+)'$/.exec(summary);
  if (/condition|Logical|predicate/.test(summary) && condition)
    return `needs true or false where it has ${kindOf(condition[1] ?? '')}${compareInstead(kindOf(condition[1] ?? ''))}`;
  if (/branches/.test(summary)) return 'gives values of different kinds after `?` and `:`';
  if (/overflow/.test(summary))
    return 'comes to a whole number that is too large to count with; use `decimal`';
  if (/conversion|cannot convert/.test(summary))
    return 'cannot convert a value to the kind that is asked for';
  if (/zero/.test(summary)) return 'divides by zero';
  return 'cannot be worked out: its values do not fit together';
}

function compareInstead(kind: string): string {
  return kind === 'a text' ? '; compare it, such as x == "true"' : '';
}

function explainOperator(
  operator: string,
  [left, right]: readonly [string, string],
  node: ASTNode | null,
): string {
  const sides = node === null || !Array.isArray(node.args) ? [] : node.args;
  const empty = [left, right].indexOf('an empty value');
  if (empty !== -1) {
    const side: unknown = sides[empty];
    const path = isNode(side) ? pathOf(side, new Map(), []) : null;
    const name = path === null ? 'a value' : `\`${path.steps.join('.')}\``;
    return `cannot use \`${operator}\` on ${name}, which is empty; test ${path === null ? 'it' : path.steps.join('.')} != null first`;
  }
  const arithmetic = ['+', '-', '*', '/', '%'].includes(operator);
  const hint =
    arithmetic && (left === 'a text' || right === 'a text') ? '; make a text a number with `decimal`' : '';
  return `cannot use \`${operator}\` on ${left} and ${right}${hint}`;
}

function isNode(side: unknown): side is ASTNode {
  return typeof side === 'object' && side !== null && 'op' in side && 'args' in side;
}

function explainCall(receiver: string | undefined, name: string, given: string): string {
  const kinds = given === '' ? [] : given.split(/, (?![^<]*>)/).map(kindOf);
  if (receiver !== undefined && kindOf(receiver) === 'an empty value')
    return `cannot use \`${name}\` on an empty value; test != null first`;
  if (receiver !== undefined && kinds.length === 0) return `cannot use \`${name}\` on ${kindOf(receiver)}`;
  if (kinds.length === 0) return `needs something inside the brackets of \`${name}\``;
  return `cannot use \`${name}\` with ${kinds.join(' and ')}`;
}
