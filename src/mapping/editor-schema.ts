import { z } from 'zod';
import { declaration, sourceKeys } from './declaration.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * The JSON schema (draft 7) that gives editors completion and help. An editor reads `max: 40` as a number and
 * `required: true` as a boolean, so these are allowed beside their texts.
 */
export function mappingJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(declaration, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => adapt(jsonSchema),
  });
  return { title: 'Causeway mapping', ...schema };
}

/** The text of docs/schema/mapping.json. */
export function editorSchemaText(): string {
  return `${JSON.stringify(mappingJsonSchema(), null, 2)}\n`;
}

function adapt(schema: JsonSchema): void {
  const editor = schema['editor'];
  if (Array.isArray(editor)) {
    const types = [...new Set(['string', ...editor.map(String)])];
    if (schema.enum) {
      schema.enum = [...schema.enum, ...schema.enum.map((word) => word === 'true')];
      delete schema.type;
    } else Object.assign(schema, { type: types });
  }
  delete schema['editor'];
  delete schema['kind'];
  const keys = Object.keys(schema.properties ?? {});
  if (sourceKeys.every((key) => keys.includes(key)))
    schema.oneOf = sourceKeys.map((key) => ({ required: [key] }));
}
