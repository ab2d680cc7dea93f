import { z } from 'zod';
import type { CheckResult } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { readAnswer } from './fields.ts';
import type { OdooServer } from './server.ts';
import type { Session } from './session.ts';

/**
 * Signs in and names the database: by its UUID where the user may read it (administrators only), else by address and
 * name, which is as stable as the settings are.
 */
export async function check(session: Session, server: OdooServer, signal: AbortSignal): Promise<CheckResult> {
  const { version, protocol } = await server.greet(signal);
  const uuid = await databaseUuid(session, signal);
  const { url, database } = session.settings;
  return {
    identity: uuid === null ? `odoo:${new URL(url).host}|${database}` : `odoo:${uuid}`,
    version: `${version} (${protocol === 'json2' ? 'JSON-2' : 'JSON-RPC'})`,
  };
}

const parameters = z.array(z.looseObject({ value: z.string() }));

async function databaseUuid(session: Session, signal: AbortSignal): Promise<string | null> {
  const params = { domain: [['key', '=', 'database.uuid']], fields: ['value'] };
  try {
    const answer = await session.call(
      { model: 'ir.config_parameter', method: 'search_read', params },
      signal,
    );
    return readAnswer(parameters, answer)[0]?.value ?? null;
  } catch (error) {
    if (error instanceof Fault && error.code === 'odoo_access_error') return null;
    throw error;
  }
}
