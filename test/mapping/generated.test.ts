import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { editorSchemaText, mappingJsonSchema } from '../../src/mapping/editor-schema.ts';
import { wholeExample } from '../../src/mapping/reference-examples.ts';
import { mappingReferencePage } from '../../src/mapping/reference-page.ts';

const root = new URL('../../', import.meta.url);
const file = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('what is made from the declaration of mappings', () => {
  it('has an up to date editor schema: run `node scripts/generate-docs.ts` when this fails', () => {
    expect(file('docs/schema/mapping.json')).toBe(editorSchemaText());
  });

  it('has an up to date page, whose examples all work: run `node scripts/generate-docs.ts` when this fails', () => {
    expect(file('docs/mapping-reference.md')).toBe(mappingReferencePage());
  });
});

describe('the editor schema', () => {
  // `oneOf` over required keys is more than zod reads back; it has a test of its own.
  const text = JSON.stringify(mappingJsonSchema(), (key, value: unknown) =>
    key === 'oneOf' ? undefined : value,
  );
  const schema = z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
  /** An editor reads YAML with its usual types. */
  const accepts = (text: string): boolean => schema.safeParse(parse(text)).success;

  it('accepts the shipped mappings and the example of the page, as an editor reads them', () => {
    const names = readdirSync(new URL('mappings/', root)).filter(
      (name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'),
    );
    for (const name of names) expect([name, accepts(file(`mappings/${name}`))]).toEqual([name, true]);
    expect(accepts(wholeExample)).toBe(true);
  });

  it('asks of a rule just one source', () => {
    const { properties } = mappingJsonSchema();
    expect(properties?.['fields']).toMatchObject({
      additionalProperties: {
        oneOf: ['from', 'value', 'template', 'choose', 'expr'].map((key) => ({ required: [key] })),
      },
    });
  });

  it.each([
    ['max: 40', true],
    ['max: "40"', true],
    ['required: true', true],
    ['form: a', false],
    ['as: txt', false],
  ])('knows what may stand beside `from`: %s', (key, good) => {
    expect(
      accepts(
        `flow: a\nread: { from: a, entity: b }\nwrite: { to: a, entity: b }\nfields: { x: { from: a, ${key} } }\n`,
      ),
    ).toBe(good);
  });
});
