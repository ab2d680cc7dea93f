import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App } from './app.ts';

const about = `What Causeway answers over HTTP. Refusals are problem details (RFC 9457) with a stable \`code\`.
Instants are UTC; decimals are text, so that no digit is lost.`;

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
    transform: createJsonSchemaTransform({ zodToJsonConfig: { target: 'draft-2020-12' } }),
    transformObject: jsonSchemaTransformObject,
  });
}

/** Serves the document itself. */
export function openapiRoute(app: App): void {
  app.get('/openapi.json', { config: { scope: 'open' }, schema: { hide: true } }, () => app.swagger());
}
