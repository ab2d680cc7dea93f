import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { EntityDescription, FieldDescription } from '../../src/connector/contract.ts';
import { type Described, readDescribed } from '../../src/mapping/described.ts';
import { editorSchemaText, mappingJsonSchema } from '../../src/mapping/editor/editor-schema.ts';
import type { JsonSchema } from '../../src/mapping/editor/json-schema.ts';
import { wholeExample } from '../../src/mapping/reference/reference-examples.ts';
import { mappingReferencePage } from '../../src/mapping/reference/reference-page.ts';

const root = new URL('../../', import.meta.url);
const file = (path: string): string => readFileSync(new URL(path, root), 'utf8');

describe('what is made from the declaration of mappings', () => {
  it('has an up to date editor schema: run `node scripts/generate-docs.ts` when this fails', () => {
    const path = 'mappings/described.json';
    const { described } = readDescribed({ path, text: file(path) });
    // Compared as a whole: the difference of two such texts helps nobody.
    expect(file('docs/schema/mapping.json') === editorSchemaText(described)).toBe(true);
  });

  it('has an up to date page, whose examples all work: run `node scripts/generate-docs.ts` when this fails', () => {
    expect(file('docs/mapping-reference.md')).toBe(mappingReferencePage());
  });
});

/** Whether an editor, which reads YAML with its usual types, finds nothing wrong with a file. */
function judge(described?: Described): (text: string) => boolean {
  const validate = new Ajv({ strict: false }).compile(mappingJsonSchema(described));
  return (text) => validate(parse(text));
}

const head = 'flow: a\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: sale.order }\n';

