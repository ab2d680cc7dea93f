import { Environment } from '@marcbachmann/cel-js';
import { Decimal, parseDecimal } from '../convert/decimal.ts';
import { ExpressionMistake, lookAt, takeSteps } from './steps.ts';

/** What an expression may call. CEL has more: `matches` can run for seconds, `double` is a float, and so on. */
export const functions = ['decimal', 'int', 'string', 'bool', 'size', 'has', 'now'] as const;
export const methods = [
  'contains',
  'startsWith',
  'endsWith',
  'lowerAscii',
  'upperAscii',
  'trim',
  'indexOf',
  'lastIndexOf',
  'substring',
  'split',
  'join',
  'size',
] as const;
export const macros = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;

/** Why a known function of CEL is not here, and what to write instead. */
export const refused: { readonly [name: string]: string } = {
  matches: 'a regular expression can run without end; use `contains`, `startsWith` or `endsWith`',
  double: 'a floating point number loses cents; use `decimal`',
  uint: 'use `int` or `decimal`',
  timestamp: 'dates compare as text: closedate > "2026-01-31"',
  duration: 'there is no arithmetic with dates',
};

/** The longest list that an expression goes through. */
const longestList = 1000;

const limits = {
  maxAstNodes: 300,
  maxDepth: 40,
  maxListElements: 200,
  maxMapEntries: 200,
  maxCallArguments: 8,
};

/** Reads what the admin wrote. */
export const written = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits,
});

function makeLanguage(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { ...limits, maxAstNodes: 2000, maxDepth: 250 },
  });
  environment.registerVariable('_now', 'string');
  environment.registerType('Decimal', { ctor: Decimal });
  environment.registerFunction('decimal(dyn): Decimal', (value: unknown) => number(value));
  environment.registerFunction('string(Decimal): string', (value: Decimal) => value.toFixed());
  environment.registerFunction('_look(dyn): dyn', lookAt);
  environment.registerFunction('_field(dyn, string): dyn', fieldOf);
  environment.registerFunction('_at(dyn, dyn): dyn', elementAt);
  environment.registerFunction('_items(dyn): list<dyn>', itemsOf);
  environment.registerOperator('-Decimal', (value: Decimal) => value.negated());
  registerArithmetic(environment);
  registerComparison(environment);
  return environment;
}

const arithmetic: { readonly [operator: string]: (left: Decimal, right: Decimal) => Decimal } = {
  '+': (left, right) => left.plus(right),
  '-': (left, right) => left.minus(right),
  '*': (left, right) => left.times(right),
  '/': (left, right) => {
    if (right.isZero()) throw new ExpressionMistake('divides by zero');
    return left.dividedBy(right);
  },
};

function registerArithmetic(environment: Environment): void {
  for (const [operator, work] of Object.entries(arithmetic)) {
    for (const [left, right] of [
      ['Decimal', 'Decimal'],
      ['Decimal', 'int'],
      ['int', 'Decimal'],
    ]) {
      const handler = (a: unknown, b: unknown): Decimal => work(number(a), number(b));
      environment.registerOperator(`${left} ${operator} ${right}: Decimal`, handler);
    }
  }
}

const comparisons: { readonly [operator: string]: (order: number) => boolean } = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function registerComparison(environment: Environment): void {
  const pairs = [
    ['Decimal', 'Decimal'],
    ['Decimal', 'int'],
    ['int', 'Decimal'],
    ['Decimal', 'string'],
    ['string', 'Decimal'],
    ['string', 'int'],
    ['int', 'string'],
  ];
  for (const [operator, holds] of Object.entries(comparisons)) {
    for (const [left, right] of pairs) {
      const handler = (a: unknown, b: unknown): boolean => holds(number(a).comparedTo(number(b)));
      environment.registerOperator(`${left} ${operator} ${right}`, handler);
    }
  }
  for (const [left, right] of [
    ['Decimal', 'Decimal'],
    ['Decimal', 'int'],
    ['Decimal', 'string'],
    ['string', 'int'],
  ]) {
    environment.registerOperator(`${left} == ${right}`, sameNumber);
  }
}

/** A text that is no number is not equal to one. */
function sameNumber(left: unknown, right: unknown): boolean {
  const [a, b] = [left, right].map((side) => (typeof side === 'string' ? parseDecimal(side) : number(side)));
  return a !== null && a !== undefined && b !== null && b !== undefined && a.equals(b);
}

function number(value: unknown): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value.toString());
  if (value === null || value === '') throw new ExpressionMistake('needs a number, and the value is empty');
  const decimal = typeof value === 'string' ? parseDecimal(value) : null;
  if (decimal !== null) return decimal;
  throw new ExpressionMistake(`needs a number, and ${nameOf(value)} is none`);
}

function fieldOf(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Map) return lookAt(handedOver(value.get(name) ?? null));
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ExpressionMistake(`asks ${nameOf(value)} for its field \`${name}\``);
  const field = Object.hasOwn(value, name) ? (value as { readonly [name: string]: unknown })[name] : null;
  return lookAt(handedOver(field ?? null));
}

/** The library asks groups for their `constructor`, which may be the name of a field: such a group becomes a Map. */
export function handedOver(value: unknown): unknown {
  if (Array.isArray(value)) return value.some(misleads) ? value.map(handedOver) : value;
  return misleads(value) ? new Map(Object.entries(value)) : value;
}

function misleads(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof Decimal) return false;
  return Object.hasOwn(value, 'constructor');
}

function elementAt(value: unknown, place: unknown): unknown {
  if (typeof place === 'string') return fieldOf(value, place);
  if (value === null || value === undefined) return null;
  if (typeof place !== 'bigint' || !Array.isArray(value))
    throw new ExpressionMistake(`asks ${nameOf(value)} for one of its elements`);
  return lookAt(handedOver(value[Number(place)] ?? null));
}

function itemsOf(value: unknown): unknown {
  if (!Array.isArray(value))
    throw new ExpressionMistake(`goes through ${nameOf(value)} as if it were a list`);
  if (value.length > longestList)
    throw new ExpressionMistake(`goes through a list of ${value.length}; ${longestList} is the most`);
  takeSteps(value.length);
  return value;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
  return typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : 'a group of fields';
}

/**
 * Runs what `rewrite` made of it. Every field is asked for by `_field`, so that a missing one is null; every number
 * with a point is a decimal; and a text that stands against a number is compared as a number.
 */
export const language = makeLanguage();
