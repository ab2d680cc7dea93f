import { describe, expect, it } from 'vitest';
import { aMapping, aRule, given, resultOf, told } from './a-mapping.ts';

describe('a value that a cut leaves nothing of', () => {
  it('is no value', () => {
    const rule = '{ from: a, max: 3, too_long: cut';
    expect(resultOf(`${rule} }`, { a: '    Bob' })).toBeUndefined();
    expect(resultOf(`${rule}, required: true }`, { a: '    Bob' })).toEqual([
      'value_missing x: `a` is empty, and the field must have a value',
    ]);
  });
});

describe('where a value comes from', () => {
  it('takes the field at the path, and the first of a list of paths that is not empty', () => {
    expect(resultOf('{ from: company.name }', { company: { name: 'Acme' } })).toBe('Acme');
    expect(resultOf('{ from: [a, b, c] }', { a: null, b: '', c: 'third' })).toBe('third');
  });

  it('takes a space for a value, and false for one, too', () => {
    expect(resultOf('{ from: [a, b] }', { a: ' ', b: 'x' })).toBe(' ');
    expect(resultOf('{ from: [a, b] }', { a: false, b: 'x' })).toBe(false);
  });

  it.each([{}, { company: null }, { company: {} }, { company: { name: null } }, { company: { name: '' } }])(
    'leaves the field alone when there is none: %j',
    (record) => {
      expect(resultOf('{ from: company.name }', record)).toBeUndefined();
    },
  );

  it('does not mistake what JavaScript puts on every object for a field', () => {
    expect(resultOf('{ from: constructor.name }', {})).toBeUndefined();
    expect(resultOf('{ from: __proto__ }', {})).toBeUndefined();
  });

  it('refuses the field of a text, of a list, and a whole record', () => {
    expect(resultOf('{ from: name.first }', { name: 'Ada' })).toEqual([
      'value_wrong_kind x: `name.first` cannot be read: `name` is a single value, which has no field `first`',
    ]);
    expect(resultOf('{ from: tags.first }', { tags: ['a'] })).toEqual([
      'value_wrong_kind x: `tags.first` cannot be read: `tags` is a list, which has no field `first`',
    ]);
    expect(resultOf('{ from: company }', { company: { id: '1' } })).toEqual([
      'value_wrong_kind x: `company` is a group of fields, which is not a single value; name one of its fields',
    ]);
    expect(resultOf('{ from: items }', { items: [{ id: '1' }] })).toEqual([
      'value_wrong_kind x: `items` is a list of 1, which is a list of records; map it under `lines`, or make a text of it with `expr`',
    ]);
    expect(resultOf('{ from: tags, as: text }', { tags: ['a'] })).toEqual([
      'value_wrong_kind x: `tags` is a list of 1, which is not a single value; name one of its fields',
    ]);
  });

  it('hands a list of values on as it is', () => {
    expect(resultOf('{ from: tags }', { tags: ['1', '2'] })).toEqual(['1', '2']);
  });

  it.each([
    [{ first: 'Ada', last: 'Lovelace' }, 'Ada Lovelace'],
    [{ first: ' Ada ', last: 'Lovelace' }, 'Ada Lovelace'],
    [{ first: 'Ada', last: '' }, 'Ada'],
    [{ first: null, last: 'Lovelace' }, 'Lovelace'],
    [{ first: ' ', last: 'Lovelace' }, 'Lovelace'],
    [{}, undefined],
  ])('fills a template without stray spaces: %j', (record, result) => {
    expect(resultOf("{ template: '{first} {last}' }", record)).toBe(result);
  });

  it('keeps the texts of a template, and drops them all when nothing fills it', () => {
    expect(resultOf("{ template: 'Fax {fax}, {{ext}} {ext}' }", { fax: '1' })).toBe('Fax 1, {ext}');
    expect(resultOf("{ template: 'Fax {fax}' }", { fax: '' })).toBeUndefined();
    expect(resultOf("{ template: '{flag}' }", { flag: false })).toBe('false');
    expect(resultOf("{ template: '{company}' }", { company: {} })).toEqual([
      'value_wrong_kind x: the template `{company}` cannot be filled: `company` is a group of fields',
    ]);
  });

  it('chooses the first branch whose condition holds', () => {
    const rule =
      '{ choose: [{ when: price == 0, value: gift }, { when: price > 999, from: grade }], else: { value: goods } }';
    expect(resultOf(rule, { price: '0.00' })).toBe('gift');
    expect(resultOf(rule, { price: '1000', grade: 'gold' })).toBe('gold');
    expect(resultOf(rule, { price: '5' })).toBe('goods');
    expect(resultOf('{ choose: [{ when: price == 0, value: gift }] }', { price: '5' })).toBeUndefined();
  });

  it('rejects the record when a condition does not work out', () => {
    expect(resultOf('{ choose: [{ when: price > 0, value: a }] }', {})).toEqual([
      'expression_failed x: `choose` has the condition `price > 0`, which cannot use `>` on `price`, which is empty; test price != null first',
    ]);
    expect(resultOf('{ choose: [{ when: paid, value: a }] }', { paid: 'true' })).toEqual([
      'expression_failed x: `choose` has the condition `paid`, which gives "true", which is neither true nor false; compare it, such as x == "true"',
    ]);
  });

  it('evaluates an expression', () => {
    expect(resultOf("{ expr: 'decimal(a) * 2', as: decimal, scale: 2 }", { a: '1.005' })).toBe('2.01');
    expect(resultOf("{ expr: 'a.trim()' }", {})).toEqual([
      'expression_failed x: the expression `a.trim()` cannot use `trim` on an empty value; test != null first',
    ]);
  });
});

