import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../../errors/suggestion.ts';
import { type BetweenFields, betweenFields, lostFraction, resultsOf } from './between-fields.ts';
import { type Comparison, comparisonOf, contradictionIn } from './comparison.ts';
import { functions, macros, methods, refused } from './language.ts';

/** A field that an expression reads. `here` is the line inside `lines`, else the record. */
export type Read = {
  readonly root: 'here' | 'record' | 'line';
  readonly steps: readonly string[];
  readonly at: number;
};

/** A mistake that is seen without running anything; `at` counts into the expression. */
export type StaticMistake = { readonly mistake: string; readonly at: number };

export type Rewritten = {
  readonly text: string;
  readonly reads: readonly Read[];
  readonly comparisons: readonly Comparison[];
  readonly betweenFields: readonly BetweenFields[];
  /** True when nothing of the record and no clock is asked: it gives the same for every record. */
  readonly constant: boolean;
  /** Where `now()` is asked first, or null. */
  readonly nowAt: number | null;
  readonly mistakes: readonly StaticMistake[];
  /** What was written where a node of the rewritten text begins and ends. */
  readonly origin: (start: number, end: number) => ASTNode | null;
};

/** Lists within lists within lists: no mapping needs the third. */
const deepestNesting = 2;

/** Name of a variable of `all`, `map` and the like, and the list it goes through, where that is a field. */
type Bound = ReadonlyMap<string, Omit<Read, 'at'> | null>;

/**
 * Turns the tree of an expression into the text that `language` runs: `company.id` becomes
 * `_field(_field(_here, "company"), "id")`, so that a name never collides with a word of CEL (a source may have a
 * field `type`), and what is not there is null. On the way it lists the fields that are read and refuses what is not
 * ours. `reserved` are the names that mean the whole record or the whole line.
 */
