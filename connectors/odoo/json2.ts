import type { Kit } from '../../src/connector/contract.ts';
import { classify } from './faults.ts';
import type { OdooSettings } from './settings.ts';
import { contextOf, type Protocol, serverClient } from './transport.ts';

/**
 * Odoo's protocol from version 19 on: one path a method, arguments by name, real HTTP statuses.
 * Source: https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
 */
export function json2(settings: OdooSettings, kit: Kit): Protocol {
  const client = serverClient(
    kit.http,
    settings,
    { Authorization: `bearer ${settings.apiKey}` },
    { 'X-Odoo-Database': settings.database },
  );
  return {
    name: 'json2',
    async call(call, signal) {
      const body = { ...call.params, ...(call.ids && { ids: call.ids }), context: contextOf(settings, call) };
      const path = `/json/2/${call.model}/${call.method}`;
      const reply = await client.send({ method: 'POST', path, body, safe: call.writes !== true }, signal);
      if (reply.status === 200 && reply.text === null) return reply.body;
      throw classify(reply, { writes: call.writes === true, now: kit.now() });
    },
  };
}
