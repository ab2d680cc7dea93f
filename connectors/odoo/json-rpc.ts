import { z } from 'zod';
import type { Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { HttpClient } from '../../src/connector/http.ts';
import { classify } from './faults.ts';
import type { OdooSettings } from './settings.ts';
import { contextOf, type Protocol, serverClient } from './transport.ts';

/** `result` is missing when the method returned nothing. */
const answer = z.looseObject({
  jsonrpc: z.literal('2.0'),
  result: z.unknown().optional(),
  error: z.undefined().optional(),
});

/**
 * Calls one of Odoo's services. Status 200 says nothing: the body holds a result or an error.
 * Source: https://www.odoo.com/documentation/16.0/developer/reference/external_api.html
 */
export async function callService(
  client: HttpClient,
  request: {
    service: 'common' | 'object';
    method: string;
    args: readonly unknown[];
    writes: boolean;
    now: Date;
  },
  signal: AbortSignal,
): Promise<unknown> {
  const { service, method, args, writes, now } = request;
  const body = { jsonrpc: '2.0', method: 'call', id: 1, params: { service, method, args } };
  const reply = await client.send({ method: 'POST', path: '/jsonrpc', body, safe: !writes }, signal);
  const parsed = answer.safeParse(reply.body);
  if (reply.status !== 200 || !parsed.success) throw classify(reply, { writes, now });
  return parsed.data.result ?? null;
}

/** Odoo's protocol up to version 18. Signs in once; Odoo checks the key again with every call. */
export async function jsonRpc(settings: OdooSettings, kit: Kit, signal: AbortSignal): Promise<Protocol> {
  const { database, username, apiKey } = settings;
  if (username === undefined) {
    throw new Fault({
      kind: 'config',
      code: 'odoo_username_missing',
      message: 'This Odoo is spoken to by JSON-RPC, which needs the setting `username`.',
    });
  }
  const client = serverClient(kit.http, settings);
  const signIn = {
    service: 'common',
    method: 'authenticate',
    args: [database, username, apiKey, {}],
  } as const;
  const uid = await callService(client, { ...signIn, writes: false, now: kit.now() }, signal);
  if (typeof uid !== 'number') {
    throw new Fault({
      kind: 'auth',
      code: 'odoo_access_denied',
      message: 'Odoo refused the user name or the key.',
    });
  }
  return {
    name: 'jsonrpc',
    call(call, signal) {
      const params = call.params ?? {};
      const args = [...(call.ids ? [call.ids] : []), ...(call.positional ? Object.values(params) : [])];
      const kwargs = { ...(call.positional ? {} : params), context: contextOf(settings, call) };
      const request = {
        service: 'object',
        method: 'execute_kw',
        writes: call.writes === true,
        now: kit.now(),
      } as const;
      return callService(
        client,
        { ...request, args: [database, uid, apiKey, call.model, call.method, args, kwargs] },
        signal,
      );
    },
  };
}
