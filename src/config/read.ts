import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import type { Config, ConnectorRegistry } from './config.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load.ts';

const readText = (path: string): string => readFileSync(path, 'utf8');

/**
 * Reads the configuration: the file that is named, or else that of CAUSEWAY_CONFIG, or else causeway.yaml; and the
 * environment, with what a file `.env` beside it adds. This is the one place that reads the environment.
 * Throws a CausewayError with every problem found.
 */
export function readConfig(
  path: string | undefined,
  connectors: ConnectorRegistry,
  env: Environment = process.env,
): Config {
  const file = path ?? (env['CAUSEWAY_CONFIG'] || 'causeway.yaml');
  const added = readIfThere(join(dirname(file), '.env'));
  return loadConfig({
    file,
    text: readIfThere(file),
    env: { ...(added === null ? {} : parseEnv(added)), ...env },
    connectors,
    readFile: readText,
  });
}

/** The text of a file, or null when it is not there. */
function readIfThere(file: string): string | null {
  try {
    return readText(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    if (code === 'ENOENT') return null;
    throw new CausewayError([problem('config_unreadable', `The file ${file} cannot be read (${code}).`)]);
  }
}
