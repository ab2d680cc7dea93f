import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyExample, type Document, exampleOf, type Route, routesOf } from '../http/document.ts';
import { type Service, startWorld, type World } from './processes.ts';

let world: World;
let service: Service;
let document: Document;

beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  service = await world.service();
  document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document;
}, 240_000);
afterAll(async () => {
  await service.stop('SIGTERM');
  await world.close();
});

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A request that is put together from the first examples of an operation, and what was answered. */
async function tryOut({ method, path, operation }: Route, known: Map<string, string>): Promise<Response> {
  const { parameters = [], requestBody } = operation;
  const url = new URL(
    path.replaceAll(/\{(\w+)\}/gu, (_whole, name: string) => {
      const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
      const value = known.get(`${path.split('/')[2]} ${name}`) ?? (parameter && exampleOf(parameter));
      return encodeURIComponent(textOf(value));
    }),
    service.url,
  );
  const headers = new Headers();
  for (const parameter of parameters) {
    const value = exampleOf(parameter);
    if (value === undefined) continue;
    if (parameter.in === 'query') url.searchParams.set(parameter.name, textOf(value));
    if (parameter.in === 'header') headers.set(parameter.name, textOf(value));
  }
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const body = bodyExample(content?.schema, document);
  if (type !== undefined && body !== undefined) headers.set('content-type', type);
  return fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

describe('the examples of the document', () => {
  it('are answered as the document says', async () => {
    const wrong: string[] = [];
    // What one operation makes, the next is asked about.
    const known = new Map<string, string>();
    const order = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'];
    const routes = routesOf(document).toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method));
    expect(routes.length).toBeGreaterThan(4);
    for (const route of routes) {
      const { method, path, operation } = route;
      // What a vendor sends is signed, with a secret that no example has.
      if (path.startsWith('/v1/webhooks/')) continue;
      const answer = await tryOut(route, known);
      const text = await answer.text();
      const documented = operation.responses[answer.status];
      if (!answer.ok || documented === undefined)
        wrong.push(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
      const [, made] = /\/v1\/\w+\/([^/]+)$/u.exec(answer.headers.get('location') ?? '') ?? [];
      if (made !== undefined) known.set(`${path.split('/')[2]} id`, made);
    }
    expect(wrong).toEqual([]);
  });
});
