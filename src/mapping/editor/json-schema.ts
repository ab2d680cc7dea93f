import type { z } from 'zod';

/** A JSON schema (draft 7), with the words that editors add to it: `errorMessage`, `deprecationMessage`, `enumDescriptions`. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

export type Definitions = { readonly [name: string]: JsonSchema };

/** What an editor offers at a place, and says of it. */
export type Suggestion = { readonly value: string; readonly description: string };

/** Offers these, and lets everything else stand. A list of allowed values would do neither. */
export function suggesting(suggestions: readonly Suggestion[]): JsonSchema {
  return {
    defaultSnippets: suggestions.map(({ value, description }) => ({
      label: value,
      description,
      body: value,
    })),
  };
}

/** The schema that stands under this name in `definitions`. */
export function refTo(name: string): JsonSchema {
  return { $ref: `#/definitions/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}` };
}

/**
 * Adds to what stands under keys that the language has. Editors offer those keys already, and would offer them twice.
 */
export function under(properties: { readonly [key: string]: JsonSchema }): JsonSchema {
  const added = Object.entries(properties).map(([key, schema]) => [key, { doNotSuggest: true, ...schema }]);
  return { properties: Object.fromEntries(added) as { [key: string]: JsonSchema } };
}

/** A group whose keys are all there and have just these values. */
export function saying(values: { readonly [key: string]: string }): JsonSchema {
  const constants = Object.entries(values).map(([key, value]) => [key, { const: value }]);
  return { ...under(Object.fromEntries(constants)), required: Object.keys(values) };
}

/** What holds of everything of which the condition holds. */
export function given(condition: JsonSchema, then: JsonSchema): JsonSchema {
  // oxlint-disable-next-line unicorn/no-thenable -- the word of JSON schemas; nobody awaits one
  return { if: condition, then };
}

/** The entries in the order of their names, so that the same description always gives the same text. */
export function sorted<T>(group: { readonly [name: string]: T }): [string, T][] {
  return Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1));
}
