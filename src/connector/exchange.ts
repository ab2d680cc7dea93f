import http, { validateHeaderValue } from 'node:http';
import https from 'node:https';
import { AxiosHeaders, type AxiosResponse, create } from 'axios';
import { Fault } from './fault.ts';
import type { HttpClientOptions, HttpReply, HttpRequest } from './http.ts';
import { readBody } from './reply-body.ts';
import { presentTrace, traceparentOf } from './trace.ts';
import { unanswered } from './unanswered.ts';

/** The connection pool of one connection. */
export type Agents = { readonly http: http.Agent; readonly https: https.Agent };

/** One request, checked and encoded, ready to be sent. */
export type Parcel = {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  readonly headers: AxiosHeaders;
  readonly data: string | undefined;
  readonly safe: boolean;
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
};

const axios = create();

/** More than any batch needs; beyond it a batch is refused, and with that split, before anything is sent. */
const maxRequestBytes = 32 * 1024 * 1024;

/** Checks and encodes a request. A text body is sent as it stands, anything else as JSON. */
export function pack(request: HttpRequest, base: URL, path: string, options: HttpClientOptions): Parcel {
  const url = new URL(base);
  url.pathname = `${base.pathname === '/' ? '' : base.pathname}${path}`;
  url.search = new URLSearchParams(queryPairs(request.query ?? {})).toString();
  const headers = new AxiosHeaders({ Accept: 'application/json', 'User-Agent': 'causeway' });
  // Without a body there is no type to name; axios would claim that a form follows.
  headers.set('Content-Type', request.body === undefined ? false : 'application/json');
  for (const [name, value] of [options.headers, request.headers, options.secretHeaders].flatMap(pairs)) {
    headers.set(name, sendable(name, value, url.host));
  }
  const traceId = presentTrace();
  if (traceId !== null) headers.set('traceparent', traceparentOf(traceId));
  const data = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
  if (data !== undefined && Buffer.byteLength(data) > maxRequestBytes) {
    throw new Fault({
      kind: 'invalid_record',
      code: 'request_too_large',
      message: `The request to ${url.host} would be larger than ${maxRequestBytes} bytes; it was not sent.`,
    });
  }
  return {
    method: request.method,
    url,
    headers,
    data,
    safe: request.safe,
    deadlineMs: request.deadlineMs ?? options.deadlineMs,
    maxResponseBytes: options.maxResponseBytes,
  };
}

const pairs = (headers: { readonly [name: string]: string } = {}): [string, string][] =>
  Object.entries(headers);

/** Axios would drop the offending characters and send a key that nobody knows. */
function sendable(name: string, value: string, host: string): string {
  try {
    validateHeaderValue(name, value);
    return value;
  } catch {
    throw new Fault({
      kind: 'config',
      code: 'header_refused',
      message: `The header ${name} for ${host} holds a character that cannot be sent; is there a line break in a secret?`,
    });
  }
}

const queryPairs = (query: NonNullable<HttpRequest['query']>): [string, string][] =>
  Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );

/**
 * Sends a parcel and gives any answer, whatever its status. Throws a Fault when none came, and the signal's reason
 * when the caller gave up. The deadline covers everything from connecting to the last byte; axios's own timeout
 * starts anew with every byte.
 */
export async function exchange(parcel: Parcel, agents: Agents, signal: AbortSignal): Promise<HttpReply> {
  const wire = { left: false };
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), parcel.deadlineMs);
  try {
    return reply(await request(parcel, agents, wire, AbortSignal.any([deadline.signal, signal])));
  } catch (error) {
    signal.throwIfAborted();
    throw unanswered({
      error,
      host: parcel.url.host,
      safe: parcel.safe,
      left: wire.left,
      deadlineMs: deadline.signal.aborted ? parcel.deadlineMs : null,
    });
  } finally {
    clearTimeout(timer);
  }
}

function request(
  parcel: Parcel,
  agents: Agents,
  wire: { left: boolean },
  signal: AbortSignal,
): Promise<AxiosResponse<string>> {
  return axios.request<string>({
    method: parcel.method,
    url: parcel.url.href,
    headers: parcel.headers,
    data: parcel.data,
    signal,
    transport: watched(parcel.url.protocol === 'https:', wire),
    httpAgent: agents.http,
    httpsAgent: agents.https,
    // A redirect would carry API keys to another host and send a POST twice.
    maxRedirects: 0,
    proxy: false,
    timeout: 0,
    maxContentLength: parcel.maxResponseBytes,
    maxBodyLength: maxRequestBytes,
    responseType: 'text',
    transformRequest: (data: unknown) => data,
    transformResponse: (data: unknown) => data,
    validateStatus: () => true,
  });
}

/**
 * Notes when a request can have left: a socket holds everything back until it is connected, and until the TLS
 * handshake is done. What fails before that surely did nothing.
 */
function watched(secure: boolean, wire: { left: boolean }): { request: typeof http.request } {
  const request = (
    options: http.RequestOptions,
    onReply: (reply: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const outgoing = (secure ? https : http).request(options, onReply);
    return outgoing.once('socket', (socket) => {
      if (!socket.connecting) wire.left = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (wire.left = true));
    });
  };
  return { request: request as typeof http.request };
}

function reply(response: AxiosResponse<string>): HttpReply {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== null && value !== undefined) headers[name.toLowerCase()] = [value].flat().join(', ');
  }
  return { status: response.status, headers, ...readBody(response.data) };
}
