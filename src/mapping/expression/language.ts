import { Environment } from '@marcbachmann/cel-js';
import { Decimal, parseDecimal } from '../convert/decimal.ts';
import { registerMethods } from './methods.ts';
import { nameOf, registerOperations } from './operations.ts';
import { ExpressionMistake, makeText, takeSteps } from './steps.ts';

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
  'sum',
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

/** What a division costs beside the step of every calculation: it goes on for 200 digits. */
const stepsOfDivision = 10;

/** How many digits a result may have before or behind its point. */
const mostDigits = 10_000;

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
  environment.registerFunction('string(Decimal): string', textOf);
  environment.registerFunction('int(Decimal): int', wholeOf);
  registerOperations(environment);
  registerMethods(environment);
  environment.registerFunction('list._sum(): Decimal', sumOf);
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
    takeSteps(stepsOfDivision);
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
      const handler = (a: unknown, b: unknown): Decimal => bounded(work(number(a), number(b)));
      environment.registerOperator(`${left} ${operator} ${right}: Decimal`, handler);
    }
  }
}

/** Counts a step, and refuses numbers that no text could hold. */
function bounded(result: Decimal): Decimal {
  takeSteps(1);
  if (!result.isFinite() || Math.abs(result.e) > mostDigits)
    throw new ExpressionMistake(`comes to a number of more than ${mostDigits.toLocaleString('en')} digits`);
  return result;
}

function textOf(value: Decimal): string {
  makeText(Math.abs(value.e));
  return value.toFixed();
}

/** The sum of a list of numbers, which may be texts; that of an empty list is 0. */
function sumOf(list: readonly unknown[]): Decimal {
  takeSteps(list.length);
  return list.reduce<Decimal>((sum, item) => bounded(sum.plus(number(item))), new Decimal(0));
}

/** Cuts off what is behind the point, as CEL does of floating point numbers. */
function wholeOf(value: Decimal): bigint {
  const whole = BigInt(value.trunc().toFixed());
  if (BigInt.asIntN(64, whole) === whole) return whole;
  throw new ExpressionMistake('makes a whole number with `int` that is too large for it; leave it a decimal');
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
}

function number(value: unknown): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value.toString());
  if (value === null || value === '') throw new ExpressionMistake('needs a number, and the value is empty');
  takeSteps(1);
  const decimal = typeof value === 'string' ? parseDecimal(value) : null;
  if (decimal !== null) return decimal;
  throw new ExpressionMistake(`needs a number, and ${nameOf(value)} is none`);
}

/**
 * Runs what `rewrite` made of it. Every field is asked for by `_field`, so that a missing one is null; every number
 * with a point is a decimal; and a text that stands against a number is compared as a number.
 */
export const language = makeLanguage();
