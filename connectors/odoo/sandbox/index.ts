import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningSandbox, SandboxOptions } from '../../../src/connector/contract.ts';
import { withoutApps } from './apps.ts';
import { control } from './control.ts';
import type { Environment } from './environment.ts';
import { type Mischief, mischief } from './misbehave.ts';
import { type Answer, type Backend, json2, jsonRpc, versionInfo } from './protocols.ts';
import { modelsOf } from './models.ts';
import type { Version } from './schema.ts';
import { seedDatabase } from './seed.ts';
import { openStore } from './store.ts';

const database = 'odoo';
const username = 'admin';
const apiKey = 'sandbox-api-key';

/**
 * Starts a stand-in for Odoo on loopback. Seeds: `empty` holds no partner at all, `fresh` those of its own company and
 * its administrator, as a new Odoo does. Both are Odoo 19; `empty:16` and `fresh:16` are Odoo 16.
 */
export async function sandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const odoo = standIn(options);
  const server = createServer((request, response) => {
    odoo.serve(request, response).catch((error: unknown) => giveUp(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', () => resolve());
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    settings: { url, database, username, apiKey },
    async close() {
      odoo.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** The caller went away, or the stand-in has a defect; either way the others are served on. */
function giveUp(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(500, { 'content-type': 'text/plain' });
  response.end(`The stand-in failed: ${error instanceof Error ? error.message : 'no reason'}`);
}

function seedOf(seed: string): { readonly version: Version; readonly ownPartners: boolean } {
  const match = /^(empty|fresh)(?::(16|19))?$/.exec(seed);
  if (match === null)
    throw new Error(
      `unknown seed "${seed}" of the Odoo sandbox: use empty or fresh, with :16 or :19 behind it`,
    );
  return { version: match[2] === '16' ? 16 : 19, ownPartners: match[1] === 'fresh' };
}

type StandIn = { serve(request: IncomingMessage, response: ServerResponse): Promise<void>; close(): void };

function standIn(options: SandboxOptions): StandIn {
  const { version, ownPartners } = seedOf(options.seed);
  const models = modelsOf(version);
  const store = openStore(models, options.file, (empty) => seedDatabase(empty, ownPartners));
  const counts = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let trouble = mischief(options.misbehave, options.now());

  const environment = (context: Environment['context'], login = username): Environment => ({
    version,
    models: withoutApps(models, trouble.rules.withoutApps),
    store,
    context,
    importModule: null,
    dueOrders: new Set(),
    user: [...store.rows('res.users')].find(([, row]) => row['login'] === login)?.[0] ?? 1,
    restricted: trouble.rules.restrictedUser,
    now: options.now().toISOString().replace('T', ' ').replace('Z', '000'),
  });
  const backend = (): Backend => ({
    version,
    database,
    username,
    apiKey,
    environment,
    wrongPassword: trouble.rules.wrongPassword,
    refuses: trouble.refuses,
    count: (call) => void counts.set(call, (counts.get(call) ?? 0) + 1),
    interfere: (method, params) =>
      method === 'load' && trouble.strikes('serializationFailureEvery') ? raced(params['data']) : null,
  });
  const controls = control({
    environment,
    stats: () => ({ version, requests: Object.fromEntries(counts) }),
    misbehave: (rules) => void (trouble = mischief(rules, options.now())),
  });

  return {
    close() {
      for (const timer of timers) clearTimeout(timer);
      store.close();
    },
    async serve(request, response) {
      const text = await bodyOf(request);
      const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://sandbox');
      if (path.startsWith('/_sandbox/'))
        return send(response, controls(request.method ?? 'GET', path, text, searchParams.get('user')));
      if (trouble.down(options.now())) return void request.socket.destroy();
      const early = troubleAhead(trouble);
      const answer = early ?? route(backend(), trouble, request, path, text);
      const deliver = (): void => finish(request, response, answer, trouble);
      if (trouble.rules.delayMs === 0) return deliver();
      const timer = setTimeout(() => (timers.delete(timer), deliver()), trouble.rules.delayMs);
      timers.add(timer);
    },
  };
}

/** What a server in front of Odoo answers, before Odoo sees the call. */
function troubleAhead(
  trouble: Mischief,
): (Answer & { readonly headers?: { readonly [name: string]: string } }) | null {
  const { answer } = trouble.rules;
  if (answer !== null) {
    const { status, headers, text } = answer;
    return {
      status,
      body: answer.body ?? null,
      headers,
      wrote: false,
      ...(text !== undefined && { html: text }),
    };
  }
  if (trouble.strikes('unavailableEvery'))
    return { status: 503, body: null, html: '<h1>503 Service Unavailable</h1>', wrote: false };
  if (!trouble.strikes('rateLimitEvery')) return null;
  const seconds = trouble.rules.retryAfterSeconds;
  const headers = seconds === null ? {} : { 'retry-after': String(seconds) };
  return { status: 429, body: null, html: '<h1>429 Too Many Requests</h1>', wrote: false, headers };
}

function raced(data: unknown): unknown {
  const rows = Array.isArray(data) ? data.slice(0, 10) : [];
  const message = 'could not serialize access due to concurrent update\n';
  return {
    ids: false,
    messages: rows.map((_, record) => ({
      rows: { from: record, to: record },
      record,
      type: 'error',
      message,
    })),
    nextrow: 0,
  };
}

const missing: Answer = {
  status: 404,
  body: null,
  html: '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n',
  wrote: false,
};

function route(
  backend: Backend,
  trouble: Mischief,
  request: IncomingMessage,
  path: string,
  text: string,
): Answer {
  const { version } = backend;
  const method = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path);
  if (version === 19 && method !== null && !trouble.rules.withoutJson2 && request.method === 'POST') {
    const { authorization } = request.headers;
    const named = request.headers['x-odoo-database'];
    return json2(
      backend,
      { model: method[1] ?? '', method: method[2] ?? '' },
      { authorization, database: [named].flat()[0] },
      text,
    );
  }
  if (path === '/jsonrpc' && request.method === 'POST') return jsonRpc(backend, text);
  if (version === 19 && path === '/web/version') {
    return { status: 200, body: { version_info: [19, 0, 0, 'final', 0, ''], version: '19.0' }, wrote: false };
  }
  if (version === 16 && path === '/web/webclient/version_info') {
    return { status: 200, body: { jsonrpc: '2.0', id: null, result: versionInfo(16) }, wrote: false };
  }
  return missing;
}

/** Sends an answer; one that has been committed may get lost on the way. */
function finish(request: IncomingMessage, response: ServerResponse, answer: Answer, trouble: Mischief): void {
  if (answer.wrote && trouble.strikes('loseAnswerEvery')) return void request.socket.destroy();
  const timedOut = answer.wrote && trouble.strikes('gatewayTimeoutEvery');
  send(
    response,
    timedOut ? { status: 504, body: null, html: '<h1>504 Gateway Time-out</h1>', wrote: true } : answer,
  );
}

function send(
  response: ServerResponse,
  answer: Omit<Answer, 'wrote'> & { readonly headers?: { readonly [name: string]: string } },
): void {
  const type = answer.html === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  response.writeHead(answer.status, { ...answer.headers, 'content-type': type });
  response.end(answer.html ?? JSON.stringify(answer.body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