export function rewrite(tree: ASTNode, reserved: readonly string[]): Rewritten {
  let text = '';
  const reads: Read[] = [];
  const comparisons: Comparison[] = [];
  const between: BetweenFields[] = [];
  const results = new Set(resultsOf(tree));
  /** The sums within such a sum, of which no more needs to be said. */
  const within = new Set<unknown>();
  let constant = true;
  let nowAt: number | null = null;
  const mistakes: StaticMistake[] = [];
  const origins: { start: number; end: number; node: ASTNode }[] = [];

  const put = (...pieces: (string | (() => void))[]): void => {
    for (const piece of pieces) {
      if (typeof piece === 'string') text += piece;
      else piece();
    }
  };
  const each =
    (nodes: readonly ASTNode[], bound: Bound, depth: number): (() => void) =>
    () => {
      for (const [index, node] of nodes.entries())
        put(index === 0 ? '' : ', ', () => write(node, bound, depth));
    };
  const wrong = (node: ASTNode, mistake: string): void => {
    mistakes.push({ mistake, at: node.start });
    text += 'null';
  };

  function write(node: ASTNode, bound: Bound, depth: number, inPath = false): void {
    const start = text.length;
    const read = pathOf(node, bound, reserved);
    if (read !== null && !inPath && read.steps.length > 0) reads.push({ ...read, at: node.start });
    compare(node, bound);
    writeNode(node, bound, depth, inPath);
    origins.push({ start, end: text.length, node });
  }

  function compare(node: ASTNode, bound: Bound): void {
    const fieldOf = (side: ASTNode): Omit<Read, 'at'> | null => pathOf(side, bound, reserved);
    const comparison = comparisonOf(node, fieldOf);
    if (comparison !== null) comparisons.push(comparison);
    const contradiction = contradictionIn(node, fieldOf);
    if (contradiction !== null) mistakes.push(contradiction);
    const fraction = lostFraction(node);
    if (fraction !== null) mistakes.push(fraction);
    const found = betweenFields(node, fieldOf);
    if (found === null) return;
    if (!within.has(node)) between.push({ ...found, result: results.has(node) });
    for (const side of Array.isArray(node.args) ? node.args : []) within.add(side);
  }

  function writeNode(node: ASTNode, bound: Bound, depth: number, inPath: boolean): void {
    const inner =
      (child: ASTNode, inPath = false): (() => void) =>
      () =>
        write(child, bound, depth, inPath);
    switch (node.op) {
      case 'value':
        return writeLiteral(node);
      case 'id':
        // A variable of an outer list may be looked at again and again by an inner one, which is counted.
        if (bound.has(node.args)) return put(inPath ? node.args : `_look(${node.args})`);
        constant = false;
        if (!reserved.includes(node.args)) return put(`_field(_here, ${JSON.stringify(node.args)})`);
        return put(inPath ? `_${node.args}` : `_look(_${node.args})`);
      case '.':
        return put('_field(', inner(node.args[0], true), `, ${JSON.stringify(node.args[1])})`);
      case '[]':
        return put('_at(', inner(node.args[0], true), ', ', inner(node.args[1]), ')');
      case 'call':
        return writeCall(node, node.args[0], node.args[1], bound, depth);
      case 'rcall':
        return writeMethod(node, node.args[0], node.args[1], node.args[2], bound, depth);
      case 'list':
        return put('_made([', each(node.args, bound, depth), '])');
      case 'map':
        return put('_made({', () => writeEntries(node.args, bound, depth), '})');
      case '?:':
        return writeChoice(node.args, inner);
      case '!_':
      case '-_':
        return put(node.op.charAt(0), '(', inner(node.args), ')');
      case '.?':
      case '[?]':
        return wrong(
          node,
          'uses `?` to reach a field; what is missing is null already, so write a plain `.` or `[…]`',
        );
      case '==':
      case '!=':
      case 'in':
        return put(`${compared[node.op]}(`, inner(node.args[0]), ', ', inner(node.args[1]), ')');
      case '||':
      case '&&':
        return put('(_tried(', inner(node.args[0]), `) ${node.op} `, inner(node.args[1]), ')');
      case '+':
        return put('_made(', inner(node.args[0]), ' + ', inner(node.args[1]), ')');
      default:
        return put('(', inner(node.args[0]), ` ${node.op} `, inner(node.args[1]), ')');
    }
  }

  /** `x ? "a" : null` says that there may be no value, and is not a mixture of kinds. */
  function writeChoice(
    [condition, yes, no]: readonly [ASTNode, ASTNode, ASTNode],
    inner: (child: ASTNode) => () => void,
  ): void {
    const mayBeNothing = [yes, no].some(({ op, args }) => op === 'value' && args === null);
    const [open, close] = mayBeNothing ? ['dyn(', ')'] : ['', ''];
    put('(', inner(condition), ` ? ${open}`, inner(yes), `${close} : ${open}`, inner(no), `${close})`);
  }

  function writeLiteral(node: ASTNode): void {
    const literal = node.input.slice(node.start, node.end);
    if (typeof node.args === 'number') return put(`decimal("${literal}")`);
    if (node.args !== null && typeof node.args === 'object')
      return wrong(node, `has \`${literal}\`, a kind of value that has no use here`);
    return put(literal);
  }

  function writeEntries(
    entries: readonly (readonly [ASTNode, ASTNode])[],
    bound: Bound,
    depth: number,
  ): void {
    for (const [index, [key, value]] of entries.entries()) {
      put(
        index === 0 ? '' : ', ',
        () => write(key, bound, depth),
        ': ',
        () => write(value, bound, depth),
      );
    }
  }

  function writeCall(
    node: ASTNode,
    name: string,
    given: readonly ASTNode[],
    bound: Bound,
    depth: number,
  ): void {
    if (!functions.some((known) => known === name)) return wrong(node, unknown(name));
    if (name === 'now') return writeNow(node, given);
    if (name !== 'has') return put(`${name}(`, each(given, bound, depth), ')');
    const [field] = given;
    if (field === undefined || pathOf(field, bound, reserved) === null)
      return wrong(node, 'gives `has` something else than one field, such as has(company.id)');
    return put('_differs(', () => write(field, bound, depth), ', null)');
  }

  function writeNow(node: ASTNode, given: readonly ASTNode[]): void {
    if (given.length > 0) return wrong(node, 'gives `now` something; write now()');
    constant = false;
    nowAt ??= node.start;
    put('_now');
  }

  /** The list that a macro goes through, also where another one has picked items of it before. */
  function listOf(node: ASTNode, bound: Bound): Omit<Read, 'at'> | null {
    return node.op === 'rcall' && node.args[0] === 'filter'
      ? listOf(node.args[1], bound)
      : pathOf(node, bound, reserved);
  }

  function writeMethod(
    node: ASTNode,
    name: string,
    of: ASTNode,
    given: readonly ASTNode[],
    bound: Bound,
    depth: number,
  ): void {
    if (!macros.some((known) => known === name)) {
      if (!methods.some((known) => known === name)) return wrong(node, unknown(name));
      const own = name === 'size' ? name : `_${name}`;
      return put(() => write(of, bound, depth), `.${own}(`, each(given, bound, depth), ')');
    }
    const [variable, ...rest] = given;
    if (variable?.op !== 'id' || rest.length === 0)
      return wrong(node, `needs a name and an expression for \`${name}\`, such as ${name}(item, …)`);
    if (variable.args.startsWith('_')) return wrong(node, 'names a variable that begins with `_`');
    if (depth >= deepestNesting) return wrong(node, 'goes through lists more than two deep');
    const within = new Map([...bound, [variable.args, listOf(of, bound)]]);
    const goesOn = (name === 'all' || name === 'exists') && rest.length === 1;
    return put(
      name === 'map' || name === 'filter' ? '_made(' : '(',
      '_items(',
      () => write(of, bound, depth),
      `, ${costOf(rest)}).${name}(${variable.args}, `,
      goesOn ? '_tried(' : '',
      each(rest, within, depth + 1),
      goesOn ? ')))' : '))',
    );
  }

  write(tree, new Map(), 0);
  const origin = (start: number, end: number): ASTNode | null =>
    origins
      .filter((mark) => mark.start <= start && end <= mark.end)
      .toSorted((a, b) => a.end - a.start - (b.end - b.start))[0]?.node ?? null;
  return { text, reads, comparisons, betweenFields: between, constant, nowAt, mistakes, origin };
}

