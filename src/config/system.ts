import { hash } from 'node:crypto';
import type { ConfigurableConnector, ConnectionConfig } from './config.ts';

/**
 * Names the system that a connection speaks to, as far as the configuration tells: another address, database or
 * sandbox seed is another system. Secrets are not part of it, so that a new key changes nothing.
 */
export function systemOf(connection: ConnectionConfig, { secrets }: ConfigurableConnector): string {
  if (connection.sandbox !== null) return `${connection.connector} sandbox ${connection.sandbox.seed}`;
  const plain = Object.entries(connection.settings).filter(([name]) => !secrets.includes(name));
  plain.sort(([a], [b]) => (a < b ? -1 : 1));
  return `${connection.connector} ${hash('sha256', JSON.stringify(plain)).slice(0, 12)}`;
}
