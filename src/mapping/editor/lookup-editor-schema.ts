import { z } from 'zod';
import { code } from '../case/case-declaration.ts';
import { lookupCaseFile, lookupEndings } from '../lookup/lookup-case-declaration.ts';
import { findKeys, lookupDeclaration } from '../lookup/lookup-declaration.ts';
import { codes } from './case-editor-schema.ts';
import { adapt } from './editor-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** The JSON schema (draft 7) that gives editors completion and help in lookup files. */
export function lookupJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(lookupDeclaration, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      adapt(jsonSchema);
      const keys = Object.keys(jsonSchema.properties ?? {});
      if (findKeys.every((key) => keys.includes(key)))
        jsonSchema.oneOf = findKeys.map((key) => ({
          required: [key],
          errorMessage: `A question finds by one of ${findKeys.join(', ')}`,
        }));
    },
  });
  return { title: 'Causeway lookup', ...schema };
}

/** The same for the test files beside them. */
export function lookupCaseJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(lookupCaseFile, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema, zodSchema }) => {
      adapt(jsonSchema);
      if (zodSchema === code) Object.assign(jsonSchema, codes);
      const keys = Object.keys(jsonSchema.properties ?? {});
      if (lookupEndings.every((ending) => keys.includes(ending)))
        jsonSchema.oneOf = lookupEndings.map((ending) => ({
          required: [ending],
          errorMessage: `A case ends in one of ${lookupEndings.join(', ')}`,
        }));
    },
  });
  return { title: 'Tests of a Causeway lookup', ...schema };
}

/** The texts of docs/schema/lookup.json and docs/schema/lookup-test.json. */
export const lookupEditorSchemaText = (): string => `${JSON.stringify(lookupJsonSchema(), null, 2)}\n`;
export const lookupCaseEditorSchemaText = (): string =>
  `${JSON.stringify(lookupCaseJsonSchema(), null, 2)}\n`;
