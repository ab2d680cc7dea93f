import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { App } from './app.ts';

const about = `What Causeway answers over HTTP. Refusals are problem details (RFC 9457) with a stable \`code\`.
Instants are UTC; decimals are text, so that no digit is lost.`;

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Bounds and patterns that zod states of itself and that tell a reader nothing. */
function plain({ jsonSchema }: { readonly jsonSchema: JsonSchema }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/**
 * Describes every route that is registered after it, in OpenAPI 3.1, of the schemas that requests and answers are checked
 * with. Served at /openapi.json.
 */
export function describeRoutes(app: App, version: string): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Causeway', version, description: about, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key of `causeway keys create`.' },
        },
      },
      security: [{ key: [] }],
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: (document) => withoutUnused(nameSchemas(document)),
  });
}

const zodToJsonConfig = { target: 'draft-2020-12', override: plain } as const;
const nameSchemas = createJsonSchemaTransformObject({ zodToJsonConfig });
type Document = ReturnType<typeof nameSchemas>;

/** Every schema with a name is there twice, as it is read and as it is written: what nothing points to is left out. */
function withoutUnused(document: Document): Document {
  const schemas = 'components' in document ? document.components?.schemas : undefined;
  if (schemas === undefined) return document;
  for (let before = -1; before !== Object.keys(schemas).length;) {
    before = Object.keys(schemas).length;
    const text = JSON.stringify(document);
    for (const name of Object.keys(schemas))
      if (!text.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
  }
  return document;
}

/** Serves the document itself. */
export function openapiRoute(app: App): void {
  app.get('/openapi.json', { config: { scope: 'open' }, schema: { hide: true } }, () => app.swagger());
}
