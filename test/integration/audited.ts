import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { odoo } from '../../connectors/odoo/index.ts';
import type { Connector, Connection, RunningSandbox } from '../../src/connector/contract.ts';
import { httpKit } from '../../src/connector/http.ts';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { openDatabase } from '../../src/store/database.ts';
import { type Audit, auditFlow } from '../../src/sync/audit.ts';
import { type ReadingContext, readingOnly } from '../../src/sync/reading.ts';
import { repair, type Repaired, repairsOf } from '../../src/sync/repair.ts';
import { type Journey, startJourney } from './journey.ts';
import { closeLater } from './setting.ts';

type Json = { readonly [field: string]: unknown };

/** A journey between the two stand-ins over HTTP, and what people in both systems can do. */
export type Audited = {
  readonly journey: Journey;
  /** Audits the nth flow, through what only reads. */
  audit(options?: {
    readonly flow?: number;
    readonly since?: Date;
    readonly sample?: number;
  }): Promise<Audit>;
  /** Audits, repairs, and gives what was queued. */
  fix(flow?: number): Promise<Repaired>;
  crm(method: string, path: string, body?: unknown): Promise<Json>;
  erp(method: string, path: string, body?: unknown): Promise<Json>;
  partners(): Promise<readonly (Json & { readonly id: number })[]>;
  edit(...mappings: readonly CompiledMapping[]): void;
};

const never = new AbortController().signal;
const log = pino({ level: 'silent' });
const now = (): Date => new Date();

async function system(
  connector: Connector<never>,
  seed: string,
  settings: Json,
): Promise<{ readonly sandbox: RunningSandbox; readonly connection: Connection; close(): Promise<void> }> {
  const sandbox = await connector.sandbox!({ file: null, seed, port: 0, misbehave: {}, now });
  const parsed = connector.settings.parse({ ...sandbox.settings, ...settings });
  const http = httpKit({ limits: { concurrency: 4, rate: null }, now, log });
  const connection = connector.open(parsed, {
    http,
    now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    log,
  });
  return { sandbox, connection, close: () => (http.close(), sandbox.close()) };
}

const control =
  ({ url }: RunningSandbox) =>
  async (method: string, path: string, body?: unknown): Promise<Json> => {
    const reply = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${await reply.text()}`);
    const text = await reply.text();
    return text === '' ? {} : (JSON.parse(text) as Json);
  };

/** HubSpot and Odoo as stand-ins, real Postgres, and an audit that is given nothing that writes. */
export async function audited(...mappings: readonly CompiledMapping[]): Promise<Audited> {
  // What is saved is covered at once: nothing here is saved by several requests.
  const settings = { settledSeconds: 0, overlapSeconds: 1, searchesPerSecond: 1000 };
  const source = await system(hubspot as unknown as Connector<never>, 'empty', settings);
  const sink = await system(odoo as unknown as Connector<never>, 'empty:19', {});
  let current = mappings;
  const journey = await startJourney({
    connections: { crm: source.connection, erp: sink.connection },
    mappings,
    current: () => current,
  });
  const database = openDatabase(journey.url, { max: 2, readOnly: true, onError: () => {} });
  const reading: ReadingContext = {
    database,
    connections: new Map([...journey.context.connections].map(([name, open]) => [name, readingOnly(open)])),
    mappings: () => current,
    now,
  };
  closeLater({
    ...journey,
    close: async () => {
      await database.end();
      await journey.close();
      await Promise.all([source.close(), sink.close()]);
    },
  });
  const look = (flow: number, more: Partial<Parameters<typeof auditFlow>[2]>): Promise<Audit> => {
    const mapping = current[flow];
    if (mapping === undefined) throw new Error('no such flow');
    const options = {
      since: null,
      sample: 10,
      sleep: (ms: number, signal: AbortSignal) => sleep(Math.min(ms, 100), undefined, { signal }),
      onProgress: () => {},
      onFinding: () => {},
      ...more,
    };
    return auditFlow(reading, mapping, options, never);
  };
  const erp = control(sink.sandbox);
  return {
    journey,
    crm: control(source.sandbox),
    erp,
    partners: async () => (await erp('GET', 'records/res.partner')) as never,
    edit: (...edited) => void (current = edited),
    audit: ({ flow = 0, ...options } = {}) => look(flow, options),
    async fix(flow = 0) {
      const repairs = repairsOf();
      await look(flow, { onFinding: repairs.add });
      const mapping = current[flow];
      if (mapping === undefined) throw new Error('no such flow');
      return repair(journey.context, mapping, repairs, never);
    },
  };
}
