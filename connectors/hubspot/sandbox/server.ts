import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accountApi } from './account-api.ts';
import { associationsApi } from './associations-api.ts';
import { batchApi } from './batch-api.ts';
import { addRecord, aimWebhooks, allRecords, editRecord, removeRecord, setRules } from './control.ts';
import { families } from './endpoint.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { limitHeaders } from './misbehave.ts';
import { objectsApi } from './objects-api.ts';
import type { Portal } from './portal.ts';
import { schemasApi } from './schemas-api.ts';
import { Refusal, badRequest, refusal, unauthorized } from './refusal.ts';

const bodyLimit = 16 * 1024 * 1024;
/** Like the vendor's, an answer names the time of the vendor's clock, to the second. */
const dated = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toUTCString();

type Sent = { readonly text: string; readonly json: unknown };

/** Serves the account over HTTP: the protocol, and beside it `/_sandbox`. It does not listen yet. */
export function sandboxServer(portal: Portal, token: string): FastifyInstance {
  const server = Fastify({
    logger: false,
    bodyLimit,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) =>
    done(null, sentBody(String(text))),
  );
  server.setErrorHandler((error, _request, reply) => sendError(reply, error));
  server.setNotFoundHandler((_request, reply) =>
    sendError(reply, refusal(404, 'NOT_FOUND', 'Unknown path.')),
  );
  server.addHook('onRequest', async (_request, reply) => void reply.header('date', dated(portal.now())));

  const counts: { [operation: string]: number } = {};
  for (const endpoint of [...objectsApi, ...batchApi, ...associationsApi, ...accountApi, ...schemasApi]) {
    for (const prefix of families[endpoint.family]) {
      const handler = (request: FastifyRequest, reply: FastifyReply) => {
        counts[endpoint.name] = (counts[endpoint.name] ?? 0) + 1;
        return answer(portal, endpoint, request, reply, token);
      };
      server.route({ method: endpoint.method, url: `${prefix}${endpoint.path}`, handler });
    }
  }
  control(server, portal, counts);
  return server;
}

async function answer(
  portal: Portal,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
): Promise<FastifyReply> {
  if (portal.misbehaviour.down()) return hangUp(request, reply);
  if (request.headers.authorization !== `Bearer ${token}`) throw unauthorized('INVALID_AUTHENTICATION');
  const search = endpoint.name === 'search';
  await portal.misbehaviour.beforeAnswer({ path: request.url.split('?')[0] ?? '', search });
  const call = callOf(request);
  if (call.params['version'] !== undefined && !/^\d{4}-\d{2}$/.test(call.params['version']))
    throw refusal(404, 'NOT_FOUND', 'Unknown version.');
  const result = endpoint.handle(portal, call);
  if (endpoint.writes && portal.misbehaviour.losesAnswer()) return hangUp(request, reply);
  if (!search) void reply.headers(limitHeaders(100, 99));
  return send(reply, result);
}

function hangUp(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.destroy();
  return reply;
}

const entityOf = (call: Call) => call.params['entity'] ?? '';
const idIn = (call: Call) => call.params['id'] ?? '';

function control(
  server: FastifyInstance,
  portal: Portal,
  counts: { readonly [operation: string]: number },
): void {
  const entity = '/_sandbox/records/:entity';
  const on = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    handle: (call: Call) => Answer,
  ) => server.route({ method, url, handler: async (request, reply) => send(reply, handle(callOf(request))) });
  on('GET', entity, (call) => allRecords(portal, entityOf(call)));
  on('POST', entity, (call) => addRecord(portal, entityOf(call), call.body));
  on('PATCH', `${entity}/:id`, (call) => editRecord(portal, entityOf(call), idIn(call), call.body));
  on('DELETE', `${entity}/:id`, (call) =>
    removeRecord(portal, entityOf(call), idIn(call), 'purge' in call.query),
  );
  on('PUT', '/_sandbox/webhooks', (call) => aimWebhooks(portal, call.body));
  on('PUT', '/_sandbox/misbehave', (call) => setRules(portal, call.body));
  on('GET', '/_sandbox/stats', () => {
    const requests = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { status: 200, body: { requests, operations: { ...counts }, webhooks: portal.webhooks.stats() } };
  });
}

function sentBody(text: string): Sent {
  if (text === '') return { text, json: {} };
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    throw badRequest('Invalid input JSON: the body cannot be parsed.');
  }
}

function callOf(request: FastifyRequest): Call {
  const sent = request.body as Sent | undefined;
  return {
    params: request.params as Call['params'],
    query: request.query as Call['query'],
    body: sent?.json ?? {},
    bodyLength: sent?.text.length ?? 0,
  };
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return body === undefined ? reply.code(status).send() : reply.code(status).send(body);
}

function sendError(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof Refusal) return reply.code(error.status).headers(error.headers).send(error.body);
  const message = error instanceof Error ? error.message : 'unknown';
  return reply.code(500).send({ status: 'error', category: 'SANDBOX_DEFECT', message });
}