describe('what happens to a value', () => {
  it('goes through reference, map, default, conversion and length in this order', () => {
    const translated = aMapping(
      "fields: { x: { from: c, map: m, default: 'no', as: boolean } }\nvalue_maps: { m: { 'true': 'yes' } }\n",
    );
    expect(translated.run({ c: true }, given)).toMatchObject({ fields: { x: true } });
    expect(resultOf("{ default: '7', max: 1, from: c, as: text }", {})).toBe('7');
    expect(resultOf('{ reference: accounts, from: c, as: integer }', { c: '5' })).toBe('42');
  });

  it('is the default when it is empty, and the default is converted as well', () => {
    expect(resultOf("{ from: a, default: '1.5', as: decimal, scale: 2 }", { a: '' })).toBe('1.50');
    expect(resultOf('{ from: a, default: x }', { a: 'y' })).toBe('y');
  });

  it.each([
    ['{ from: a }', undefined],
    ['{ from: a, when_empty: keep }', undefined],
    ['{ from: a, when_empty: clear }', null],
  ])('is kept or cleared when it is empty: %s', (rule, result) => {
    for (const record of [{}, { a: null }, { a: '' }]) expect(resultOf(rule, record)).toBe(result);
  });

  it('must be there where it is required', () => {
    expect(resultOf('{ from: [a, b], required: true }', { a: '' })).toEqual([
      'value_missing x: `a` or `b` is empty, and the field must have a value',
    ]);
    expect(resultOf('{ from: a, required: true, default: x }', {})).toBe('x');
  });

  it('is too long when it has more characters than the field, counted as people count', () => {
    expect(resultOf('{ from: a, max: 3 }', { a: 'añ😀' })).toBe('añ😀');
    expect(resultOf('{ from: a, max: 3 }', { a: 'abcd' })).toEqual([
      'value_too_long x: `a` is "abcd", which has 4 characters; the field holds 3',
    ]);
    expect(resultOf('{ from: a, max: 3, too_long: cut }', { a: 'a😀😀😀' })).toBe('a😀😀');
    expect(resultOf('{ from: a, max: 3, too_long: cut }', { a: 'ab cd' })).toBe('ab');
  });

  it('shows no more than 80 characters of a value in a message', () => {
    const [message] = resultOf('{ from: a, as: integer }', { a: 'x'.repeat(500) }) as string[];
    expect(message).toContain(`"${'x'.repeat(79)}…"`);
    expect(message?.length).toBeLessThan(160);
  });

  it('is translated by a value map, which matches exactly', () => {
    expect(resultOf('{ from: c, map: currencies }', { c: 'Euro' })).toBe('EUR');
    expect(resultOf('{ from: c, map: currencies }', { c: 'euro' })).toEqual([
      'value_not_mapped x: `c` is "euro", which the value map `currencies` does not have',
    ]);
    expect(resultOf('{ from: c, map: currencies }', { c: 'constructor' })).toEqual([
      expect.stringContaining('value_not_mapped'),
    ]);
    expect(resultOf('{ from: c, map: currencies }', { c: true })).toBe('yes');
  });
});

