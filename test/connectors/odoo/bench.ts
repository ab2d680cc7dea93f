import { pino } from 'pino';
import { odoo } from '../../../connectors/odoo/index.ts';
import type { Outcome, RunningSandbox, Sink, SinkItem } from '../../../src/connector/contract.ts';
import { Fault } from '../../../src/connector/fault.ts';
import { httpKit } from '../../../src/connector/http.ts';
import type { Value } from '../../../src/connector/value.ts';

export const never = new AbortController().signal;

export type Row = { readonly id: number; readonly [field: string]: unknown };

/** A stand-in for Odoo, a connection to it, and what a person who works in it can do. */
export type Bench = {
  readonly sandbox: RunningSandbox;
  readonly sink: Sink;
  readonly lines: string[];
  connect(settings?: { readonly [name: string]: unknown }): Sink;
  misbehave(rules: { readonly [rule: string]: unknown }): Promise<void>;
  rows(model: string): Promise<Row[]>;
  row(model: string, id: string | number): Promise<Row>;
  add(model: string, values: { readonly [field: string]: unknown }): Promise<number>;
  edit(model: string, id: string | number, values: { readonly [field: string]: unknown }): Promise<void>;
  remove(model: string, id: string | number): Promise<void>;
  /** Calls taken so far, by model and method. */
  calls(): Promise<{ readonly [call: string]: number }>;
  close(): Promise<void>;
};

export type BenchOptions = {
  readonly seed?: string;
  readonly file?: string | null;
  readonly settings?: { readonly [name: string]: unknown };
  readonly now?: () => Date;
};

export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const now = options.now ?? (() => new Date());
  if (odoo.sandbox === null) throw new Error('the Odoo connector has no sandbox');
  const sandbox = await odoo.sandbox({
    file: options.file ?? null,
    seed: options.seed ?? 'fresh',
    port: 0,
    misbehave: {},
    now,
  });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  const kits: { close(): void }[] = [];
  const connect = (settings: { readonly [name: string]: unknown } = {}): Sink => {
    const parsed = odoo.settings.parse({ ...sandbox.settings, ...options.settings, ...settings });
    const http = httpKit({ limits: odoo.limits(parsed), now, log });
    kits.push(http);
    const { sink } = odoo.open(parsed, { http, now, sleep: async () => {}, log });
    if (sink === null) throw new Error('the Odoo connector has no sink');
    return sink;
  };
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const reply = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${await reply.text()}`);
    return reply.json();
  };
  return {
    sandbox,
    lines,
    sink: connect(),
    connect,
    misbehave: async (rules) => void (await ask('PUT', 'misbehave', rules)),
    rows: async (model) => (await ask('GET', `records/${model}`)) as Row[],
    row: async (model, id) => (await ask('GET', `records/${model}/${id}`)) as Row,
    add: async (model, values) => ((await ask('POST', `records/${model}`, values)) as Row).id,
    edit: async (model, id, values) => void (await ask('PATCH', `records/${model}/${id}`, values)),
    remove: async (model, id) => void (await ask('DELETE', `records/${model}/${id}`)),
    calls: async () => ((await ask('GET', 'stats')) as { requests: { [call: string]: number } }).requests,
    async close() {
      for (const kit of kits) kit.close();
      await sandbox.close();
    },
  };
}

/** A create unless it has a target; ids and external keys follow the number. */
export function anItem(
  number: number,
  fields: { readonly [field: string]: Value },
  more: Partial<SinkItem> = {},
): SinkItem {
  return {
    id: `item-${number}`,
    externalKey: `crm/things/${number}`,
    targetId: null,
    fields,
    lines: {},
    ...more,
  };
}

export const targetOf = (outcome: Outcome | undefined): string => {
  if (outcome !== undefined && 'targetId' in outcome) return outcome.targetId;
  throw new Error(`expected a written record, and it is ${JSON.stringify(outcome)}`);
};

export const faultOf = (outcome: Outcome | undefined): Fault => {
  if (outcome?.status === 'failed') return outcome.fault;
  throw new Error(`expected a failure, and it is ${JSON.stringify(outcome)}`);
};

export async function thrownFault(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('expected a Fault, and nothing was thrown');
}
