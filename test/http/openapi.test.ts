import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/http/app.ts';
import type { Database } from '../../src/store/database.ts';
import { type Document, routesOf } from './document.ts';
import { serverOver } from './serving.ts';

let app: App;
let document: Document;
const scopes = new Map<string, unknown>();
beforeAll(async () => {
  app = serverOver({} as Database, {}, (route) => {
    for (const method of [route.method].flat()) scopes.set(`${method} ${route.url}`, route.config?.scope);
  });
  await app.ready();
  document = (await app.inject('/openapi.json')).json();
});
afterAll(() => app.close());

const operations = () =>
  routesOf(document).map(({ method, path, operation }) => [`${method} ${path}`, operation] as const);

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.0');
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('names every operation once, says what it is for, and describes every parameter', () => {
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const wrong = operations().filter(
      ([, { operationId, summary, tags, parameters = [] }]) =>
        !operationId || !summary || !tags?.length || parameters.some(({ description }) => !description),
    );
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('describes an answer of success for each, and refusals as problem details', () => {
    for (const [name, { responses }] of operations()) {
      expect(
        Object.keys(responses).some((status) => status.startsWith('2')),
        name,
      ).toBe(true);
      const refused = Object.entries(responses).filter(([status]) => /^[45]/u.test(status));
      for (const [status, { content = {} }] of refused)
        expect(Object.keys(content), `${name} ${status}`).toEqual(['application/problem+json']);
    }
  });
});

describe('every route', () => {
  it('says who may use it', () => {
    const without = [...scopes].filter(([, scope]) => scope === undefined);
    expect(without.map(([route]) => route)).toEqual([]);
    expect(scopes.size).toBeGreaterThan(5);
  });
});
