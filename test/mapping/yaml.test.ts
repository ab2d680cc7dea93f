import { describe, expect, it } from 'vitest';
import { readYaml, textOf } from '../../src/mapping/yaml.ts';
import { readMappings } from '../../src/mapping/read.ts';
import { aMapping, given, head, problemsOf } from './a-mapping.ts';

const plain = (text: string): unknown => readYaml({ path: 'm.yaml', text }, textOf).plain;
const rest = 'fields: { x: { from: id } }\n';

describe('YAML', () => {
  it.each([
    '0123',
    '1.10',
    'NO',
    '+49',
    '1e3',
    '~',
    'null',
    'true',
    '0x1F',
    '2026-01-31',
    '.5',
    '012:30',
    '<<',
    'yes',
    'Off',
    'NaN',
    '.inf',
    '1_000',
    '0o17',
    '0b1',
    '2026-01-31T09:30:00Z',
    '12:30:45',
    '=',
  ])('keeps %s as the text that was written', (written) => {
    expect(plain(`a: ${written}\n`)).toEqual({ a: written });
  });

  it('takes keys as the text that was written, too', () => {
    expect(plain('NO: Norway\n0123: zero\n1.0: one\n')).toEqual({
      NO: 'Norway',
      '0123': 'zero',
      '1.0': 'one',
    });
  });

  it('reads nothing after a colon as an empty text', () => {
    expect(plain('a:\nb: ""\n')).toEqual({ a: '', b: '' });
  });

  it('ignores a byte order mark and counts lines that end the Windows way', () => {
    const text = `\uFEFF${head}fields:\n  x: { form: id }\n`.replaceAll('\n', '\r\n');
    expect(problemsOf(text)).toEqual(['5:8 mapping_unknown_key unknown key `form`; did you mean `from`?']);
    expect(problemsOf('\uFEFFflwo: deals\r\n').slice(0, 1)).toEqual([
      '1:1 mapping_missing_key `flow` is missing',
    ]);
  });

  it('names a tab where spaces are needed', () => {
    expect(problemsOf(`${head}fields:\n\tx: { from: id }\n`)).toEqual([
      '5:1 mapping_unreadable a tab stands where spaces are needed',
    ]);
  });

  it('reads an empty file without falling over', () => {
    expect(problemsOf('')).toEqual([
      '1:1 mapping_bad_value the file must be a group of keys such as `flow`, `read`, `write` and `fields`, and it is empty',
    ]);
    expect(problemsOf('# nothing yet\n')).toHaveLength(1);
    expect(problemsOf('- flow: a\n')).toEqual([
      '1:1 mapping_bad_value the file must be a group of keys such as `flow`, `read`, `write` and `fields`, and it is a list',
    ]);
  });

  it('says so when a file is nested too deeply to be read', () => {
    const text = `${head}fields: ${'['.repeat(50_000)}`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('mapping_unreadable groups are nested too deeply'),
    ]);
  });

  it('refuses keys that are groups, and the key that would reach into JavaScript', () => {
    expect(problemsOf(`${head}fields: { x: { from: id } }\n[a]: b\n`)).toEqual([
      '5:1 mapping_unreadable a key must be a plain word',
    ]);
    expect(problemsOf(`${head}${rest}__proto__: { a: b }\n`)).toEqual([
      '5:1 mapping_unknown_key `__proto__` cannot be a key',
    ]);
  });

  it('refuses anchors, aliases and merges, which hide what a line says', () => {
    expect(problemsOf(`${head}fields:\n  x: &a { from: id }\n  y: *a\n`)).toEqual([
      '6:6 mapping_unreadable `*a` is an alias; write out what it stands for',
    ]);
    expect(problemsOf(`${head}fields:\n  x: { <<: { from: id } }\n`)).toEqual([
      '5:8 mapping_unknown_key unknown key `<<`',
    ]);
  });

  it.each([
    ['x: { from: id, from: name }', '5:18 mapping_duplicate_key `from` is given twice'],
    ['x: { from: id }\n  "x": { from: name }', '6:3 mapping_duplicate_key `x` is given twice'],
    ['toString: { from: id }', null],
  ])('refuses a key that is given twice, however it is written: %s', (fields, problem) => {
    expect(problemsOf(`${head}fields:\n  ${fields}\n`)).toEqual(problem === null ? [] : [problem]);
  });

  it('counts lines and columns the same way with a byte order mark and all three kinds of line ends', () => {
    for (const end of ['\n', '\r\n'])
      expect(
        problemsOf(`\uFEFF${`${head}fields:\n  x: { from: id }\n  y: { form: id }\n`.replaceAll('\n', end)}`),
      ).toEqual(['6:8 mapping_unknown_key unknown key `form`; did you mean `from`?']);
  });

  it('refuses a file of 5 MB before it is parsed, and says where the values belong', () => {
    const text = `${head}${rest}value_maps:\n  m:\n${'    a: b\n'.repeat(600_000)}`;
    const { problems } = readMappings([{ path: 'm.yaml', text }], []);
    expect(problems).toEqual([
      {
        code: 'mapping_too_large',
        message: 'the file has 5,400,131 characters, and 500,000 are the most',
        remedy: 'Move long value maps into CSV files under `values/`, and split the file.',
        at: { file: 'm.yaml', line: 1, column: 1 },
        frame: expect.stringMatching(/^> 1 \| flow: deals\n/),
      },
    ]);
  });

  it('tells of all of thousands of bad rules, each at its place', () => {
    const rules = Array.from({ length: 5000 }, (_, index) => `  f${index}: { form: id }\n`);
    const problems = problemsOf(`${head}fields:\n${rules.join('')}`);
    expect(problems).toHaveLength(5000);
    expect(problems.at(-1)).toMatch(/^5004:12 mapping_unknown_key unknown key `form`/);
  });

  it('does not show the whole of a line without end', () => {
    const { problems } = readMappings(
      [{ path: 'm.yaml', text: `${head}about: ${'x'.repeat(5000)}: y\n` }],
      [],
    );
    expect(problems[0]?.frame?.length).toBeLessThan(1000);
  });

  it('takes a field named like a part of JavaScript for a field', () => {
    const mapping = aMapping('fields: { constructor: { from: toString }, hasOwnProperty: { from: id } }\n');
    expect(mapping.run({ id: '1' }, given)).toMatchObject({
      kind: 'record',
      fields: { hasOwnProperty: '1' },
    });
  });
});
