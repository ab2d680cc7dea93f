import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Document, exampleOf, type Route, routesOf } from '../http/document.ts';
import { type Service, startWorld, type World } from './processes.ts';

let world: World;
let service: Service;
let routes: Route[];

beforeAll(async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty:19' });
  service = await world.service();
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document;
  routes = routesOf(document);
}, 120_000);
afterAll(async () => {
  await service.stop('SIGTERM');
  await world.close();
});

/** No answer to nonsense takes longer, on the slowest machine. */
const hangMs = 20_000;

/** Sends bytes as they stand; gives the status of the answer, or why there was none. */
async function raw(text: string | Buffer): Promise<number | 'closed' | 'hang'> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  const timer = setTimeout(() => socket.destroy(new Error('hang')), hangMs);
  let hung = false;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    // One answer is enough; a connection that is kept alive is not waited for.
    if (Buffer.concat(chunks).includes('\r\n\r\n')) socket.end();
  });
  socket.on('error', ({ message }) => (hung = message === 'hang'));
  socket.write(text);
  await once(socket, 'close');
  clearTimeout(timer);
  const [, status] = /^HTTP\/1\.1 (\d{3})/u.exec(Buffer.concat(chunks).toString('latin1')) ?? [];
  if (status !== undefined) return Number(status);
  return hung ? 'hang' : 'closed';
}

const request = (method: string, target: string, headers: readonly string[], body: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
      'latin1',
    ),
    body,
  ]);

/** Texts that parsers, paths and databases stumble over. */
const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e999',
    'null',
    'undefined',
    '[object Object]',
    'NaN',
    '__proto__',
    'constructor',
    '..',
    '../..',
    '%2e%2e%2f',
    '%00',
    '\u0000',
    '%',
    '%zz',
    '%c0%af',
    'a'.repeat(511),
    'a'.repeat(5000),
    "' or 1=1 --",
    '{{7*7}}',
    '${jndi:x}',
    '\uD800',
    'é',
    '\u202E',
    '9'.repeat(400),
    'true',
    '2026-13-45T99:99:99Z',
    '🙂',
  ),
);
const oddJson = fc.oneof(
  fc.json({ maxDepth: 6 }),
  fc.constantFrom(
    '',
    '{',
    '[',
    'null',
    '[]',
    '{}',
    '"',
    '1e400',
    '{"a":',
    '['.repeat(20_000),
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{}}}',
    `{"flow":"${'x'.repeat(100_000)}"}`,
    '{"ids":[null]}',
    '{"ids":"x","flow":1}',
    '{"flow":"accounts","ids":["\\u0000"]}',
    '{"flow":"accounts","ids":["\\ud800"]}',
    '{"flow":"accounts","group":"\\udfff"}',
    '{"flow":"accounts","where":"name == \'\\ud800\'"}',
    '{"flow":"\\ud800","ids":["1"]}',
    '{"flow":"accounts","ids":["1"],"ids":["2"]}',
    '\uFEFF{}',
  ),
);
const oddHeader = fc.constantFrom(
  'Prefer: wait=999999999999',
  'Prefer: wait=-1',
  'Prefer: wait=x, wait=3, respond-async',
  'Prefer: ',
  'Request-Timeout-Ms: 0',
  'Request-Timeout-Ms: -5',
  'Request-Timeout-Ms: 1e9',
  'Request-Timeout-Ms: x',
  'Idempotency-Key: "a',
  'Idempotency-Key: ',
  `Idempotency-Key: "${'k'.repeat(3000)}"`,
  'Idempotency-Key: ?1',
  'traceparent: 00-0-0-0',
  `traceparent: ${'0'.repeat(5000)}`,
  'traceparent: 00-00000000000000000000000000000000-0000000000000000-00',
  'Authorization: Bearer ',
  'Authorization: Bearer x',
  `Authorization: Basic ${'x'.repeat(4000)}`,
  'Accept: text/html',
  'Content-Encoding: gzip',
  'Content-Type: application/xml',
  'Content-Type: application/json; charset=utf-7',
  'Content-Type: ;;;',
  'X-HubSpot-Signature-v3: x',
  'X-HubSpot-Request-Timestamp: 99999999999999999999',
  'Host: evil',
  'Expect: 100-continue',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Range: bytes=0-1',
  'If-None-Match: *',
);

/** A target of a route in which every parameter is something odd, or what the document gives as an example. */
const targetOf = ({ path, operation }: Route): fc.Arbitrary<string> => {
  const parameters = operation.parameters ?? [];
  const parts = path.split(/(\{\w+\})/u).map((part) => {
    const parameter = parameters.find((one) => one.in === 'path' && part === `{${one.name}}`);
    if (parameter === undefined) return fc.constant(part);
    const encoded = odd.map((text) => encodeURIComponent(text.toWellFormed()));
    return fc.oneof(
      fc.constant(encodeURIComponent(String(exampleOf(parameter)))),
      encoded,
      fc.constantFrom('%zz', '%00', '..', '%2e%2e', 'a/b', 'a;b'),
    );
  });
  const query = fc.array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(...parameters.filter((one) => one.in === 'query').map(({ name }) => name), 'x'),
        odd,
      ),
      odd,
    ),
    { maxLength: 4 },
  );
  return fc.tuple(fc.tuple(...parts), query).map(([pieces, pairs]) => {
    const search = pairs
      .map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('='))
      .join('&');
    return pieces.join('') + (search === '' ? '' : `?${search}`);
  });
};

