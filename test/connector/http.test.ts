import { createServer, type RequestListener, type Server } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import {
  httpKit,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
} from '../../src/connector/http.ts';

const never = new AbortController().signal;
const get: HttpRequest = { method: 'GET', path: '/things', safe: true };
const post: HttpRequest = { method: 'POST', path: '/things', body: { secret: 'canary-body' }, safe: false };

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function listen(server: Server | TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return await listen(server);
}

/** A server below HTTP, for answers that are none. */
async function serveSocket(handler: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    handler(socket);
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return await listen(server);
}

const lines: string[] = [];

function open(
  baseUrl: string,
  options: Partial<HttpClientOptions> = {},
  limits: Partial<Pick<Limits, 'concurrency' | 'rate'>> = {},
): HttpClient {
  const kit = httpKit({
    limits: { concurrency: 4, rate: null, ...limits },
    now: () => new Date(),
    log: pino({ level: 'trace' }, { write: (line) => void lines.push(line) }),
  });
  cleanups.push(() => kit.close());
  return kit.client({
    baseUrl,
    secretHeaders: { Authorization: 'Bearer canary-header' },
    deadlineMs: 5000,
    maxResponseBytes: 10_000,
    ...options,
  });
}

async function faultOf(sent: Promise<unknown>): Promise<Fault> {
  const error: unknown = await sent.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

/** Everything of an error that any logger or serializer could reach. */
function everything(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  const own = Object.getOwnPropertyNames(error).map((name) => JSON.stringify(Reflect.get(error, name)));
  return [error.stack, ...own, everything(error.cause)].join('\n');
}

describe('what is sent', () => {
  it('sends method, path below the base, query, headers and a JSON body', async () => {
    let seen = '';
    const url = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => (seen += text));
      request.on('end', () => {
        seen = [
          request.method,
          request.url,
          request.headers['x-tenant'],
          request.headers['content-type'],
          seen,
        ].join(' ');
        response.end('{}');
      });
    });
    const client = open(`${url}/base/`, { headers: { 'X-Tenant': 'one' } });
    await client.send(
      {
        method: 'PATCH',
        path: '/a%2Fb',
        query: { q: 'x y&z', id: ['1', '2'] },
        body: { n: null },
        safe: true,
      },
      never,
    );
    expect(seen).toBe('PATCH /base/a%2Fb?q=x+y%26z&id=1&id=2 one application/json {"n":null}');
  });

  it('names no type when there is no body', async () => {
    const url = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const reply = await open(url).send({ method: 'POST', path: '/x', safe: true }, never);
    expect(reply.body).not.toHaveProperty('content-type');
  });

  it('sends a text body as it stands', async () => {
    let seen = '';
    const url = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => (seen += text));
      request.on('end', () => response.end(`"${request.headers['content-type']}"`));
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const reply = await open(url).send({ ...post, headers, body: 'grant_type=x&y=%20' }, never);
    expect(seen).toBe('grant_type=x&y=%20');
    expect(reply.body).toBe('application/x-www-form-urlencoded');
  });

  it('refuses a path that leads elsewhere, and sends nothing', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    const fault = await faultOf(open(url).send({ ...get, path: `${url}/x?key=canary` }, never));
    expect(fault).toMatchObject({ kind: 'bug', code: 'path_refused' });
    expect(requests).toBe(0);
  });

  it('refuses a request that is too large before sending it, so that the batch can be split', async () => {
    const body = 'x'.repeat(33 * 1024 * 1024);
    expect(await faultOf(open('http://127.0.0.1:9').send({ ...post, body }, never))).toMatchObject({
      kind: 'invalid_record',
      code: 'request_too_large',
    });
  });

  it('asks for mended settings when a secret holds a line break', async () => {
    const url = await serve((_request, response) => response.end());
    const client = open(url, { secretHeaders: { Authorization: 'Bearer canary-header\nx: y' } });
    const fault = await faultOf(client.send(get, never));
    expect(fault).toMatchObject({ kind: 'config', code: 'header_refused' });
    expect(everything(fault)).not.toContain('canary');
  });
});

describe('what comes back', () => {
  it('takes any status for an answer and keeps numbers as written', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(500, { 'X-Limit': '7', 'Set-Cookie': ['a=1', 'b=2'] });
      response.end('{"total":12.50,"id":12345678901234567890,"n":3}');
    });
    const reply = await open(url).send(get, never);
    expect(reply.status).toBe(500);
    expect(reply.headers).toMatchObject({ 'x-limit': '7', 'set-cookie': 'a=1, b=2' });
    expect(reply.body).toEqual({ total: '12.50', id: '12345678901234567890', n: 3 });
    expect(reply.text).toBeNull();
  });

  it('does not follow a redirect', async () => {
    let elsewhere = 0;
    const other = await serve((_request, response) => {
      elsewhere += 1;
      response.end();
    });
    const url = await serve((_request, response) => {
      response.writeHead(307, { location: other }).end();
    });
    const reply = await open(url).send(post, never);
    expect([reply.status, elsewhere]).toEqual([307, 0]);
  });

  it('hands over a page that is not JSON as text', async () => {
    const url = await serve((_request, response) => response.end('<h1>Gateway</h1>'));
    expect(await open(url).send(get, never)).toMatchObject({ body: null, text: '<h1>Gateway</h1>' });
  });

  it('stops an answer that is too large, also when it comes compressed', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)));
    });
    expect(await faultOf(open(url).send(get, never))).toMatchObject({
      kind: 'transient',
      code: 'response_too_large',
    });
    expect(await faultOf(open(url).send(post, never))).toMatchObject({
      kind: 'ambiguous',
      code: 'response_too_large',
    });
  });

  it('reuses its connection', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });
    const client = open(url, {}, { concurrency: 1 });
    for (let count = 0; count < 5; count += 1) await client.send(get, never);
    expect(ports.size).toBe(1);
  });
});

