/** HubSpot's sandbox and connections to it, by one clock that only the test moves. */
import pino from 'pino';
import { afterEach } from 'vitest';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import type { Connection, Page, RunningSandbox } from '../../../src/connector/contract.ts';
import { httpKit } from '../../../src/connector/http.ts';
import type { HttpReply, HttpRequest, OpenHttpKit } from '../../../src/connector/http.ts';

export const never = new AbortController().signal;
export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
const start = Date.UTC(2026, 4, 4, 8, 0, 0, 250);

type Json = { [key: string]: unknown };
type Flat = { [field: string]: string | null } & { id: string };

type Stats = { readonly requests: number; readonly operations: { readonly [operation: string]: number } };

/** The parts of HubSpot's answers that the tests look at; an answer has only some of them. */
type Body = {
  readonly id: string;
  readonly properties: { readonly [name: string]: string | null };
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly new: boolean;
  readonly total: number;
  readonly results: readonly Body[];
  readonly paging?: { readonly next: { readonly after: string } };
  readonly associations: { readonly [type: string]: { readonly results: readonly object[] } };
  readonly category: string;
  readonly message: string;
  readonly errors: readonly {
    readonly code: string;
    readonly context: { readonly [name: string]: string[] };
  }[];
};

export type Bench = {
  readonly sandbox: RunningSandbox;
  readonly connection: Connection;
  readonly source: NonNullable<Connection['source']>;
  readonly sink: NonNullable<Connection['sink']>;
  readonly clock: { now(): Date; advance(ms: number): void };
  readonly lines: string[];
  connect(settings?: Json): Connection;
  /** A request of HubSpot's own protocol, as any client would send it. */
  call(
    method: HttpRequest['method'],
    path: string,
    body?: unknown,
  ): Promise<{ status: number; headers: HttpReply['headers']; body: Body }>;
  all(entity: string): Promise<Flat[]>;
  add(entity: string, record: Json): Promise<Flat>;
  edit(entity: string, id: string, record: Json): Promise<Flat>;
  remove(entity: string, id: string): Promise<void>;
  misbehave(rules: Json): Promise<void>;
  stats(): Promise<Stats>;
  /** One catch-up, to its end. */
  catchUp(entity: string, cursor: Page['cursor'] | null, relations?: readonly string[]): Promise<Page[]>;
  close(): Promise<void>;
};

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all([...open].map((one) => one.close()));
});

export async function bench(
  options: { seed?: string; file?: string | null; settings?: Json; misbehave?: Json } = {},
): Promise<Bench> {
  const time = { ms: start };
  const clock = { now: () => new Date(time.ms), advance: (ms: number) => void (time.ms += ms) };
  const { seed = 'empty', file = null, misbehave = {} } = options;
  const sandbox = await hubspot.sandbox!({ file, seed, port: 0, misbehave, now: clock.now });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  const kits: OpenHttpKit[] = [];

  const openKit = (limits: Parameters<typeof httpKit>[0]['limits']): OpenHttpKit => {
    const kit = httpKit({ limits, now: clock.now, log });
    kits.push(kit);
    return kit;
  };
  const connect = (settings: Json = {}): Connection => {
    const parsed = hubspot.settings.parse({
      ...sandbox.settings,
      settledSeconds: 15,
      ...options.settings,
      ...settings,
    });
    const http = openKit(hubspot.limits(parsed));
    return hubspot.open(parsed, { http, now: clock.now, sleep: async () => {}, log });
  };
  const client = openKit({ concurrency: 8, rate: null }).client({
    baseUrl: sandbox.url,
    secretHeaders: { authorization: `Bearer ${String(sandbox.settings['token'])}` },
    deadlineMs: minuteMs,
    maxResponseBytes: 1e8,
  });
  const call: Bench['call'] = async (method, path, body) => {
    const [pathname = '', query = ''] = path.split('?');
    const request = {
      method,
      path: pathname,
      query: Object.fromEntries(new URLSearchParams(query)),
      safe: true,
    };
    const reply = await client.send({ ...request, ...(body !== undefined && { body }) }, never);
    return { status: reply.status, headers: reply.headers, body: reply.body as Body };
  };
  const control = async <T>(method: HttpRequest['method'], path: string, body?: unknown): Promise<T> => {
    const reply = await call(method, `/_sandbox/${path}`, body);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body as T;
  };
  const connection = connect();
  const self: Bench = {
    sandbox,
    connection,
    source: connection.source!,
    sink: connection.sink!,
    clock,
    lines,
    connect,
    call,
    all: (entity) => control<Flat[]>('GET', `records/${entity}`),
    add: (entity, record) => control<Flat>('POST', `records/${entity}`, record),
    edit: (entity, id, record) => control<Flat>('PATCH', `records/${entity}/${id}`, record),
    remove: (entity, id) => control<void>('DELETE', `records/${entity}/${id}`),
    misbehave: (rules) => control<void>('PUT', 'misbehave', rules),
    stats: () => control<Stats>('GET', 'stats'),
    catchUp: async (entity, cursor, relations = []) => {
      const pages: Page[] = [];
      for (let next = cursor; !pages.at(-1)?.caughtUp; next = pages.at(-1)!.cursor) {
        const request = { entity, with: relations, cursor: next, now: clock.now() };
        pages.push(await self.source.changesSince(request, never));
      }
      return pages;
    },
    close: async () => {
      for (const kit of kits) kit.close();
      open.splice(open.indexOf(self), 1);
      await sandbox.close();
    },
  };
  open.push(self);
  return self;
}
