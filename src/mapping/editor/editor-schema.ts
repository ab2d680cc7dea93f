import { z } from 'zod';
import { declaration, sourceKeys } from '../declaration.ts';
import type { Described } from '../described.ts';
import { describedParts } from './described-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const draft = 'http://json-schema.org/draft-07/schema#';
const title = 'Causeway mapping';

/**
 * The JSON schema (draft 7) that gives editors completion and help. An editor reads YAML with its usual types, so what
 * it takes for a number, a boolean or null is allowed beside the text. With what the systems said of their entities,
 * the schema knows the names of fields on both sides as well. The same input always gives the same schema.
 */
export function mappingJsonSchema(described: Described = {}): JsonSchema {
  const { definitions, ...mapping } = languageSchema();
  if (isEmpty(described)) return { $schema: draft, title, ...mapping, definitions };
  const parts = describedParts(described);
  return {
    $schema: draft,
    title,
    // An editor shows the first text that it finds. That of a field says more than that of the language.
    allOf: [...parts.conditions, { $ref: '#/definitions/mapping' }],
    definitions: { ...definitions, mapping, ...parts.definitions },
  };
}

/** The text of the schema: laid out for people when nothing is described, as docs/schema/mapping.json is; else in few bytes. */
export function editorSchemaText(described: Described = {}): string {
  return `${JSON.stringify(mappingJsonSchema(described), null, isEmpty(described) ? 2 : 0)}\n`;
}

const isEmpty = (described: Described): boolean => Object.keys(described).length === 0;

/** What can be said of any mapping. */
function languageSchema(): JsonSchema & { readonly definitions: { [name: string]: JsonSchema } } {
  const {
    $schema: _,
    definitions = {},
    ...mapping
  } = z.toJSONSchema(declaration, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => adapt(jsonSchema),
  });
  return { ...mapping, definitions: definitions as { [name: string]: JsonSchema } };
}

/** Turns what the declaration says for its own use into what editors know. It comes by a schema more than once. */
export function adapt(schema: JsonSchema): void {
  const { editor, words, description, propertyNames, anyOf } = schema;
  if (Array.isArray(editor)) allowTypes(schema, editor.map(String));
  // YAML reads the word null as no value at all.
  if (schema.enum?.includes('null'))
    Object.assign(schema, { type: ['string', 'null'], enum: [...new Set([...schema.enum, null])] });
  if (isWords(words)) schema['enumDescriptions'] = schema.enum?.map((word) => words[String(word)]);
  if (anyOf !== undefined) joinTypes(schema, anyOf);
  if (description?.includes('`')) schema['markdownDescription'] = description;
  // "Any text" is what holds of names without it, and an editor would offer it as a name.
  if (JSON.stringify(propertyNames) === '{"type":"string"}') delete schema.propertyNames;
  for (const key of ['editor', 'kind', 'words']) delete schema[key];
  const keys = Object.keys(schema.properties ?? {});
  if (sourceKeys.every((key) => keys.includes(key))) schema.oneOf = sourceKeys.map(needs);
}

function allowTypes(schema: JsonSchema, types: readonly string[]): void {
  if (schema.enum) {
    schema.pattern = `^(${schema.enum.join('|')})$`;
    delete schema.enum;
  }
  Object.assign(schema, { type: [...new Set(['string', ...types])] });
}

/** A text or a list of texts: said as one, because an editor tells of each alternative by itself. */
function joinTypes(schema: JsonSchema, [text, list, ...more]: readonly JsonSchema[]): void {
  if (text?.type !== 'string' || list?.type !== 'array' || more.length > 0) return;
  const { items = {}, ...array } = list;
  Object.assign(schema, text, array, { type: ['string', 'array'], allOf: [{ items }] });
  delete schema.anyOf;
}

const needs = (key: string): JsonSchema => ({
  required: [key],
  errorMessage: `A rule takes its value from one of ${sourceKeys.join(', ')}`,
});

function isWords(words: unknown): words is { readonly [word: string]: string } {
  return typeof words === 'object' && words !== null;
}
