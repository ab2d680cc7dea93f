import { describe, expect, it } from 'vitest';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import { deals } from './a-description.ts';
import { aMapping } from './a-mapping.ts';

const check = (rest: string, csv = ''): string[] =>
  checkAgainst(aMapping(rest, csv === '' ? {} : { 'mappings/values/v.csv': csv }), {
    source: deals,
    sink: null,
  }).map(({ at, message }) => `${at?.line}:${at?.column} ${message}`);

describe('the rows of a value map', () => {
  it('name values that the pick list offers', () => {
    expect(check('fields: { x: { from: stage, map: m } }\nvalue_maps: { m: { won: a, gone: b } }\n')).toEqual(
      [
        '5:28 the row `gone` is never used: the source does not offer it for `stage`; did you mean `won`? It offers won, lost, open',
      ],
    );
  });

  it('may name values of any pick list that they translate', () => {
    expect(
      check(
        'fields: { x: { from: stage, map: m }, y: { from: currency, map: m } }\nvalue_maps: { m: { won: a, EUR: b, GBP: c } }\n',
      ),
    ).toEqual([
      '5:36 the row `GBP` is never used: the source does not offer it for `stage` or `currency`; it offers won, lost, open, EUR, USD',
    ]);
    expect(
      check(
        'fields: { x: { from: stage, map: m } }\nalso: { more: { write: { entity: b }, fields: { y: { from: currency, map: m } } } }\nvalue_maps: { m: { won: a, EUR: b } }\n',
      ),
    ).toEqual([]);
  });

  it.each([
    'fields: { x: { from: dealname, map: m } }',
    'fields: { x: { from: [stage, dealname], map: m } }',
    "fields: { x: { template: '{stage}', map: m } }",
    'fields: { x: { from: stage, map: m }, y: { from: dealname, map: m } }',
  ])('may name anything when something else is translated, too: %s', (rest) => {
    expect(check(`${rest}\nvalue_maps: { m: { gone: b } }\n`)).toEqual([]);
  });

  it('may be a whole table of codes in a file, in which only slips are told', () => {
    const rest = 'fields: { x: { from: stage, map: m } }\nvalue_maps: { m: { file: values/v.csv } }\n';
    expect(check(rest, 'from,to\nwon,a\nlost,b\nopen,c\nopened,d\nquoted,e\n')).toEqual([]);
    expect(check(rest, 'from,to\nwon,a\nlosst,b\nopen,c\nquoted,e\n')).toEqual([
      '5:26 in mappings/values/v.csv, the row `losst` is never used: the source does not offer it for `stage`; did you mean `lost`?',
    ]);
  });
});

describe('a comparison in an expression', () => {
  it.each([
    'stage == "won" || "lost" == stage || stage == ""',
    'stage in ["won", "open"] && dealname == "anything"',
    'stage.startsWith("wo") && stage != null',
    'amount == "5"',
  ])('names values that the pick list offers: %s', (expression) => {
    expect(check(`only_when: '${expression}'\nfields: { x: { from: id } }\n`)).toEqual([]);
  });

  it.each([
    ['"wonn" != stage', '4:12 `stage` is never "wonn"'],
    ['record.stage in ["lost", "gone"]', '4:38 `stage` is never "gone"'],
    ['record["stage"] == "gone"', '4:32 `stage` is never "gone"'],
    ['line_items.exists(l, l.kind == "good")', '4:44 `line_items.kind` is never "good"'],
  ])('is told where it names another: %s', (expression, problem) => {
    const rest = `only_when: '${expression}'\nfields: { x: { from: id } }\n`;
    expect(check(rest).filter((message) => message.includes('never'))).toEqual([
      expect.stringContaining(problem),
    ]);
  });
});
