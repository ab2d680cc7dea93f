import { z } from 'zod';
import { recordCodes } from '../../errors/record-codes.ts';
import { caseFile, code, endings } from '../case/case-declaration.ts';
import { adapt } from './editor-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** The JSON schema (draft 7) that gives editors completion and help in test files. */
export function caseJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(caseFile, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema, zodSchema }) => {
      adapt(jsonSchema);
      if (zodSchema === code) Object.assign(jsonSchema, codes);
      const keys = Object.keys(jsonSchema.properties ?? {});
      if (endings.every((ending) => keys.includes(ending))) jsonSchema.oneOf = endings.map(needs);
    },
  });
  return { title: 'Tests of a Causeway mapping', ...schema };
}

/** The text of docs/schema/mapping-test.json. */
export function caseEditorSchemaText(): string {
  return `${JSON.stringify(caseJsonSchema(), null, 2)}\n`;
}

/** What an editor offers where a case names the codes of problems. */
export const codes = {
  enum: Object.keys(recordCodes),
  enumDescriptions: Object.values(recordCodes).map(({ title }) => title),
};

const needs = (ending: string): JsonSchema => ({
  required: [ending],
  errorMessage: `A case ends in one of ${endings.join(', ')}`,
});
