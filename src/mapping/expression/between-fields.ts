import type { ASTNode } from '@marcbachmann/cel-js';
import type { Read, StaticMistake } from './rewrite.ts';

type Field = Omit<Read, 'at'>;

/**
 * An operator that stands between plain fields alone, such as `price + freight` and `amount > freight`. Fields come as
 * texts, so `+` joins them and `>` goes by the alphabet, which is rarely meant of numbers.
 */
export type BetweenFields = {
  readonly operator: '+' | '<' | '<=' | '>' | '>=';
  readonly fields: readonly Field[];
  /** The fields as they are written. */
  readonly names: readonly string[];
  /** Where the operator stands in the expression. */
  readonly at: number;
  /** Whether it makes what the expression gives, and not a part of it such as a condition. */
  readonly result: boolean;
};

/** What a node that is no part of another such node puts between fields; null when it does nothing of the kind. */
export function betweenFields(
  node: ASTNode,
  fieldOf: (node: ASTNode) => Field | null,
): Omit<BetweenFields, 'result'> | null {
  const { op: operator } = node;
  if (operator !== '+' && operator !== '<' && operator !== '<=' && operator !== '>' && operator !== '>=')
    return null;
  const sides = operator === '+' ? addends(node) : node.args;
  const fields = sides.map(fieldOf).filter((field): field is Field => (field?.steps.length ?? 0) > 0);
  if (fields.length < sides.length) return null;
  const [first] = sides;
  const at = first === undefined ? node.start : node.input.indexOf(operator, first.end);
  return { operator, fields, names: sides.map(written), at };
}

/** The nodes that make the result of an expression: its root, and both sides of `?:` and `+` there. */
export function resultsOf(node: ASTNode): ASTNode[] {
  if (node.op === '?:') return [node, ...node.args.slice(1).flatMap(resultsOf)];
  return node.op === '+' ? [node, ...node.args.flatMap(resultsOf)] : [node];
}

function addends(node: ASTNode): ASTNode[] {
  return node.op === '+' ? node.args.flatMap(addends) : [node];
}

/** The expression with the fields as decimals, as it is probably meant. */
export function asNumbers({ operator, names }: BetweenFields): string {
  return names.map((name) => `decimal(${name})`).join(` ${operator} `);
}

/** The mistake of `15 / 100`, which is 0; null when a node makes none. A division that comes out even may stay. */
export function lostFraction(node: ASTNode): StaticMistake | null {
  if (node.op !== '/') return null;
  const [left, right] = node.args;
  const [over, under] = [wholeNumber(left), wholeNumber(right)];
  if (over === null || under === null || under === 0n || over % under === 0n) return null;
  const [a, b] = [written(left), written(right)];
  return {
    mistake: `has \`${a} / ${b}\`, which is ${over / under}, because whole numbers divide to whole numbers; write \`${a}.0 / ${b}\``,
    at: node.start,
  };
}

function wholeNumber(node: ASTNode): bigint | null {
  if (node.op === '-_') {
    const value = wholeNumber(node.args);
    return value === null ? null : -value;
  }
  return node.op === 'value' && typeof node.args === 'bigint' ? node.args : null;
}

function written(node: ASTNode): string {
  return node.input.slice(node.start, node.end);
}
