import { z } from 'zod';
import type { Kit } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { sendAgain } from '../../src/connector/send-again.ts';
import { classify } from './faults.ts';
import { callService, jsonRpc } from './json-rpc.ts';
import { json2 } from './json2.ts';
import type { OdooSettings } from './settings.ts';
import { type Protocol, type Rpc, serverClient } from './transport.ts';

/** An Odoo server: its version and the way to call it. */
export type OdooServer = {
  readonly call: Rpc;
  /** Asks for the version and signs in anew. Throws the Fault that stands in the way. */
  greet(signal: AbortSignal): Promise<{ readonly version: string; readonly protocol: Protocol['name'] }>;
};

type Greeting = { readonly version: string; readonly protocol: Protocol };

/** Finds out on the first call which protocol to speak, and again after the credentials or settings were refused. */
export function odooServer(settings: OdooSettings, kit: Kit): OdooServer {
  let known: Greeting | null = null;
  const greet = async (signal: AbortSignal): Promise<Greeting> => {
    const version = await serverVersion(settings, kit, signal);
    known = { version, protocol: await chooseProtocol(settings, kit, majorOf(version), signal) };
    return known;
  };
  return {
    async greet(signal) {
      const { version, protocol } = await greet(signal);
      return { version, protocol: protocol.name };
    },
    async call(call, signal) {
      const { protocol } = known ?? (await sendAgain(() => greet(signal), true, kit.sleep, signal));
      try {
        return await sendAgain(() => protocol.call(call, signal), call.writes !== true, kit.sleep, signal);
      } catch (error) {
        if (error instanceof Fault && asksAnew(error)) known = null;
        throw error;
      }
    },
  };
}

/** Another server, database or key may be meant from now on; a right that the user lacks says nothing of that. */
const asksAnew = ({ kind, code }: Fault): boolean =>
  kind === 'auth' || (kind === 'config' && code !== 'odoo_access_error');

const webVersion = z.looseObject({ version: z.string() });
const commonVersion = z.looseObject({ server_version: z.string() });

/** `/web/version` came with Odoo 19; before it, the version is asked by JSON-RPC. */
async function serverVersion(settings: OdooSettings, kit: Kit, signal: AbortSignal): Promise<string> {
  const client = serverClient(kit.http, settings);
  if (settings.transport !== 'jsonrpc') {
    const reply = await client.send({ method: 'GET', path: '/web/version', safe: true }, signal);
    const parsed = webVersion.safeParse(reply.body);
    if (reply.status === 200 && parsed.success) return parsed.data.version;
    if (reply.status >= 429 || settings.transport === 'json2')
      throw classify(reply, { writes: false, now: kit.now() });
  }
  const request = { service: 'common', method: 'version', args: [], writes: false, now: kit.now() } as const;
  const parsed = commonVersion.safeParse(await callService(client, request, signal));
  if (parsed.success) return parsed.data.server_version;
  throw new Fault({
    kind: 'config',
    code: 'odoo_not_here',
    message: 'What answers at this address is not Odoo.',
  });
}

/** `16.0`, `19.0+e`, `saas~18.2`. */
const majorOf = (version: string): number => Number(/\d+/.exec(version)?.[0] ?? 0);

async function chooseProtocol(
  settings: OdooSettings,
  kit: Kit,
  major: number,
  signal: AbortSignal,
): Promise<Protocol> {
  if (settings.transport === 'jsonrpc' || (settings.transport === 'auto' && major < 19)) {
    return jsonRpc(settings, kit, signal);
  }
  const protocol = json2(settings, kit);
  try {
    await protocol.call({ model: 'res.users', method: 'context_get' }, signal);
    return protocol;
  } catch (error) {
    // A server of version 19 whose JSON-2 is switched off or hidden answers 404, just as for a wrong database.
    const missing =
      error instanceof Fault && (error.code === 'odoo_not_here' || error.code === 'odoo_unknown_model');
    if (!missing || settings.transport === 'json2' || settings.username === undefined) throw error;
    return jsonRpc(settings, kit, signal);
  }
}
