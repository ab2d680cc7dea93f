import { pino } from 'pino';
import type { RunningSandbox, Sink } from '../../../src/connector/contract.ts';
import { httpKit } from '../../../src/connector/http.ts';
import { plainErp } from '../../faults/bench/plain-erp/index.ts';

/** A plain ERP, a connection to it, and what a person who works in it can do. */
export type PlainBench = {
  readonly sandbox: RunningSandbox;
  readonly sink: Sink;
  readonly lines: string[];
  connect(): Sink;
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  misbehave(rules: { readonly [rule: string]: unknown }): Promise<void>;
  close(): Promise<void>;
};

export async function openPlain(
  settings: { readonly [name: string]: unknown } = {},
  file: string | null = null,
): Promise<PlainBench> {
  const now = (): Date => new Date();
  if (plainErp.sandbox === null) throw new Error('the plain ERP has no sandbox');
  const sandbox = await plainErp.sandbox({ file, seed: 'empty', port: 0, misbehave: {}, now });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  const kits: { close(): void }[] = [];
  const connect = (): Sink => {
    const parsed = plainErp.settings.parse({ ...sandbox.settings, ...settings });
    const http = httpKit({ limits: plainErp.limits(parsed), now, log });
    kits.push(http);
    const { sink } = plainErp.open(parsed, { http, now, sleep: async () => {}, log });
    if (sink === null) throw new Error('the plain ERP has no sink');
    return sink;
  };
  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${method} ${path}: ${await reply.text()}`);
    return (await reply.json()) as T;
  };
  return {
    sandbox,
    lines,
    sink: connect(),
    connect,
    ask,
    misbehave: async (rules) => void (await ask('PUT', 'misbehave', rules)),
    async close() {
      for (const kit of kits) kit.close();
      await sandbox.close();
    },
  };
}
