import { pino } from 'pino';
import { odoo } from '../../connectors/odoo/index.ts';
import type { RunningSandbox } from '../../src/connector/contract.ts';
import { httpKit } from '../../src/connector/http.ts';
import { slicesOf } from '../../src/connector/slice.ts';
import type { LookupOpening } from '../../src/lookup/service.ts';

/** A connection for lookups to an Odoo, as Causeway opens it. */
export type OdooOpening = { readonly opening: LookupOpening; close(): void };

/** Starts a stand-in for Odoo with one customer in it, and gives the customer's id. */
export async function anOdoo(): Promise<{ sandbox: RunningSandbox; customer: string }> {
  if (odoo.sandbox === null) throw new Error('the Odoo connector has no sandbox');
  const now = (): Date => new Date();
  const sandbox = await odoo.sandbox({ file: null, seed: 'empty', port: 0, misbehave: {}, now });
  const made = await fetch(`${sandbox.url}/_sandbox/records/res.partner`, {
    method: 'POST',
    body: JSON.stringify({ name: 'Ernst Handel', credit_limit: 5000 }),
  });
  const { id } = (await made.json()) as { id: number };
  return { sandbox, customer: String(id) };
}

/** Opens a connection to it, by way of `url` where something stands between. */
export function openOdoo(sandbox: RunningSandbox, url = sandbox.url, name = 'erp'): OdooOpening {
  const now = (): Date => new Date();
  const log = pino({ level: 'silent' });
  const settings = odoo.settings.parse({ ...sandbox.settings, url });
  const slice = slicesOf(odoo.limits(settings)).lookups;
  const http = httpKit({ limits: slice, now, log });
  const sleep = (): Promise<never> => Promise.reject(new Error('a lookup does not wait'));
  const connection = { ...odoo.open(settings, { http, now, sleep, log }), name };
  return {
    opening: { connection, concurrency: slice.concurrency, verify: async () => {} },
    close: http.close,
  };
}
