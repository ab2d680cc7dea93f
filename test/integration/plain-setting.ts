import { pino } from 'pino';
import { httpKit } from '../../src/connector/http.ts';
import type { RunningSandbox } from '../../src/connector/contract.ts';
import { plainErp } from '../faults/bench/plain-erp/index.ts';
import { aMapping, type Journey, type JourneyParts, startJourney } from './journey.ts';
import { type MemorySource, memorySource } from './memory-systems.ts';
import { closeLater } from './setting.ts';

export type Row = {
  readonly id: string;
  readonly external_ref: string;
  readonly fields: Record<string, unknown>;
};
export type Write = {
  readonly at: string;
  readonly action: string;
  readonly external_ref: string;
  readonly request: number;
};

/** A source in memory, and an ERP without safe replay that is spoken to over HTTP. */
export type PlainSetting = {
  readonly source: MemorySource;
  readonly journey: Journey;
  /** What the ERP really holds. */
  rows(): Promise<Row[]>;
  journal(): Promise<Write[]>;
  overlaps(): Promise<unknown[]>;
  requests(): Promise<Record<string, number>>;
  misbehave(rules: { readonly [rule: string]: unknown }): Promise<void>;
  /** Another worker on the same database and the same ERP. */
  another(): Promise<Journey>;
};

const entity = 'customer';

/** The time in which a create may arrive is twice `deadlineMs` and once `settleMs`. */
export async function withPlainErp(
  settings: { readonly deadlineMs: number; readonly settleMs: number },
  parts: Partial<JourneyParts> = {},
): Promise<PlainSetting> {
  const now = (): Date => new Date();
  if (plainErp.sandbox === null) throw new Error('the plain ERP has no sandbox');
  const sandbox = await plainErp.sandbox({ file: null, seed: 'empty', port: 0, misbehave: {}, now });
  const source = memorySource();
  const mappings = [aMapping({ flow: 'accounts', write: { to: 'erp', entity, key: null } })];
  const others: Journey[] = [];
  const worker = async (url?: string): Promise<Journey> => {
    const parsed = plainErp.settings.parse({ ...sandbox.settings, ...settings });
    const limits = plainErp.limits(parsed);
    const log = pino({ level: 'silent' });
    const http = httpKit({ limits, now, log });
    const erp = plainErp.open(parsed, { http, now, sleep: async () => {}, log });
    const journey = await startJourney({
      connections: { crm: { source, sink: null }, erp },
      mappings,
      like: { erp: { connector: plainErp, limits } },
      ...parts,
      ...(url !== undefined && { url }),
    });
    const end = journey.close;
    const close = async (): Promise<void> => {
      // The database and the ERP are the first worker's.
      if (url === undefined) await Promise.all(others.map((other) => other.close()));
      await end();
      http.close();
      if (url === undefined) await sandbox.close();
    };
    if (url !== undefined) others.push(journey);
    return closeLater(Object.assign(journey, { close: once(close) }));
  };
  const journey = await worker();
  return {
    source,
    journey,
    ...control(sandbox),
    another: () => worker(journey.url),
  };
}

const once = (close: () => Promise<void>): (() => Promise<void>) => {
  let closing: Promise<void> | null = null;
  return () => (closing ??= close());
};

function control({ url }: RunningSandbox): Omit<PlainSetting, 'source' | 'journey' | 'another'> {
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${url}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  };
  return {
    rows: () => ask('GET', `records/${entity}`),
    journal: () => ask('GET', 'journal'),
    overlaps: () => ask('GET', 'overlaps'),
    requests: async () => (await ask<{ requests: Record<string, number> }>('GET', 'stats')).requests,
    misbehave: async (rules) => void (await ask('PUT', 'misbehave', rules)),
  };
}
