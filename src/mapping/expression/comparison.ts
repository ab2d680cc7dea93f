import type { ASTNode } from '@marcbachmann/cel-js';
import type { Read, StaticMistake } from './rewrite.ts';

type Field = Omit<Read, 'at'>;
type FieldOf = (node: ASTNode) => Field | null;

/** A field that an expression compares with fixed texts: `stage == "won"`, `stage in ["won", "lost"]`. */
export type Comparison = Field & {
  /** Each text, and where in the expression it stands. */
  readonly texts: readonly { readonly text: string; readonly at: number }[];
};

/** The comparison that a node makes, or null when it makes none of this kind. An empty text is a test for emptiness. */
export function comparisonOf(node: ASTNode, fieldOf: FieldOf): Comparison | null {
  const sides = sidesOf(node);
  if (sides === null) return null;
  const field = fieldOf(sides.field);
  if (field === null || field.steps.length === 0) return null;
  const texts = sides.texts.flatMap((side) =>
    side.op === 'value' && typeof side.args === 'string' && side.args !== ''
      ? { text: side.args, at: side.start }
      : [],
  );
  return texts.length === 0 ? null : { ...field, texts };
}

function sidesOf(node: ASTNode): { readonly field: ASTNode; readonly texts: readonly ASTNode[] } | null {
  if (node.op === 'in') {
    const [field, list] = node.args;
    return list.op === 'list' ? { field, texts: list.args } : null;
  }
  if (node.op !== '==' && node.op !== '!=') return null;
  const [left, right] = node.args;
  return left.op === 'value' ? { field: right, texts: [left] } : { field: left, texts: [right] };
}

/**
 * The mistake of `a != "x" || a != "y"`, which is always true, and of `a == "x" && a == "y"`, which never is; null
 * when the node makes none. Only the two sides of the node are held against each other.
 */
export function contradictionIn(node: ASTNode, fieldOf: FieldOf): StaticMistake | null {
  if (node.op !== '||' && node.op !== '&&') return null;
  const operator = node.op === '||' ? '!=' : '==';
  const [left, right] = node.args.map((side) =>
    chained(side, node.op).flatMap((each) => {
      const comparison = each.op === operator ? comparisonOf(each, fieldOf) : null;
      const field = sidesOf(each)?.field;
      if (comparison === null || field === undefined) return [];
      return { name: field.input.slice(field.start, field.end), ...comparison.texts[0]! };
    }),
  );
  for (const one of left ?? []) {
    const other = right?.find(({ name, text }) => name === one.name && text !== one.text);
    if (other === undefined) continue;
    const values = `${JSON.stringify(one.text)} ${node.op === '||' ? 'or not' : 'and'} ${JSON.stringify(other.text)}`;
    const mistake =
      node.op === '||'
        ? `asks that \`${one.name}\` is not ${values}, which is always true; write \`&&\` between the two`
        : `asks that \`${one.name}\` is ${values} at once, which is never true; write \`||\` between the two`;
    return { mistake, at: other.at };
  }
  return null;
}

/** The parts of a chain such as `a || b || c`. */
function chained(node: ASTNode, operator: '||' | '&&'): ASTNode[] {
  if (node.op !== operator || (node.op !== '||' && node.op !== '&&')) return [node];
  return node.args.flatMap((side) => chained(side, operator));
}
