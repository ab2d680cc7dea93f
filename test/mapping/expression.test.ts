import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/connector/value.ts';
import { compileExpression } from '../../src/mapping/expression/expression.ts';
import { isRefusal } from '../../src/mapping/refusal.ts';

const record: SourceRecord = {
  amount: '12.50',
  stage: 'won',
  type: 'T',
  empty: '',
  nothing: null,
  active: true,
  flag: 'false',
  company: { id: '5', size: null },
  items: [
    { price: '1.10', sku: 'a' },
    { price: '2.20', sku: 'b' },
  ],
};

function run(text: string, place: 'record' | 'line' = 'record', line: SourceRecord | null = null): unknown {
  const expression = compileExpression(text, place);
  if ('mistakes' in expression) return { mistakes: expression.mistakes.map(({ mistake }) => mistake) };
  const result = expression.run({ record, line });
  return isRefusal(result) ? { refused: result.message } : result;
}

describe('an expression', () => {
  it.each<[string, unknown]>([
    ['stage == "won" && amount > 0', true],
    ['amount > 12.5', false],
    ['amount == 12.5', true],
    ['amount != 12.5', false],
    ['12 < amount', true],
    ['empty == 0', false],
    ['stage in ["won", "lost"]', true],
    ['active && !(stage == "lost")', true],
    ['stage.startsWith("w") ? stage.upperAscii() : ""', 'WON'],
    ['stage == "won" ? "W" : null', 'W'],
    ['stage == "lost" ? 1 : null', null],
    ['nothing == null ? null : nothing.trim()', null],
    ['company["id"] + "/" + type', '5/T'],
    ['record.stage', 'won'],
    ['size(items)', '2'],
    ['items[1].sku', 'b'],
    ['items.map(i, i.sku).join(", ")', 'a, b'],
    ['items.filter(i, i.price > 2).map(i, i.sku)', ['b']],
    ['items.exists(i, i.sku == "b") && items.all(i, i.price > 1)', true],
    ['{"won": "sale", "lost": "none"}[stage]', 'sale'],
    ['string(decimal(amount))', '12.5'],
    ['6 / 2', '3'],
    ['size(items) / 3', '0'],
    ['flag == false && false == flag && flag != true', true],
    ['active == "true" && active != "True"', true],
    ['stage == true || stage == false', false],
    ['flag in [true, false] && !(flag in [true])', true],
    ['amount in [12.5] && !(amount in [12])', true],
    ['company.id in [4, 5] && 5 in [company.id]', true],
    ['nothing in [null] && !(nothing in [""])', true],
    ['[company.id, [amount]] == [5, [12.5]]', true],
    ['int(decimal(amount)) + int(decimal("-12.9"))', '0'],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['"abcab".indexOf("ab", 1) + "abcab".lastIndexOf("ab", 2)', '3'],
  ])('%s', (text, result) => {
    expect(run(text)).toEqual(result);
  });

  it.each([
    ['0.1 + 0.2', '0.3'],
    ['[decimal(amount)][0] + {"x": decimal(amount)}.x', '25'],
    ['decimal(amount) * 1.19', '14.875'],
    ['decimal("19.99") * 3 + decimal("5.005")', '64.975'],
    ['decimal("12345678901234567890.12") + 0.01', '12345678901234567890.13'],
    ['-decimal(amount) - 1', '-13.5'],
    ['7.0 / 2', '3.5'],
    ['decimal("1e3")', '1000'],
    ['0.000000001 * 0.000000001', '0.000000000000000001'],
  ])('counts exactly: %s', (text, result) => {
    expect(run(text)).toBe(result);
  });

  it.each([
    'missing',
    'company.missing',
    'missing.deeper.still',
    'company.size.of',
    'company["missing"]',
    'items[7].sku',
    'nothing.x',
  ])('takes %s for null', (text) => {
    expect(run(text)).toBeNull();
    expect(run(`${text} == null`)).toBe(true);
    expect(run(`has(${text.replace(/\["(\w+)"\]/, '.$1')})`)).toBe(false);
  });

  it.each([
    ['missing > 0', 'cannot use `>` on `missing`, which is empty; test missing != null first'],
    ['stage > 0', 'needs a number, and "won" is none'],
    ['empty > 0', 'needs a number, and the value is empty'],
    ['stage + 1', 'cannot use `+` on a text and a whole number; make a text a number with `decimal`'],
    [
      'decimal(amount) * amount',
      'cannot use `*` on a decimal and a text; make a text a number with `decimal`',
    ],
    ['nothing.trim()', 'cannot use `trim` on an empty value; test != null first'],
    ['active && stage', 'needs true or false where it has a text; compare it, such as x == "true"'],
    ['decimal(amount) / 0', 'divides by zero'],
    [
      '9223372036854775807 + size(items)',
      'comes to a whole number that is too large to count with; use `decimal`',
    ],
    ['int(decimal("1e30"))', 'makes a whole number with `int` that is too large for it; leave it a decimal'],
    ['stage.substring(9)', 'asks `substring` for place 9 of a text that has 3 characters'],
    ['stage.substring(2, 1)', 'asks `substring` for an end before its start'],
    ['["a", 1].join(",")', 'joins a list of which not every item is a text; make them texts with `string`'],
    ['stage in stage', 'cannot use `in` on "won", which is no list'],
    ['stage.id', 'asks "won" for its field `id`'],
    ['missing.map(i, i)', 'goes through an empty value as if it were a list'],
    ['stage.all(i, i == "w")', 'goes through "won" as if it were a list'],
  ])('says why it fails: %s', (text, message) => {
    expect(run(text)).toEqual({ refused: message });
  });

  it.each([
    ['', 'is empty'],
    ['stage = "won"', 'has a single `=`, which compares nothing; write `==`'],
    ['stage & active', 'has a single `&`; write `&&`'],
    ['stage ==', 'ends too early'],
    ['stage..x', 'cannot be read from `.x` on'],
    ['sise(items)', 'calls `sise`, which does not exist; did you mean `size`?'],
    [
      'double(amount)',
      'calls `double`, which cannot be used: a floating point number loses cents; use `decimal`',
    ],
    [
      'timestamp(stage)',
      'calls `timestamp`, which cannot be used: dates compare as text: closedate > "2026-01-31"',
    ],
    [
      'matches(stage, "w")',
      'calls `matches`, which cannot be used: a regular expression can run without end; use `contains`, `startsWith` or `endsWith`',
    ],
    ['has(1 + 2)', 'gives `has` something else than one field, such as has(company.id)'],
    ['items.map(i)', 'needs a name and an expression for `map`, such as map(item, …)'],
    ['items.map(a, items.map(b, items.map(c, c)))', 'goes through lists more than two deep'],
    ['items.map(_here, stage)', 'names a variable that begins with `_`'],
    ['toString()', 'calls `toString`, which does not exist; did you mean `string`?'],
    ['stage.constructor("x")', 'calls `constructor`, which does not exist'],
    ['_field(record, "a")', 'calls `_field`, which does not exist'],
    ['5u', 'has `5u`, a kind of value that has no use here'],
    [
      'decimal(amount) * (15 / 100)',
      'has `15 / 100`, which is 0, because whole numbers divide to whole numbers; write `15.0 / 100`',
    ],
    ['-7 / 2', 'has `-7 / 2`, which is -3, because whole numbers divide to whole numbers; write `-7.0 / 2`'],
    ['1 == true', 'cannot use `==` on a whole number and true or false'],
    ['stage in "won"', 'cannot use `in` on a value and a text'],
    ['active ? "a" : 1', 'gives values of different kinds after `?` and `:`'],
    [
      Array.from({ length: 400 }, () => '1').join(' + '),
      'is too long or too deep; split it into several fields',
    ],
  ])('is refused before it runs: %s', (text, mistake) => {
    expect(run(text)).toEqual({ mistakes: [mistake] });
  });

  it('refuses to go through a list without an end', () => {
    const expression = compileExpression('many.map(i, i)', 'record');
    const many = Array.from({ length: 1001 }, () => 'x');
    const result = 'mistakes' in expression ? null : expression.run({ record: { many }, line: null });
    expect(result).toMatchObject({ message: 'goes through a list of 1001; 1000 is the most' });
  });

  it('is as good as new after a failure in the middle of a list', () => {
    const expression = compileExpression('items.map(i, decimal(i.price))', 'record');
    if ('mistakes' in expression) throw new Error('it compiles');
    expect(
      isRefusal(expression.run({ record: { items: [{ price: '1' }, { price: 'x' }] }, line: null })),
    ).toBe(true);
    expect(expression.run({ record: { items: [{ price: '1' }, { price: '3' }] }, line: null })).toEqual([
      '1',
      '3',
    ]);
  });

  it('sees the fields of a line inside lines, and the record beyond it', () => {
    const line = { sku: 'z', 'odd name': 'x' };
    expect(run('sku + record.stage + line["odd name"]', 'line', line)).toBe('zwonx');
    expect(run('stage', 'line', line)).toBeNull();
    expect(run('line', 'record')).toBeNull();
  });

  it('lists the fields that it reads, also those behind a list', () => {
    const expression = compileExpression(
      'stage == "won" && items.exists(i, i.price > company.limit) && record.type != null',
      'record',
    );
    const reads =
      'mistakes' in expression ? [] : expression.reads.map(({ root, steps }) => `${root}:${steps.join('.')}`);
    expect(reads).toEqual([
      'here:stage',
      'here:items',
      'here:items.price',
      'here:company.limit',
      'record:type',
    ]);
  });

  it('knows whether it answers a question', () => {
    const answers = ['stage == "a"', 'decimal(amount)', 'active'].map((text) => {
      const expression = compileExpression(text, 'record');
      return 'mistakes' in expression ? undefined : expression.yesOrNo;
    });
    expect(answers).toEqual([true, false, null]);
  });
});
