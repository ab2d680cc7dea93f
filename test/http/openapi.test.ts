import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../../src/http/app.ts';
import type { Database } from '../../src/store/database.ts';
import { serverOver } from './serving.ts';

type Operation = {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
  }[];
  readonly responses: { readonly [status: string]: { readonly content?: object } };
};
type Document = {
  readonly openapi: string;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
};

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

const operations = (): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method} ${path}`,
      operation,
    ]),
  );

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
      for (const [status, { content = {} }] of Object.entries(responses))
        if (/^[45]/u.test(status))
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
