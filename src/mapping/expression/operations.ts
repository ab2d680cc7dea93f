import type { Environment } from '@marcbachmann/cel-js';
import { isIn, same } from './equality.ts';
import { handedOver } from './handed-over.ts';
import { ExpressionMistake, lookAt, made, takeSteps } from './steps.ts';

/** The longest list that an expression goes through. */
const longestList = 1000;

/** What the library hands to a macro of ours: https://github.com/marcbachmann/cel-js#custom-macros */
type Node = { readonly args: unknown };
type Type = { readonly name: string; readonly kind: string };
type Checker = {
  readonly check: (node: Node, context: unknown) => Type;
  readonly getType: (name: string) => Type;
  readonly createError: (code: string, message: string, node: Node) => Error;
};
type Evaluator = { readonly run: (node: Node, context: unknown) => unknown };
type Call = { readonly ast: Node; readonly args: readonly [Node, Node?] };

type Operation = {
  readonly signature: string;
  /** The type of what it gives, from the types of what it is given; a text is a mistake in words of the library. */
  readonly type: (given: readonly Type[]) => { readonly name: string } | { readonly mistake: string };
  readonly work: (first: unknown, second: unknown) => unknown;
};

const anything = (): { name: string } => ({ name: 'dyn' });

/** What `rewrite` writes where the library would have its own way. */
const operations: readonly Operation[] = [
  { signature: '_look(ast): dyn', type: anything, work: (value) => lookAt(handedOver(value)) },
  { signature: '_field(ast, ast): dyn', type: anything, work: (of, name) => fieldOf(of, String(name)) },
  { signature: '_at(ast, ast): dyn', type: anything, work: elementAt },
  {
    signature: '_items(ast, ast): dyn',
    type: () => ({ name: 'list<dyn>' }),
    work: (list, cost) => itemsOf(list, Number(cost)),
  },
  { signature: '_made(ast): dyn', type: ([type]) => type ?? anything(), work: made },
  { signature: '_same(ast, ast): dyn', type: (given) => compared('==', given), work: same },
  {
    signature: '_differs(ast, ast): dyn',
    type: (given) => compared('!=', given),
    work: (left, right) => !same(left, right),
  },
  { signature: '_in(ast, ast): dyn', type: member, work: within },
];

/** Registers the operations as macros, which take values of any type without the library looking into them. */
export function registerOperations(environment: Environment): void {
  registerTried(environment);
  for (const { signature, type, work } of operations) {
    environment.registerFunction(signature, ({ ast, args }: Call) => ({
      async: false,
      typeCheck(checker: Checker, _: unknown, context: unknown): Type {
        const given = type(args.flatMap((node) => (node === undefined ? [] : checker.check(node, context))));
        if ('mistake' in given) throw checker.createError('no_such_overload', given.mistake, ast);
        return 'kind' in given ? (given as Type) : checker.getType(given.name);
      },
      evaluate: (evaluator: Evaluator, _: unknown, context: unknown): unknown =>
        args[1] === undefined
          ? work(evaluator.run(args[0], context), undefined)
          : work(evaluator.run(args[0], context), evaluator.run(args[1], context)),
    }));
  }
}

/** What it costs that something fails, which `all`, `exists`, `||` and `&&` may go on after. */
const stepsOfFailure = 50;

/** Counts what fails within it: an error costs as much time as fifty values. */
function registerTried(environment: Environment): void {
  environment.registerFunction('_tried(ast): dyn', ({ args: [given] }: { args: readonly [Node] }) => ({
    async: false,
    typeCheck: (checker: Checker, _: unknown, context: unknown): Type => checker.check(given, context),
    evaluate(evaluator: Evaluator, _: unknown, context: unknown): unknown {
      try {
        return evaluator.run(given, context);
      } catch (error) {
        takeSteps(stepsOfFailure);
        throw error;
      }
    },
  }));
}

/** The types whose values may be the same, beside those of one type. */
const comparable: readonly (readonly string[])[] = [
  ['string', 'int', 'Decimal'],
  ['string', 'bool'],
];

function compared(operator: string, given: readonly Type[]): ReturnType<Operation['type']> {
  const types = given.map(({ name }) => name.replace(/<.*/, ''));
  const [left = '', right = ''] = types;
  if (left === right || types.includes('dyn') || types.includes('null')) return { name: 'bool' };
  if (comparable.some((set) => set.includes(left) && set.includes(right))) return { name: 'bool' };
  return { mistake: `no such overload: ${left} ${operator} ${right}` };
}

function member([left, right]: readonly Type[]): ReturnType<Operation['type']> {
  if (right !== undefined && /^(?:dyn|list|map)\b/.test(right.name)) return { name: 'bool' };
  return { mistake: `no such overload: ${left?.name ?? ''} in ${right?.name ?? ''}` };
}

function within(value: unknown, among: unknown): boolean {
  const found = isIn(value, among);
  if (found === null) throw new ExpressionMistake(`cannot use \`in\` on ${nameOf(among)}, which is no list`);
  return found;
}

function fieldOf(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Map) return lookAt(handedOver(value.get(name) ?? null));
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ExpressionMistake(`asks ${nameOf(value)} for its field \`${name}\``);
  const field = Object.hasOwn(value, name) ? (value as { readonly [name: string]: unknown })[name] : null;
  return lookAt(handedOver(field ?? null));
}

function elementAt(value: unknown, place: unknown): unknown {
  if (typeof place === 'string') return fieldOf(value, place);
  if (value === null || value === undefined) return null;
  if (typeof place !== 'bigint' || !Array.isArray(value))
    throw new ExpressionMistake(`asks ${nameOf(value)} for one of its elements`);
  return lookAt(handedOver(value[Number(place)] ?? null));
}

/** The items of a list that a body is run for, each at the cost of the body. */
function itemsOf(value: unknown, cost: number): unknown {
  if (!Array.isArray(value))
    throw new ExpressionMistake(`goes through ${nameOf(value)} as if it were a list`);
  if (value.length > longestList)
    throw new ExpressionMistake(`goes through a list of ${value.length}; ${longestList} is the most`);
  takeSteps(value.length * cost);
  return value;
}

/** A value in a message. */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : 'a group of fields';
}
