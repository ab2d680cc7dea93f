import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDescribed } from '../../../src/mapping/described.ts';
import type { JsonSchema } from '../../../src/mapping/editor/json-schema.ts';
import {
  lookupCaseEditorSchemaText,
  lookupCaseJsonSchema,
  lookupEditorSchemaText,
  lookupJsonSchema,
} from '../../../src/mapping/editor/lookup-editor-schema.ts';
import { runLookupTestFiles } from '../../../src/mapping/lookup/lookup-test-files.ts';
import { checkLookupAgainst } from '../../../src/mapping/lookup/read-lookups.ts';
import { lookupExample } from '../../../src/mapping/reference/reference-lookups.ts';
import { files, lookups, problems, tests } from './shipped-lookups.ts';

const root = new URL('../../../', import.meta.url);
const file = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('the shipped lookups', () => {
  it('have no problem, also against what the systems said of their entities', () => {
    expect(problems).toEqual([]);
    expect(lookups.map(({ name }) => name)).toEqual(['customer-credit', 'item-availability', 'order-status']);
    const path = 'mappings/described.json';
    const { described } = readDescribed({ path, text: file(path) });
    for (const lookup of lookups) {
      const unknown = lookup.questions.filter(
        ({ connection, side, entity }) => described[connection]?.[side][entity] === undefined,
      );
      expect(unknown).toEqual([]);
      const against = checkLookupAgainst(
        lookup,
        ({ connection, side, entity }) => described[connection]?.[side][entity] ?? null,
      );
      expect(against).toEqual([]);
    }
  });

  it('pass all their cases, which leave no field, no branch and no row untouched', () => {
    const report = runLookupTestFiles({ files, lookups, problems, tests });
    expect(report.problems).toEqual([]);
    expect(report.flows.map(({ flow, tested, failed }) => [flow, tested, failed])).toEqual([
      ['lookups/customer-credit', true, 0],
      ['lookups/item-availability', true, 0],
      ['lookups/order-status', true, 0],
    ]);
    for (const { untouched } of report.flows)
      expect(untouched).toEqual({ fields: [], rows: [], branches: [] });
  });
});

const judge = (schema: JsonSchema): ((text: string) => boolean) => {
  const validate = new Ajv({ strict: false }).compile(schema);
  return (text) => validate(parse(text));
};

describe('the editor schemas of lookups', () => {
  it('are up to date: run `node scripts/generate-docs.ts` when this fails', () => {
    expect(file('docs/schema/lookup.json')).toBe(lookupEditorSchemaText());
    expect(file('docs/schema/lookup-test.json')).toBe(lookupCaseEditorSchemaText());
  });

  it('accept what is shipped, as an editor reads it', () => {
    const [lookup, cases] = [judge(lookupJsonSchema()), judge(lookupCaseJsonSchema())];
    for (const { path, text } of files) expect([path, lookup(text)]).toEqual([path, true]);
    for (const { path, text } of tests) expect([path, cases(text)]).toEqual([path, true]);
    expect(lookup(lookupExample)).toBe(true);
  });

  it.each([
    ['from: erp, entity: a, by_link: b', true],
    ['from: erp, entity: a, by_id: true', true],
    ['from: erp, entity: a', false],
    ['from: erp, entity: a, by_link: b, by_field: c', false],
    ['from: erp, entity: a, where: { b: { record: c } }', true],
    ['from: erp, entity: a, where: { b: true, c: 5, d: [x, y] }', true],
    ['from: erp, entity: a, wher: { b: c }', false],
    ['from: erp, entity: a, where: { b: c }, at_most: 20', true],
  ])('know what a question may say: { %s }', (question, good) => {
    const accepts = judge(lookupJsonSchema());
    expect(accepts(`lookup: a\nask: { q: { ${question} } }\nfields: { x: { from: q.x } }\n`)).toBe(good);
  });

  it.each([
    ['from: q.x', true],
    ['from: q.x, as: decimal, scale: 2', true],
    ['from: q.x, reference: accounts', false],
    ['from: q.x, write_on: create', false],
    ['value: 5, from: q.x', false],
  ])('know what a rule may say: { %s }', (rule, good) => {
    const accepts = judge(lookupJsonSchema());
    const ask = 'ask: { q: { from: erp, entity: a, by_id: true } }';
    expect(accepts(`lookup: a\n${ask}\nfields: { x: { ${rule} } }\n`)).toBe(good);
    expect(
      accepts(`lookup: a\n${ask}\nfields: {}\nlines: { l: { for_each: q, fields: { x: { ${rule} } } } }\n`),
    ).toBe(good);
  });
});
