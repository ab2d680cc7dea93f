/**
 * What mapping files cost: the compiled mapping of a record with twenty fields, and of an order with ten lines, as a
 * ratio to the same mapping written by hand, after both have given the same; and what expressions cost, in every field
 * and alone. All of it is measured in one run, in rounds in which everybody has a turn.
 * Usage: node test/bench/mapping.ts [--quick]
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import type { SourceRecord } from '../../src/connector/value.ts';
import { compileExpression } from '../../src/mapping/expression/expression.ts';
import type { Ending } from '../../src/mapping/mapping.ts';
import { compileRuleSource } from '../../src/mapping/source.ts';
import { accountByHand } from './account-by-hand.ts';
import { account, badAccounts, badOrders, given, mappingOf, tenLines } from './mapping-subjects.ts';
import { orderByHand } from './order-by-hand.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean' } } });
const rounds = values.quick ? 10 : 75;
const sampleMs = values.quick ? 20 : 50;

const accounts = Array.from({ length: 500 }, (_, at) => account(at));
const orders = Array.from({ length: 200 }, (_, at) => tenLines(at));

/** Whatever is measured: once for each record. `rounds` holds the nanoseconds of a record, round by round. */
type Contender = {
  readonly name: string;
  readonly records: readonly SourceRecord[];
  readonly run: (record: SourceRecord) => unknown;
  readonly rounds: number[];
};

function contender(name: string, records: readonly SourceRecord[], run: Contender['run']): Contender {
  return { name, records, run, rounds: [] };
}

function mapped(flow: string): (record: SourceRecord) => Ending {
  const mapping = mappingOf(flow);
  return (record) => mapping.run(record, given);
}

function expression(text: string): Contender {
  const compiled = compileExpression(text, 'record');
  if ('mistakes' in compiled) throw new Error(compiled.mistakes.map(({ mistake }) => mistake).join(', '));
  return contender(text, accounts, (record) => compiled.run({ record, line: null }));
}

function path(text: string): Contender {
  const report = (): never => {
    throw new Error(`${text} is no path`);
  };
  const source = compileRuleSource({ from: text }, [], { standpoint: 'record', writtenOnce: false, report });
  return contender(`from: ${text}`, accounts, (record) => source?.read({ record, line: null }));
}

const handAccount = contender('by hand', accounts, (record) => accountByHand(record, given));
const plainAccount = contender('the mapping', accounts, mapped('plain'));
const celAccount = contender('an expression in every field', accounts, mapped('expressions'));
const handOrder = contender('by hand', orders, (record) => orderByHand(record, given));
const plainOrder = contender('the mapping', orders, mapped('order'));
const aPath = path('name');
const expressions = [
  'name',
  'has(state)',
  'kind == "shop"',
  'numberofemployees != null && numberofemployees > 250',
  'name + ", " + city',
  'decimal(discount) * (decimal("1") - decimal(discount))',
  'parent != null ? parent.name : name',
].map(expression);

function assertSame(one: Contender, other: Contender, records: readonly SourceRecord[]): void {
  for (const record of records) {
    if (!isDeepStrictEqual(one.run(record), other.run(record)))
      throw new Error(`${one.name} and ${other.name} differ in ${JSON.stringify(record)}`);
  }
}

/** Processor time of this thread in milliseconds: it stands still while others use the machine. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Runs over all records until the time is up; gives the nanoseconds of a record. */
function sample({ records, run }: Contender): number {
  const started = processorMs();
  let done = 0;
  let spent = 0;
  while (spent < sampleMs) {
    for (const record of records) run(record);
    done += records.length;
    spent = processorMs() - started;
  }
  return (spent * 1e6) / done;
}

/** The middle of the values, and the two between which half of them lie. */
function middle(numbers: readonly number[]): {
  readonly median: number;
  readonly half: readonly [number, number];
} {
  const inOrder = numbers.toSorted((a, b) => a - b);
  const at = (share: number): number => inOrder[Math.round(share * (inOrder.length - 1))] ?? Number.NaN;
  return { median: at(0.5), half: [at(0.25), at(0.75)] };
}

function line(one: Contender, floor: Contender | null): string {
  const { median } = middle(one.rounds);
  const time = median >= 10_000 ? `${(median / 1000).toFixed(1)} µs` : `${Math.round(median)} ns`;
  const columns = [time.padStart(9), `${Math.round(1e9 / median).toLocaleString('en')}/s`.padStart(12)];
  if (floor !== null) {
    const ratio = middle(one.rounds.map((nanoseconds, round) => nanoseconds / (floor.rounds[round] ?? 0)));
    columns.push(
      `${ratio.median.toFixed(2).padStart(6)} (${ratio.half.map((each) => each.toFixed(2)).join('–')})`,
    );
  }
  return `  ${one.name.padEnd(56)}${columns.join('  ')}`;
}

assertSame(handAccount, plainAccount, [...accounts, ...badAccounts]);
assertSame(plainAccount, celAccount, accounts);
assertSame(handOrder, plainOrder, [...orders, ...badOrders]);

const all = [handAccount, plainAccount, celAccount, handOrder, plainOrder, aPath, ...expressions];
for (const one of all) sample(one);
for (let round = 0; round < rounds; round++) {
  // Everybody begins a round once in a while, so that nobody always follows the same neighbour.
  const turn = round % all.length;
  for (const one of [...all.slice(turn), ...all.slice(0, turn)]) one.rounds.push(sample(one));
}

console.log(
  [
    `mapping files against code, ${rounds} rounds; ratio to the first of each group (half of the rounds lie between)`,
    'a record with twenty fields',
    line(handAccount, null),
    line(plainAccount, handAccount),
    'an order with ten lines',
    line(handOrder, null),
    line(plainOrder, handOrder),
    'expressions, in the same twenty fields',
    line(plainAccount, null),
    line(celAccount, plainAccount),
    'one expression, and what reads a field without one',
    line(aPath, null),
    ...expressions.map((one) => line(one, aPath)),
  ].join('\n'),
);
