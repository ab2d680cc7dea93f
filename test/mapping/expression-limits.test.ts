import { describe, expect, it } from 'vitest';
import type { SourceRecord, Value } from '../../src/connector/value.ts';
import { compileExpression } from '../../src/mapping/expression/expression.ts';
import { isRefusal } from '../../src/mapping/refusal.ts';

function run(text: string, record: SourceRecord = {}): unknown {
  const expression = compileExpression(text, 'record');
  if ('mistakes' in expression) return { mistakes: expression.mistakes.map(({ mistake }) => mistake) };
  const result = expression.run({ record, line: null });
  return isRefusal(result) ? { refused: result.message } : result;
}

const list = (length: number, of: Value = 'x'): Value[] => Array.from({ length }, () => of);
const tooMany = {
  refused: 'takes more than 1,000,000 steps: the lists or texts that it goes through are too long',
};
const tooDeep = { mistakes: ['is too long or too deep; split it into several fields'] };

describe('what JavaScript puts on every object', () => {
  it.each([
    'constructor',
    'toString',
    'hasOwnProperty',
    'record.constructor',
    'record.constructor.constructor',
    'record["__proto__"]',
    'record.__proto__.toString',
    'group.constructor',
    'group["constructor"]',
    '{"a": 1}.constructor',
    '{"a": 1}["__proto__"]',
    '{"__proto__": {"x": "y"}}.x',
    'size.constructor',
  ])('is no field: %s', (text) => {
    expect(run(text, { group: { a: 'b' } })).toBeNull();
  });

  it.each(['items.length', 'items.constructor', 'items["length"]', 'items.map'])(
    'is no field of a list or a text: %s',
    (text) => {
      expect(run(text, { items: ['a'] })).toEqual({ refused: expect.stringContaining('asks a list') });
      expect(run(text, { items: 'a' })).toEqual({ refused: expect.stringContaining('asks "a"') });
    },
  );

  it('may be the name of a field or of a variable all the same', () => {
    const record: SourceRecord = {
      constructor: 'Acme',
      builder: { constructor: 'Sub', toString: 't' },
      items: [{ constructor: 'One' }],
    };
    expect(run('constructor + builder.constructor + builder.toString', record)).toBe('AcmeSubt');
    expect(run('items.map(constructor, constructor.constructor)', record)).toEqual(['One']);
    expect(run('record.builder', record)).toEqual(record['builder']);
    const nested: SourceRecord = {
      h: { g: [{ a: { constructor: { constructor: 'k' } } }] },
      items: record['items'] ?? null,
    };
    expect(run('h == null ? "none" : h.g[0].a.constructor.constructor', nested)).toBe('k');
    expect(run('h == record.h && record.items[0].constructor == "One"', nested)).toBe(true);
    expect(run('record', nested)).toEqual(nested);
    expect(run('items[0].constructor == "One" && size(builder) == 2', record)).toBe(true);
  });
});

