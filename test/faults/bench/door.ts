/**
 * The HTTP door in front of a sandbox, one for each worker: what gateways and busy servers do to single requests. It
 * also keeps the book of what was written, by whom and when, which nobody else in the bench can know.
 */
import { Agent, createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkerName } from './plan.ts';

/** What a system is asked to do wrong from now on. */
export type DoorRule =
  /** The next writes are committed, and then the connection drops, or a gateway gives up waiting. */
  | { readonly rule: 'lose_answer' | 'gateway_timeout'; readonly times: number }
  /** The next writes are sent twice, as a middlebox does that got no answer in time; the second answer counts. */
  | { readonly rule: 'replay'; readonly times: number }
  /** The next writes arrive so late, and are committed all the same when the worker has gone by then. */
  | { readonly rule: 'slow'; readonly times: number; readonly ms: number }
  /**
   * A gateway gives up on the next creates at once; they arrive behind it so much later, and count. An update that does
   * so could overwrite a newer one, and no client could tell.
   */
  | { readonly rule: 'impatient_gateway'; readonly times: number; readonly ms: number }
  | { readonly rule: 'too_many'; readonly ms: number; readonly retryAfter: number | null }
  | { readonly rule: 'unavailable' | 'down'; readonly ms: number }
  /** The worker is killed while its nth write from now is under way: before the system sees it, or after its commit. */
  | {
      readonly rule: 'kill';
      readonly worker: WorkerName;
      readonly nth: number;
      readonly when: 'before' | 'after';
    };

/** One write that came to the door. Times are epoch milliseconds; `keys` name the records. */
export type Write = {
  readonly worker: WorkerName;
  readonly from: number;
  readonly to: number;
  readonly operation: string;
  readonly keys: readonly string[];
  /** False when it was refused at the door. */
  readonly arrived: boolean;
  readonly status: number | null;
  /** The worker went away before it was answered. */
  readonly abandoned: boolean;
};

/** What a request is, as far as the door must know. */
export type Reading = {
  readonly operation: string;
  readonly keys: readonly string[];
  /** Whether it surely creates all of its records. */
  readonly creates?: boolean;
};

/** One system as its doors see it. */
export type Gate = {
  readonly target: number;
  /** Says what a request writes, or null when it only reads. */
  readonly read: (method: string, path: string, body: string) => Reading | null;
  /** The body with which the system itself refuses too many requests. */
  readonly tooMany: string;
  /** Counts a fault that has really happened. */
  readonly struck: (kind: string) => void;
  readonly kill: (worker: WorkerName) => void;
};

export type Doors = {
  readonly ports: { readonly [worker in WorkerName]: number };
  readonly writes: Write[];
  readonly targets: Set<string>;
  obey(rule: DoorRule): void;
  /** How many rules still wait for a write that they can strike. */
  armed(): number;
  heal(): void;
  close(): Promise<void>;
};

type Mood = {
  once: (DoorRule & { times: number })[];
  until: { readonly rule: DoorRule; readonly at: number }[];
  kills: { readonly worker: WorkerName; nth: number; readonly when: 'before' | 'after' }[];
};

const agent = new Agent({ keepAlive: true });