describe('the editor schema', () => {
  const accepts = judge();

  it('accepts the shipped mappings and the example of the page, as an editor reads them', () => {
    const names = readdirSync(new URL('mappings/', root)).filter(
      (name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'),
    );
    for (const name of names) expect([name, accepts(file(`mappings/${name}`))]).toEqual([name, true]);
    expect(accepts(wholeExample)).toBe(true);
  });

  it.each([
    ['from: a', true],
    ['from: [a, b]', true],
    ['from: []', false],
    ['from: 5', false],
    ['as: text', false],
    ['from: a, value: b', false],
    ['from: a, max: 40', true],
    ['from: a, max: "40"', true],
    ['from: a, required: true', true],
    ['from: a, required: "true"', true],
    ['from: a, required: yes', false],
    ['from: a, reference: b, if_missing: null', true],
    ['from: a, reference: b, if_missing: "null"', true],
    ['value: 5', true],
    ['value: true', true],
    ['choose: [{ when: a == "1", from: b }], else: { value: 3 }', true],
    ['from: a, form: a', false],
    ['from: a, as: txt', false],
  ])('knows what a rule may say: { %s }', (rule, good) => {
    expect(accepts(`${head}fields: { x: { ${rule} } }\n`)).toBe(good);
    expect(
      accepts(`${head}fields: {}\nlines: { l: { for_each: a, key: b, fields: { x: { ${rule} } } } }\n`),
    ).toBe(good);
  });

  it('has a text for every key and for every word that may stand there', () => {
    const silent: string[] = [];
    for (const [path, schema] of schemasIn(mappingJsonSchema(), '')) {
      const { enum: words = [], enumDescriptions: meanings = [], properties = {} } = schema;
      if (!Array.isArray(meanings) || meanings.length !== words.length) silent.push(`the words of ${path}`);
      for (const [key, each] of Object.entries(properties))
        if (typeof each === 'object' && !each.description) silent.push(`${path}.${key}`);
    }
    expect(silent).toEqual([]);
  });
});

/** A schema and all that it holds, each with the way to it. */
function schemasIn(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const below = Object.entries(schema).flatMap(([key, inner]) => {
    if (typeof inner !== 'object' || inner === null || key.endsWith('escriptions')) return [];
    return schemasIn(inner as JsonSchema, `${path}.${key}`);
  });
  return [[path, schema], ...below];
}

const field = (type: FieldDescription['type'], more: Partial<FieldDescription> = {}): FieldDescription => ({
  type,
  label: '',
  required: false,
  readOnly: false,
  ...more,
});
const entity = (
  name: string,
  fields: EntityDescription['fields'],
): { [name: string]: EntityDescription } => ({
  [name]: { entity: name, fields },
});

const company = field('record', { fields: { name: field('text'), country: field('text') } });
const items = field('lines', { fields: { sku: field('text'), price: field('decimal') } });
const seen: Described = {
  crm: {
    system: 'https://crm.example.com',
    source: {
      ...entity('deals', {
        dealname: field('text', { label: 'Deal name' }),
        erp_number: field('text'),
        closed: field('datetime', { label: 'Close date', readOnly: true }),
        company,
        line_items: items,
      }),
    },
    sink: {},
  },
  erp: {
    system: 'https://erp.example.com',
    source: {},
    sink: {
      ...entity('sale.order', {
        partner_id: field('reference', { label: 'Customer', to: 'res.partner', required: true }),
        name: field('text', { label: 'Order', maxLength: 64 }),
        total: field('decimal', { label: 'Total', readOnly: true }),
        picking: field('enum', { label: 'Delivery', options: ['direct', 'one'] }),
        order_line: field('lines', {
          label: 'Lines',
          fields: { price_unit: field('decimal', { label: 'Price' }) },
        }),
      }),
      ...entity('res.partner', { street: field('text') }),
      ...entity('a/b c', { x: field('text') }),
    },
  },
};

describe('the editor schema with what the systems said', () => {
  const schema = mappingJsonSchema(seen);
  const definitions = schema['definitions'] as { readonly [name: string]: JsonSchema };
  const accepts = judge(seen);
  const definition = (name: string): JsonSchema => definitions[name] ?? {};
  /** What an editor offers, each with what it says of it. */
  const offered = (at: JsonSchema | undefined): string[] =>
    ((at?.['defaultSnippets'] ?? []) as { body: string; description: string }[]).map(
      ({ body, description }) => `${body}: ${description}`,
    );

  it.each([
    ['fields: { name: { from: dealname } }', true],
    ['fields: { nam: { from: dealname } }', false],
    ['fields: { name: { from: no.such.path } }', true],
    ['fields: { name: { form: dealname } }', false],
    ['fields: { picking: { value: other } }', true],
    [
      'lines: { order_line: { for_each: line_items, key: sku, fields: { price_unit: { from: price } } } }',
      true,
    ],
    ['lines: { order_line: { for_each: line_items, key: sku, fields: { price: { from: price } } } }', false],
    [
      'lines: { order_lin: { for_each: line_items, key: sku, fields: { price_unit: { from: price } } } }',
      false,
    ],
    ['lines: { order_line: { for_each: others, key: number, fields: { price_unit: { from: x } } } }', true],
    ['also: { street: { write: { entity: res.partner }, fields: { street: { from: dealname } } } }', true],
    ['also: { street: { write: { entity: res.partner }, fields: { name: { from: dealname } } } }', false],
    ['also: { street: { write: { entity: odd.model }, fields: { name: { from: dealname } } } }', true],
  ])('holds the names of the ERP against it, and offers all others: %s', (rest, good) => {
    const fields = rest.startsWith('fields') ? '' : 'fields: {}\n';
    expect(accepts(`${head}${fields}${rest}\n`)).toBe(good);
  });

  it.each([
    ['flow: a\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: a/b c }\n', false],
    ['flow: a\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: account.move }\n', true],
    ['flow: a\nread: { from: crm, entity: deals }\nwrite: { to: other, entity: sale.order }\n', true],
    ['flow: a\nread: { from: other, entity: things }\nwrite: { to: erp, entity: sale.order }\n', false],
  ])('asks what the mapping reads and writes before it holds anything against it: %s', (start, good) => {
    expect(accepts(`${start}fields: { anything: { from: a } }\n`)).toBe(good);
  });

  it('is that of the language when nothing was described', () => {
    expect(editorSchemaText({})).toBe(editorSchemaText());
  });

  it('says of a field of the ERP what it is called, what it holds, and what is to be known', () => {
    const { properties } = definition('sink:erp:sale.order:fields');
    const said = Object.entries(properties ?? {}).map(([name, each]) => [
      name,
      typeof each === 'object' ? each.description : '',
    ]);
    expect(Object.fromEntries(said)).toEqual({
      name: 'Order · text of at most 64 characters',
      order_line: 'Lines · lines',
      partner_id: 'Customer · a record of res.partner · required',
      picking: 'Delivery · one of direct, one',
      total: 'Total · decimal number · cannot be written',
    });
  });

  it('does not offer what cannot be written, and says so where it stands', () => {
    const { properties } = definition('sink:erp:sale.order:fields');
    expect(properties).toMatchObject({
      total: { deprecationMessage: '`total` of sale.order cannot be written' },
      order_line: {
        deprecationMessage: '`order_line` of sale.order holds lines, which are mapped under `lines`',
      },
    });
    expect(properties?.['name']).not.toHaveProperty('deprecationMessage');
  });

  it('offers the paths of the record, and in lines those of the line and of its record', () => {
    expect(offered(definition('source:crm:deals:path'))).toEqual([
      'closed: Close date · date and time',
      'company.country: text',
      'company.name: text',
      'dealname: Deal name · text',
      'erp_number: text',
      'id: text',
    ]);
    expect(offered(definition('source:crm:deals:line_items:path'))).toEqual([
      'price: decimal number',
      'sku: text',
      '..closed: Close date · date and time',
      '..company.country: text',
      '..company.name: text',
      '..dealname: Deal name · text',
      '..erp_number: text',
      '..id: text',
    ]);
  });

  it('offers connections, entities, related records, and fields for `write_back` that can be written', () => {
    expect(schema.allOf?.slice(0, 2)).toMatchObject([
      {
        properties: {
          read: { properties: { from: { defaultSnippets: [{ body: 'crm', description: 'deals' }] } } },
        },
      },
      {
        properties: {
          write: {
            properties: {
              to: { defaultSnippets: [{ body: 'erp', description: 'a/b c, res.partner, sale.order' }] },
            },
          },
        },
      },
    ]);
    expect(definition('sink:erp')).toMatchObject({
      properties: {
        write: {
          properties: {
            entity: {
              defaultSnippets: [{ body: 'a/b c' }, { body: 'res.partner' }, { body: 'sale.order' }],
            },
          },
        },
      },
    });
    expect(definition('source:crm:deals')).toMatchObject({
      properties: {
        read: {
          properties: {
            with: { items: { defaultSnippets: [{ body: 'company' }, { body: 'line_items' }] } },
          },
        },
      },
    });
    expect(definition('source:crm:deals:reading')).toMatchObject({
      properties: {
        write_back: {
          items: {
            properties: {
              field: {
                defaultSnippets: [{ body: 'dealname' }, { body: 'erp_number' }],
              },
            },
          },
        },
      },
    });
  });

  it('is the same text whatever the order in which the systems answered', () => {
    const turned = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, inner]) => [key, turned(inner)]),
          );
    expect(editorSchemaText(turned(seen) as Described)).toBe(editorSchemaText(seen));
  });

  it('offers each key of the language once: what is added to one is not offered again', () => {
    const again: string[] = [];
    const language = new Set(Object.keys(mappingJsonSchema().properties ?? {}));
    for (const [name, each] of Object.entries(definitions)) {
      if (!name.includes(':')) continue;
      for (const [key, inner] of Object.entries(each.properties ?? {})) {
        if (language.has(key) && typeof inner === 'object' && !inner['doNotSuggest'])
          again.push(`${name}.${key}`);
      }
    }
    expect(again).toEqual([]);
  });

  it('stays small when many fields lead to the same place', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [
        `a_field_${index}`,
        field('text', { label: `Field ${index}` }),
      ]),
    );
    const big: Described = {
      crm: {
        system: 'a',
        source: entity('deals', { ...many, company: field('record', { fields: many }) }),
        sink: {},
      },
      erp: { system: 'b', source: {}, sink: entity('sale.order', many) },
    };
    expect(editorSchemaText(big).length / 600).toBeLessThan(250);
  });
});