describe('when no answer comes', () => {
  it('is transient when the connection is refused, even for an unsafe request', async () => {
    const server = createServer();
    const url = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await faultOf(open(url).send(post, never))).toMatchObject({
      kind: 'transient',
      code: 'connection_refused',
    });
  });

  it('is transient when the name is not known', async () => {
    const fault = await faultOf(open('http://causeway.invalid').send(post, never));
    expect(fault).toMatchObject({ kind: 'transient', code: 'host_not_found' });
  });

  it('is transient when TLS cannot be agreed on', async () => {
    const url = await serve((_request, response) => response.end());
    const fault = await faultOf(open(url.replace('http:', 'https:')).send(post, never));
    expect(fault).toMatchObject({ kind: 'transient', code: 'tls_failed' });
  });

  it('is transient when TLS is never answered, because nothing has left', async () => {
    const url = await serveSocket(() => {});
    const client = open(url.replace('http:', 'https:'), { deadlineMs: 50 });
    expect(await faultOf(client.send(post, never))).toMatchObject({
      kind: 'transient',
      code: 'deadline_exceeded',
    });
  });

  it.each([
    { request: get, kind: 'transient' },
    { request: post, kind: 'ambiguous' },
  ])('is $kind when the connection breaks after a $request.method was sent', async ({ request, kind }) => {
    const url = await serveSocket((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    expect(await faultOf(open(url).send(request, never))).toMatchObject({ kind, code: 'connection_lost' });
  });

  it.each([
    { request: get, kind: 'transient' },
    { request: post, kind: 'ambiguous' },
  ])('is $kind when the body of the answer to a $request.method breaks off', async ({ request, kind }) => {
    const url = await serveSocket(
      (socket) =>
        void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"a"')),
    );
    expect(await faultOf(open(url).send(request, never))).toMatchObject({ kind, code: 'connection_lost' });
  });

  it('is ambiguous when the answer to an unsafe request is not HTTP', async () => {
    const url = await serveSocket(
      (socket) => void socket.once('data', () => socket.end('220 mail ready\r\n')),
    );
    expect(await faultOf(open(url).send(post, never))).toMatchObject({
      kind: 'ambiguous',
      code: 'response_unreadable',
    });
  });

  it.each([
    { request: get, kind: 'transient' },
    { request: post, kind: 'ambiguous' },
  ])('keeps the deadline for a $request.method although bytes keep dripping', async ({ request, kind }) => {
    const url = await serveSocket((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const fault = await faultOf(open(url, { deadlineMs: 100 }).send(request, never));
    expect(fault).toMatchObject({ kind, code: 'deadline_exceeded' });
  });

  it('throws the reason of a caller who gave up while the request was under way', async () => {
    const arrived = Promise.withResolvers<void>();
    const url = await serve(() => arrived.resolve());
    const abort = new AbortController();
    const sent = open(url).send(post, abort.signal);
    await arrived.promise;
    const reason = new Error('the lease is gone');
    abort.abort(reason);
    await expect(sent).rejects.toBe(reason);
  });

  it('sends nothing for a caller who gave up while waiting for the budget', async () => {
    const arrived = Promise.withResolvers<void>();
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      arrived.promise.then(
        () => response.end('{}'),
        () => {},
      );
    });
    const client = open(url, {}, { concurrency: 1 });
    const first = client.send(get, never);
    const abort = new AbortController();
    const second = client.send(post, abort.signal);
    const reason = new Error('no longer wanted');
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    arrived.resolve();
    await first;
    expect(requests).toBe(1);
  });

  it('does not count the wait for the budget against the deadline', async () => {
    const url = await serve((_request, response) => response.end('{}'));
    const client = open(url, { deadlineMs: 150 }, { rate: { requests: 1, perMs: 300 } });
    const replies = await Promise.all([client.send(get, never), client.send(get, never)]);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200]);
  });
});

describe('what it keeps to itself', () => {
  it('puts no header, query or body into a fault or into the log', async () => {
    lines.length = 0;
    const reset = await serveSocket((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    const answered = await serve((_request, response) => response.end('{"echo":"canary-reply"}'));
    const query = { q: 'canary-query' };
    const faults = [
      await faultOf(open(reset).send({ ...post, query }, never)),
      await faultOf(open('http://127.0.0.1:1').send({ ...post, query }, never)),
      await faultOf(open(await serve(() => {}), { deadlineMs: 50 }).send({ ...post, query }, never)),
    ];
    await open(answered).send({ ...post, query }, never);
    expect(faults.map(everything).join('\n')).not.toContain('canary');
    expect(lines.join('\n')).toContain('/things');
    expect(lines.join('\n')).not.toContain('canary');
  });

  it('ignores a proxy that the environment names', async () => {
    let proxied = 0;
    const proxy = await serve((_request, response) => {
      proxied += 1;
      response.end('{}');
    });
    const url = await serve((_request, response) => response.end('{}'));
    process.env['HTTP_PROXY'] = proxy;
    cleanups.push(() => delete process.env['HTTP_PROXY']);
    expect((await open(url).send(get, never)).status).toBe(200);
    expect(proxied).toBe(0);
  });
});
