import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/http/app.ts';
import type { Database } from '../../src/store/database.ts';
import { serverOver } from './serving.ts';

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** Stands in for a database that is gone: nothing in these tests gets as far as to a real one. */
const gone = {
  query: async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  },
} as unknown as Database;

async function listening(): Promise<{ app: App; port: number }> {
  const app = serverOver(gone);
  apps.push(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, port: (app.server.address() as { port: number }).port };
}

/** Sends bytes as they stand, and gives everything that comes back until the server ends the connection. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('a refusal', () => {
  it.each([
    ['GET', '/nothing/here', 404, 'no_such_path'],
    ['GET', '/v1/flows/none/records/1', 404, 'not_found'],
    ['GET', '/v1/flows/x/records/%zz', 400, 'bad_request'],
    ['GET', `/v1/flows/x/records/${'9'.repeat(513)}`, 400, 'bad_request'],
    ['GET', '/v1/flows', 200, undefined],
    ['GET', '/readyz', 503, 'database_unreachable'],
  ])('of %s %s is problem details', async (method, url, status, code) => {
    const app = serverOver(gone, status === 200 ? { database: quiet } : {});
    apps.push(app);
    const answer = await app.inject({ method: method as 'GET', url });
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    if (code === undefined) return;
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: `urn:causeway:error:${code}`,
      status,
      title: expect.any(String),
      detail: expect.any(String),
      remedy: expect.any(String),
    });
    expect(answer.body).not.toMatch(/at .*\.ts|node_modules|Error:/u);
  });

  it('says when to ask again, where it may be different in a while', async () => {
    const app = serverOver(gone);
    apps.push(app);
    const answer = await app.inject('/readyz');
    expect(answer.headers['retry-after']).toBe('5');
  });

  it('meets bytes that are no HTTP, and the connection ends', async () => {
    const { port } = await listening();
    const answer = await raw(port, 'HELLO\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/u);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: 'bad_request' });
  });

  it('meets headers that are too large', async () => {
    const { port } = await listening();
    const answer = await raw(
      port,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /u);
    expect(answer).toMatch('header_too_large');
  });

  it('meets a caller whose request does not arrive in time', async () => {
    const { port } = await listening();
    const answer = await raw(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /u);
  }, 15_000);

  it('meets lengths that contradict each other', async () => {
    const { port } = await listening();
    const answer = await raw(
      port,
      'POST /v1/flows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
  });
});

const quiet = { query: async () => ({ rows: [] }) } as unknown as Database;

describe('a health check', () => {
  it('is up though the database is gone', async () => {
    const app = serverOver(gone);
    apps.push(app);
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'up' });
  });
});

describe('browsers of other origins', () => {
  it('are told nothing that would let them in', async () => {
    const app = serverOver(quiet);
    apps.push(app);
    const answer = await app.inject({
      method: 'OPTIONS',
      url: '/v1/flows',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
    });
    expect(answer.statusCode).toBe(404);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