/** Opens a door for each worker. Rules are the system's, and hold at both. */
export async function openDoors(gate: Gate): Promise<Doors> {
  const mood: Mood = { once: [], until: [], kills: [] };
  const writes: Write[] = [];
  const targets = new Set<string>();
  const open = async (worker: WorkerName) => {
    const server = createServer((incoming, response) => {
      targets.add(incoming.url ?? '');
      void pass(gate, mood, worker, incoming, response, writes).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  };
  const servers = { a: await open('a'), b: await open('b') };
  const portOf = (worker: WorkerName): number => (servers[worker].address() as AddressInfo).port;
  return {
    ports: { a: portOf('a'), b: portOf('b') },
    writes,
    targets,
    obey(rule) {
      if ('times' in rule) mood.once.push({ ...rule });
      else if ('ms' in rule) mood.until.push({ rule, at: Date.now() + rule.ms });
      else mood.kills.push({ ...rule });
    },
    armed: () => mood.once.length + mood.kills.length,
    heal: () => void Object.assign(mood, { once: [], until: [], kills: [] }),
    async close() {
      for (const server of Object.values(servers)) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

async function pass(
  gate: Gate,
  mood: Mood,
  worker: WorkerName,
  incoming: IncomingMessage,
  response: ServerResponse,
  writes: Write[],
): Promise<void> {
  const from = Date.now();
  const body = await bodyOf(incoming);
  const what = gate.read(incoming.method ?? '', incoming.url ?? '', body);
  const note = (arrived: boolean, status: number | null): void => {
    if (what === null) return;
    const abandoned = status === null || incoming.socket.destroyed;
    const { operation, keys } = what;
    writes.push({ operation, keys, worker, from, to: Date.now(), arrived, status, abandoned });
  };
  const refused = refusal(gate, mood);
  if (refused !== null) {
    note(false, refused.status);
    if (refused.status === 0) return void incoming.socket.destroy();
    response.writeHead(refused.status, refused.headers);
    return void response.end(refused.body);
  }
  const once = what === null ? null : nextOf(mood, what);
  const killing = what === null ? null : killerOf(mood, worker);
  if (once?.rule === 'slow') await later(once.ms);
  if (killing?.when === 'before') {
    gate.struck('kill_before_write');
    gate.kill(worker);
  }
  if (once !== null) gate.struck(once.rule);
  if (once?.rule === 'impatient_gateway') {
    givenUp(response);
    note(true, 504);
    await later(once.ms);
    return void (await forward(gate.target, incoming, body));
  }
  if (once?.rule === 'replay') await forward(gate.target, incoming, body);
  const answer = await forward(gate.target, incoming, body);
  if (killing?.when === 'after') {
    gate.struck('kill_after_write');
    gate.kill(worker);
    note(true, null);
    return void incoming.socket.destroy();
  }
  if (once?.rule === 'lose_answer') {
    note(true, null);
    return void incoming.socket.destroy();
  }
  if (once?.rule === 'gateway_timeout') {
    note(true, 504);
    return givenUp(response);
  }
  note(true, answer.status);
  if (answer.status === 0) return void incoming.socket.destroy();
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

function givenUp(response: ServerResponse): void {
  response.writeHead(504, { 'content-type': 'text/html' });
  response.end('<h1>504 Gateway Time-out</h1>');
}

/** A write is struck by the oldest rule that is for it and has strikes left. */
function nextOf(mood: Mood, { creates }: Reading): Mood['once'][number] | null {
  const first = mood.once.find(({ rule }) => rule !== 'impatient_gateway' || creates === true);
  if (first === undefined) return null;
  first.times -= 1;
  if (first.times === 0) mood.once = mood.once.filter((rule) => rule !== first);
  return first;
}

function killerOf(mood: Mood, worker: WorkerName): Mood['kills'][number] | null {
  const due = mood.kills.find((kill) => kill.worker === worker && (kill.nth -= 1) === 0) ?? null;
  if (due !== null) mood.kills = mood.kills.filter((kill) => kill !== due);
  return due;
}

type Refusal = { readonly status: number; readonly headers: Headers; readonly body: string };
type Headers = { readonly [name: string]: string };

/** What stands in front of the system answers in its place. Status 0 is a connection that is closed without a word. */
function refusal({ tooMany, struck }: Gate, mood: Mood): Refusal | null {
  mood.until = mood.until.filter(({ at }) => at > Date.now());
  const rule = mood.until[0]?.rule;
  if (rule === undefined) return null;
  struck(rule.rule === 'too_many' && rule.retryAfter === null ? 'too_many_without_time' : rule.rule);
  if (rule.rule === 'down') return { status: 0, headers: {}, body: '' };
  if (rule.rule === 'too_many') {
    const headers = rule.retryAfter === null ? {} : { 'retry-after': String(rule.retryAfter) };
    return { status: 429, headers: { ...headers, 'content-type': 'application/json' }, body: tooMany };
  }
  return { status: 503, headers: { 'content-type': 'text/html' }, body: '<h1>503 Service Unavailable</h1>' };
}

type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** Status 0 says that the system closed the connection without an answer. */
function forward(port: number, incoming: IncomingMessage, body: string): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const { connection: _connection, 'transfer-encoding': _encoding, ...headers } = incoming.headers;
  const bytes = Buffer.from(body);
  const outgoing = send(
    {
      agent,
      host: '127.0.0.1',
      port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...headers, 'content-length': bytes.length },
    },
    (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          headers: whole(reply.headers),
          body: Buffer.concat(chunks),
        }),
      );
    },
  );
  outgoing.on('error', () => resolve({ status: 0, headers: {}, body: Buffer.alloc(0) }));
  outgoing.end(bytes);
  return promise;
}

function whole({
  connection: _connection,
  'transfer-encoding': _encoding,
  'keep-alive': _alive,
  ...headers
}: IncomingMessage['headers']): IncomingMessage['headers'] {
  return headers;
}

const later = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
