import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningSandbox, SandboxOptions } from '../../../../../src/connector/contract.ts';
import { type Answer, batchOf, keysOf, read, refusal, writeBatch } from './api.ts';
import { control } from './control.ts';
import { flights } from './flights.ts';
import { type Mischief, mischief } from './misbehave.ts';
import { openRecords } from './records.ts';

const apiKey = 'plain-sandbox-key';

/** Starts a plain ERP on loopback. It begins with nothing, whatever the seed; the README lists how it misbehaves. */
export async function sandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const erp = standIn(options);
  const server = createServer((request, response) => {
    erp.serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', () => resolve());
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    settings: { url, apiKey },
    async close() {
      erp.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

type StandIn = { serve(request: IncomingMessage, response: ServerResponse): Promise<void>; close(): void };

function standIn(options: SandboxOptions): StandIn {
  const records = openRecords(options.file, options.now);
  const trouble = mischief(options.misbehave, options.now);
  const inFlight = flights(options.now);
  const requests = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (ms === 0) return resolve();
      const timer = setTimeout(() => (timers.delete(timer), resolve()), ms);
      timers.add(timer);
    });

  /** Answers a request of a program; a write counts as under way until it can write nothing more. */
  const answer = async (request: IncomingMessage, url: URL, text: string): Promise<Answer> => {
    const method = request.method ?? 'GET';
    const known = request.headers['x-api-key'] === apiKey && !trouble.rules().wrongKey;
    const early = troubleAhead(trouble) ?? (known ? null : unknownKey);
    const batch = batchOf(method, url.pathname, text);
    if (batch === null || 'status' in batch) {
      const told = early ?? batch ?? read(records, trouble, url, options.now());
      await pause(trouble.rules().delayMs);
      return told;
    }
    const flight = inFlight.begin(batch.entity, keysOf(batch));
    try {
      if (early !== null) return early;
      const { commitDelayMs, delayMs } = trouble.rules();
      if (commitDelayMs > 0) trouble.struck('commitDelayMs');
      await pause(commitDelayMs);
      const author = { by: 'api', request: flight.number } as const;
      const told =
        trouble.strikes('errorIn200Every') > 0 ? busy : writeBatch(records, trouble, batch, author);
      if (delayMs > 0) trouble.struck('delayMs');
      await pause(delayMs);
      return told;
    } finally {
      flight.end();
    }
  };

  return {
    close() {
      for (const timer of timers) clearTimeout(timer);
      records.close();
    },
    async serve(request, response) {
      const text = await bodyOf(request);
      const url = new URL(request.url ?? '/', 'http://sandbox');
      if (url.pathname.startsWith('/_sandbox/')) {
        const parts = { records, trouble, flights: inFlight, requests };
        return send(response, control(parts, request.method ?? 'GET', url, text));
      }
      if (trouble.lasts('downForMs')) return void request.socket.destroy();
      const name = `${request.method} ${url.pathname}`;
      requests.set(name, (requests.get(name) ?? 0) + 1);
      const told = await answer(request, url, text);
      const lost = told.dropped === true || (told.wrote && trouble.strikes('loseAnswerEvery') > 0);
      if (lost) return void request.socket.destroy();
      send(response, told);
    },
  };
}

const unknownKey = refusal(401, 'unauthorized', 'The API key is not known.');
const busy = refusal(200, 'busy', 'The ERP is busy; nothing was written.');

/** What stands in front of the ERP says, before it sees the request. */
function troubleAhead(trouble: Mischief): Answer | null {
  const { answer, retryAfterSeconds } = trouble.rules();
  if (answer !== null) {
    const { status, headers, text } = answer;
    return { status, body: answer.body ?? null, headers, wrote: false, ...(text !== undefined && { text }) };
  }
  if (trouble.strikes('unavailableEvery') > 0)
    return { status: 503, body: null, text: '<h1>503 Service Unavailable</h1>', wrote: false };
  if (!trouble.lasts('rateLimitFor') && trouble.strikes('rateLimitEvery') === 0) return null;
  const headers = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return { ...refusal(429, 'too_many_requests', 'Too many requests.'), headers };
}

function send(response: ServerResponse, answer: Omit<Answer, 'wrote' | 'dropped'>): void {
  if (response.destroyed) return;
  const type = answer.text === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  response.writeHead(answer.status, { ...answer.headers, 'content-type': type });
  response.end(answer.text ?? JSON.stringify(answer.body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