/** How the operators that compare are called in the rewritten text. */
const compared = { '==': '_same', '!=': '_differs', in: '_in' } as const;

/** The steps of one item of a list: a long body takes longer, whatever is in it. */
function costOf(body: readonly ASTNode[]): number {
  return 1 + body.reduce((sum, { start, end }) => sum + ((end - start) >>> 5), 0);
}

function unknown(name: string): string {
  const reason = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (reason !== undefined) return `calls \`${name}\`, which cannot be used: ${reason}`;
  return `calls \`${name}\`, which does not exist${didYouMean(name, [...functions, ...methods, ...macros])}`;
}

/** The field that a node names, where it names one. */
export function pathOf(node: ASTNode, bound: Bound, reserved: readonly string[]): Omit<Read, 'at'> | null {
  if (node.op === 'id') {
    const list = bound.get(node.args);
    if (list !== undefined) return list;
    if (!reserved.includes(node.args)) return { root: 'here', steps: [node.args] };
    return { root: node.args === 'line' ? 'line' : 'record', steps: [] };
  }
  if (node.op === '.') return longer(pathOf(node.args[0], bound, reserved), node.args[1]);
  if (node.op !== '[]') return null;
  const [of, place] = node.args;
  const name = place.op === 'value' ? place.args : null;
  const path = pathOf(of, bound, reserved);
  return typeof name === 'string' ? longer(path, name) : path;
}

function longer(path: Omit<Read, 'at'> | null, step: string): Omit<Read, 'at'> | null {
  return path && { root: path.root, steps: [...path.steps, step] };
}