const fine = (status: number | 'closed' | 'hang'): boolean =>
  typeof status === 'number' && (status < 500 || status === 503 || status === 504);

describe('whatever is sent to the HTTP interface', () => {
  it('every operation answers, and never with 500', async () => {
    expect(routes.length).toBeGreaterThan(4);
    for (const route of routes) {
      const wild = fc.tuple(
        fc.oneof(
          { weight: 4, arbitrary: fc.constant(route.method) },
          {
            weight: 1,
            arbitrary: fc.constantFrom('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'PURGE', 'GET'),
          },
        ),
        targetOf(route),
        fc.array(oddHeader, { maxLength: 3 }),
        oddJson,
      );
      await fc.assert(
        fc.asyncProperty(wild, async ([method, target, headers, json]) => {
          const body = Buffer.from(json);
          const described = headers.some((line) => line.startsWith('Content-Type'))
            ? []
            : ['Content-Type: application/json'];
          const status = await raw(
            request(method, target, [...headers, ...described, `Content-Length: ${body.length}`], body),
          );
          if (!fine(status)) throw new Error(`${method} ${target} ${headers.join(' | ')}: ${status}`);
        }),
        { numRuns: 150, seed: 20_260_301, interruptAfterTimeLimit: 30_000 },
      );
    }
  }, 600_000);

  it.each([
    ['two lengths that differ', ['Content-Length: 2', 'Content-Length: 3'], '{}'],
    ['a length and chunks', ['Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['a length that is none', ['Content-Length: -2'], '{}'],
    [
      'a body that is larger than it may be',
      ['Content-Type: application/json', 'Content-Length: 3000000'],
      `"${'x'.repeat(2_999_998)}"`,
    ],
    [
      'chunks without an end that is allowed',
      ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
      `10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(40),
    ],
    [
      'bytes that are no text',
      ['Content-Type: application/json', 'Content-Length: 4'],
      Buffer.from([0xff, 0xfe, 0xc0, 0xaf]),
    ],
    [
      'an announced encoding that it does not have',
      ['Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 2'],
      '{}',
    ],
    ['the same header a thousand times', Array.from({ length: 1000 }, () => 'X: y'), ''],
  ])('%s is refused', async (_what, headers, body) => {
    for (const { method, path } of routes.filter(
      (route) => route.method !== 'GET' || route.path === '/v1/flows',
    )) {
      const target = path.replaceAll(/\{\w+\}/gu, 'accounts');
      const status = await raw(request(method, target, headers, Buffer.from(body)));
      expect(status === 'closed' || fine(status), `${method} ${path}: ${status}`).toBe(true);
    }
  });

  it.each([
    ['/v1/resyncs', { flow: 'accounts', ids: ['\uD800'] }],
    ['/v1/resyncs', { flow: 'accounts', ids: ['1', 'a\uDFFFb'] }],
    ['/v1/resyncs', { flow: 'accounts', ids: ['\0'] }],
    ['/v1/resyncs', { flow: '\uD800', ids: ['1'] }],
    ['/v1/resyncs', { flow: 'accounts', where: "name == '\uD800'" }],
    ['/v1/resyncs', { flow: 'accounts', ids: ['1'], callback: { url: 'https://a.example/\uD800' } }],
    ['/v1/dead-letters/redrive', { flow: 'accounts', ids: ['\uD800'] }],
    ['/v1/dead-letters/redrive', { flow: 'accounts', group: '\uD800' }],
    ['/v1/dead-letters/redrive', { flow: '\uD800', all: true }],
  ])('%s refuses texts that are no Unicode: %j', async (path, body) => {
    const answer = await fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `"${crypto.randomUUID()}"` },
      body: JSON.stringify(body),
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'bad_request']);
  });

  it.each([
    '//v1/flows',
    '/v1//flows',
    '/v1/flows/',
    '/v1/./flows',
    '/v1/../v1/flows',
    '/v1/flows/%2e%2e/flows',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/v1/flows/..%2f..%2fetc',
    'http://evil.example/v1/flows',
    '*',
    '/v1/flows?%',
    '/v1/flows#x',
    '/\u00e9',
    '/v1/lookups/..%5c..%5cx/1',
    '/V1/FLOWS',
  ])('the path %s leads nowhere else', async (path) => {
    const status = await raw(request('GET', path, [], Buffer.alloc(0)));
    expect(fine(status), String(status)).toBe(true);
  });

  it('leaves it as well as before', async () => {
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${service.url}/v1/flows`)).status).toBe(200);
  });
});
