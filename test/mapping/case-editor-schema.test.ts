import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { caseEditorSchemaText, caseJsonSchema } from '../../src/mapping/editor/case-editor-schema.ts';
import { testExample } from '../../src/mapping/reference/reference-tests.ts';
import { tests } from './shipped-mappings.ts';

/** `errorMessage` and the like are words that editors add. */
const accepts = new Ajv({ strict: false, allErrors: true }).compile(caseJsonSchema());
/** What is wrong with a test file, as an editor reads it: with YAML's usual types. */
const wrongWith = (text: string): string[] => {
  accepts(parse(text));
  return (accepts.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
};
const wrongWithCase = (rest: string): string[] => wrongWith(`cases: [{ name: one, record: {}, ${rest} }]`);

describe('the editor schema of test files', () => {
  it('is up to date: run `node scripts/generate-docs.ts` when this fails', () => {
    const file = new URL('../../docs/schema/mapping-test.json', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(caseEditorSchemaText());
  });

  it.each(tests)('accepts $path, which names it', ({ text }) => {
    expect(wrongWith(text)).toEqual([]);
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/docs\/schema\/mapping-test\.json\n/);
  });

  it('accepts the example of the reference page', () => {
    expect(wrongWith(testExample)).toEqual([]);
  });

  it.each([
    'given: { references: { accounts: { 5: 42 } }, value_maps: { m: { a: 0123, b: NO, c: true } }, now: 2026-01-31T09:30:00Z }, skipped: only_when',
    'expect: { fields: { a: 1, b: null, c: true }, lines: { l: { 901: { d: 1.50 } } } }',
    'flow: deals.visit, waiting: [accounts/5]',
  ])('accepts what the reader accepts: %s', (rest) => {
    expect(wrongWithCase(rest)).toEqual([]);
  });

  it.each([
    ['skiped: only_when', ' must NOT have additional properties'],
    ['rejected: [value_mising]', '/rejected/0 must be equal to one of the allowed values'],
    ['given: { reference: {} }, skipped: a', '/given must NOT have additional properties'],
    ['skipped: a, waiting: [b/1]', ' must match exactly one schema in oneOf'],
  ])('refuses what the reader refuses: %s', (rest, wrong) => {
    expect(wrongWithCase(rest)).toContain(`/cases/0${wrong}`);
  });

  it('has a description for every key', () => {
    const bare: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties = {} } = schema as { properties?: { [key: string]: { description?: string } } };
      for (const [key, value] of Object.entries(properties))
        if (!value.description) bare.push(`${path}.${key}`);
      for (const [key, value] of Object.entries(schema)) walk(value, `${path}.${key}`);
    };
    walk(caseJsonSchema(), '');
    expect(bare).toEqual([]);
  });
});