function mapped(
  map: string,
  record: { [field: string]: string },
  files: { [path: string]: string } = {},
): unknown {
  const ending = aMapping(
    `fields:\n  x: { from: c, map: m, default: d }\nvalue_maps:\n  m: ${map}\n`,
    files,
  ).run(record, given);
  return ending.kind === 'record' ? ending.fields['x'] : told(ending);
}

function hashWith(text: string): string {
  return aMapping('fields: { x: { from: c, map: m } }\nvalue_maps: { m: { file: values/t.csv } }\n', {
    'mappings/values/t.csv': text,
  }).hash;
}

describe('a value map', () => {
  it.each([
    ['reject', ['value_not_mapped x: `c` is "z", which the value map `m` does not have']],
    ['keep', 'z'],
    ['default', 'd'],
  ])('may %s what it does not have', (unknown, result) => {
    expect(mapped(`{ values: { a: b }, unknown: ${unknown} }`, { c: 'z' })).toEqual(result);
  });

  it('may be a file: quotes, commas, Windows lines and a byte order mark included', () => {
    const file =
      '\uFEFFfrom,to,note\r\n"30 days, net",NET30,\r\n"say ""60""",NET60,"two\r\nlines"\r\n\r\nnone,\r\n';
    const files = { 'mappings/values/terms.csv': file };
    expect(mapped('{ file: values/terms.csv }', { c: '30 days, net' }, files)).toBe('NET30');
    expect(mapped('{ file: values/terms.csv }', { c: 'say "60"' }, files)).toBe('NET60');
    expect(mapped('{ file: values/terms.csv }', { c: 'none' }, files)).toBe('d');
  });

  it('is found again whatever system wrote the path', () => {
    const windows = aMapping(
      'fields: { x: { from: c, map: m } }\nvalue_maps: { m: { file: values/t.csv } }\n',
      { 'mappings\\values\\t.csv': 'from,to\na,b\n' },
    );
    expect(windows.run({ c: 'a' }, given)).toMatchObject({ fields: { x: 'b' } });
  });

  it('changes the hash of the mapping when its file changes', () => {
    expect(hashWith('from,to\na,b\n')).toBe(hashWith('from,to\na,b\n'));
    expect(hashWith('from,to\na,b\n')).not.toBe(hashWith('from,to\na,c\n'));
  });
});

describe('a reference', () => {
  it('becomes the id in the ERP, or makes the record wait', () => {
    expect(resultOf('{ reference: accounts, from: company.id }', { company: { id: '5' } })).toBe('42');
    expect(resultOf('{ reference: accounts, from: company.id }', { company: { id: '6' } })).toEqual({
      waiting: ['accounts/6'],
    });
    expect(resultOf('{ reference: accounts, from: company.id }', { company: null })).toBeUndefined();
  });

  it('may be rejected or left out instead', () => {
    expect(resultOf('{ reference: accounts, from: c, if_missing: reject }', { c: '6' })).toEqual([
      'reference_not_linked x: `c` is "6", which the flow accounts has not brought to the ERP',
    ]);
    expect(resultOf("{ reference: accounts, from: c, if_missing: 'null' }", { c: '6' })).toBeUndefined();
    expect(resultOf("{ reference: accounts, from: c, if_missing: 'null', default: '1' }", { c: '6' })).toBe(
      '1',
    );
  });

  it('must name one record', () => {
    expect(resultOf('{ reference: accounts, from: c }', { c: ['5'] })).toEqual([
      'value_wrong_kind x: `c` is a list of 1, which is not the id of one record',
    ]);
  });

  it('is told without running anything else', () => {
    const mapping = aRule('{ reference: accounts, from: c, as: integer, required: true }');
    expect(mapping.references({ c: 'not a number' })).toEqual([{ flow: 'accounts', id: 'not a number' }]);
    expect(mapping.references({})).toEqual([]);
  });
});
