import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { readMappings } from '../../src/mapping/read.ts';
import { head, problemsOf } from './a-mapping.ts';

function hash(rest: string): string | undefined {
  return readMappings([{ path: 'a.yaml', text: head + rest }], []).mappings[0]?.hash;
}

describe('reading a mapping', () => {
  it('tells of the rules that are not sound and checks the others all the same', () => {
    const text = `${head}schedule: soon
fields:
  a: { form: id }
  b: { from: id, map: nothing }
  c: text
lines:
  l:
    for_each: ..items
    key: id
    fields: { d: { from: a, scale: 2 }, e: { as: x } }
value_maps:
  m: []
write_back: [{ to: erp, field: x }]
`;
    expect(problemsOf(text)).toEqual([
      '4:11 mapping_bad_schedule `soon` is no cron expression',
      '6:8 mapping_unknown_key unknown key `form`; did you mean `from`?',
      '7:23 mapping_unknown_value_map there is no value map `nothing`',
      '8:6 mapping_bad_value `c` must be a rule such as `{ from: name }`, and it is `text`',
      '11:15 mapping_bad_path `..items` begins with `..`, which leads from a line to its record; this is the record already',
      '13:29 mapping_conflict `scale` needs `as: decimal`',
      '13:50 mapping_bad_value `as` must be one of text, integer, decimal, boolean, date, datetime, country, currency, phone, email, url, and it is `x`',
      '15:6 mapping_bad_value `m` must be a group of `source value: ERP value`, or `{ file: values/name.csv }`, and it is an empty list',
      '16:14 mapping_missing_key `from` is missing under item 1 of `write_back`',
    ]);
  });

  it('does not blame a rule for a value map, or a key for a rule, that is there but not sound', () => {
    const text =
      'flow: deals\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: o, key: a }\nfields:\n  a: { form: id }\n  b: { from: c, map: m }\nvalue_maps: { m: { file: [] } }\n';
    expect(problemsOf(text).map((problem) => problem.split(' ')[1])).toEqual([
      'mapping_unknown_key',
      'mapping_bad_value',
    ]);
  });

  it('shows the line with a mark under the place, for people', () => {
    const { problems } = readMappings(
      [{ path: 'mappings/deals.yaml', text: `${head}fields:\n  x: { form: id }\n` }],
      [],
    );
    expect(problems[0]).toEqual({
      code: 'mapping_unknown_key',
      message: 'unknown key `form`; did you mean `from`?',
      remedy: 'Correct the name or remove the line; docs/mapping-reference.md lists every key.',
      at: { file: 'mappings/deals.yaml', line: 5, column: 8 },
      frame:
        '  3 | write: { to: erp, entity: sale.order }\n  4 | fields:\n> 5 |   x: { form: id }\n    |        ^^^^\n  6 |',
    });
  });

  it('says of anything at all what is wrong with it in its own words, and never throws', () => {
    const keys = fc.constantFrom(
      'flow',
      'read',
      'write',
      'fields',
      'lines',
      'value_maps',
      'write_back',
      'only_when',
      'schedule',
      'from',
      'to',
      'entity',
      'with',
      'x',
      'as',
      'expr',
      'template',
      'choose',
      'when',
      'else',
      'value',
      'reference',
      'map',
      'max',
      'scale',
      'required',
      'for_each',
      'key',
      'file',
      'values',
      'unknown',
      'freshness',
      'timezone',
      '__proto__',
      'constructor',
    );
    const words = fc.constantFrom(
      '',
      'a',
      'id',
      '0123',
      '{',
      '{a}',
      'a.b',
      '..a',
      'true',
      'null',
      '1',
      '-1',
      'date',
      'decimal',
      'a == 1',
      'a(',
      '* * * * *',
      'Europe/Paris',
      '1h',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        words,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 6 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 10 }), (file) => {
        const { problems, mappings } = readMappings([{ path: 'any.yaml', text: stringify(file) }], []);
        expect(mappings.length + problems.length).toBeGreaterThan(0);
        for (const { message, at } of problems) {
          expect(message).not.toMatch(
            /Invalid|Unrecognized|expected (string|object|array|record)|undefined|\[object|NaN/,
          );
          expect(at?.line).toBeGreaterThan(0);
        }
        for (const mapping of mappings)
          expect(['record', 'skipped', 'rejected', 'waiting']).toContain(
            mapping.run({ a: '1' }, { linked: () => null, now: '2026-01-31T09:30:00Z' }).kind,
          );
      }),
      { numRuns: 400 },
    );
  });

  it('never throws on a text that is no mapping at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        const { problems } = readMappings(
          [
            { path: 'any.yaml', text },
            { path: 'b.yaml', text: head + text },
          ],
          [{ path: 'values/v.csv', text }],
        );
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });

  it('gives a mapping the same hash for the same text, and another for another', () => {
    expect(hash('fields: { x: { from: id } }\n')).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('fields: { x: { from: id } }\n')).toBe(hash('fields: { x: { from: id } }\n'));
    expect(hash('fields: { x: { from: id } }\n')).not.toBe(hash('fields: { x: { from: ID } }\n'));
  });
});