describe('an expression never runs on and on', () => {
  const thousand = list(1000, { sku: 's', price: '1' });

  it('goes through a list of a thousand, and through two of hundreds at once', () => {
    expect(run('items.all(i, i.price > 0)', { items: thousand })).toBe(true);
    const hundreds = thousand.slice(0, 300);
    expect(run('items.all(i, items.exists(j, j.sku == i.sku))', { items: hundreds })).toBe(true);
    expect(run('items.map(i, items.map(j, j.sku).size()).size()', { items: hundreds })).toBe('300');
  });

  it.each([
    'items.map(i, items.map(j, i.sku + j.sku)).size()',
    'items.map(i, items.filter(j, j.price > i.price)).size()',
    'items.all(i, items.all(j, true))',
  ])('is stopped after a million steps: %s', (text) => {
    expect(run(text, { items: thousand })).toEqual(tooMany);
  });

  it('counts the length of the texts and lists that are looked at again and again', () => {
    const note = 'x'.repeat(500_000);
    expect(run('note.contains("y") || note.indexOf("yx") > 0', { note })).toBe(false);
    expect(run('items.exists(i, record.note.contains(i.sku))', { items: thousand, note })).toEqual(tooMany);
    expect(
      run('notes.exists(n, items.exists(i, n.contains(i.sku)))', { items: thousand, notes: [note] }),
    ).toEqual(tooMany);
    expect(run('items.map(i, record.long.size())', { items: thousand, long: list(100_000) })).toEqual(
      tooMany,
    );
  });

  it.each([
    ['note.split("").size()', '5000000'],
    ['note.split(",").join(";") == note', true],
    ['note.trim().size()', '5000000'],
    ['note.lastIndexOf("yx")', '-1'],
    ['note.split(note).size()', '2'],
    ['note.upperAscii().startsWith("X")', true],
  ])('works on a text of five million characters: %s', (text, result) => {
    expect(run(text, { note: 'x'.repeat(5_000_000) })).toEqual(result);
  });

  const doubled = (start: string, times: number, body = '[x, x]'): string =>
    start + `.map(x, ${body})`.repeat(times);
  const grown = doubled('list', 16, '[x, x, x, x]');

  it.each([
    `name${'.split("").join("aaaaaaaaaa")'.repeat(12)}`,
    doubled('list', 22),
    doubled('list', 30),
    doubled('list', 25, 'x + x'),
    doubled('list', 24, '{"a": x, "b": x}'),
    `${grown} == ${grown}`,
    `${grown} in [${grown}]`,
    'a.lastIndexOf(b) + a.indexOf(b)',
    'a.contains(b)',
    'items.map(i, record.a.upperAscii()).size()',
    'items.map(i, record.name).join(record.a)',
    'items.map(i, record.name.trim() + record.name + record.name).map(t, t + t + t + t).map(t, t + t)',
    `items.all(i, items.all(j, ${Array.from({ length: 60 }, () => '1.0 / 3').join(' + ')} > 0))`,
    `items.all(i, items.all(j, ${Array.from({ length: 100 }, () => '1').join(' + ')} > 0))`,
  ])(
    'counts what it makes, and what is in what it makes: %s',
    (text) => {
      const record = {
        name: 'hello world'.repeat(100),
        list: ['a'],
        items: list(1000, {}),
        a: 'a'.repeat(1_000_000),
        b: `b${'a'.repeat(500_000)}`,
      };
      expect(run(text, record)).toEqual(tooMany);
    },
    20_000,
  );

  it.each([
    ['items.exists(i, items.exists(j, j.x > 0))', 'cannot use `>` on `j.x`, which is empty'],
    ['items.exists(i, items.exists(j, decimal(j) > 0))', 'needs a number, and a group of fields is none'],
    ['items.all(i, items.all(j, j.x > 0 || j.x > 1 || j.x > 2))', 'cannot use `>` on `j.x`, which is empty'],
  ])(
    'ends soon when it fails at every item: %s',
    (text, refused) => {
      expect(run(text, { items: list(1000, {}) })).toEqual({ refused: expect.stringContaining(refused) });
    },
    20_000,
  );

  it('has fewer steps when it gives the same for every record', () => {
    const refused = { refused: tooMany.refused.replace('1,000,000', '10,000') };
    expect(run(doubled('["a"]', 16))).toEqual(refused);
    expect(run(doubled('["a"]', 4) + '.size()')).toBe('1');
  });

  it('makes no number that has too many digits to be written', () => {
    expect(run(doubled('list', 20, 'decimal(x) * decimal(x)'), { list: ['1e99'] })).toEqual({
      refused: 'comes to a number of more than 10,000 digits',
    });
  });

  it('has all its steps again for the next record', () => {
    const expression = compileExpression('items.map(i, items.map(j, 1)).size()', 'record');
    if ('mistakes' in expression) throw new Error('it compiles');
    const of = (length: number) => expression.run({ record: { items: list(length) }, line: null });
    expect(of(1000)).toMatchObject({ code: 'expression_failed' });
    for (let n = 0; n < 5; n++) expect(of(700)).toBe('700');
  });

  it('says so when a value is nested too deeply, or a text would grow too long', () => {
    const nested = (): Value => {
      let value: Value = 'x';
      for (let n = 0; n < 20_000; n++) value = { a: value };
      return value;
    };
    const refused = { refused: 'meets a value that is nested too deeply' };
    expect(run('group', { group: nested() })).toEqual(refused);
    expect(run('group == other', { group: nested(), other: nested() })).toEqual(refused);
    expect(run('a.join(note)', { a: list(1000), note: 'x'.repeat(1_000_000) })).toEqual(tooMany);
  });

  it.each([
    `${'('.repeat(100_000)}1${')'.repeat(100_000)}`,
    `${'-'.repeat(100_000)}1`,
    `${'!'.repeat(100_000)}true`,
    '['.repeat(100_000),
    `a${'.b'.repeat(100_000)}`,
    `a${'[0]'.repeat(100_000)}`,
    'a ? '.repeat(100_000),
    `a${' + a'.repeat(100_000)}`,
  ])('is refused before it runs when it is too deep to be read', (text) => {
    expect(run(text)).toEqual(tooDeep);
  });
});
