import type { ConfigPath } from './config.ts';

/** The environment as it was handed in. */
export type Environment = { readonly [name: string]: string | undefined };

/**
 * Every environment variable that Causeway reads by itself, and the place in the file that it takes precedence
 * over; `.env.example` describes them. Others are read only where the file names them as `${NAME}`.
 */
export const variables = {
  CAUSEWAY_CONFIG: null,
  DATABASE_URL: ['database'],
  CAUSEWAY_DATA: ['data'],
  CAUSEWAY_MAPPINGS: ['mappings'],
  CAUSEWAY_HTTP_HOST: ['http', 'host'],
  CAUSEWAY_HTTP_PORT: ['http', 'port'],
  CAUSEWAY_LOG_LEVEL: ['log', 'level'],
} as const satisfies { readonly [name: string]: ConfigPath | null };

export type Override = { readonly variable: string; readonly path: ConfigPath; readonly value: string };

/** What the environment puts over the file. An empty variable counts as not set. */
export function overrides(env: Environment): Override[] {
  return Object.entries<ConfigPath | null>(variables).flatMap(([variable, path]) => {
    const value = env[variable];
    return path === null || value === undefined || value === '' ? [] : [{ variable, path, value }];
  });
}
