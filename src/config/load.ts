import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { problem } from '../errors/catalogue.ts';
import { CausewayError, type Problem } from '../errors/error.ts';
import type { Config, ConnectionConfig, ConnectorRegistry } from './config.ts';
import { checkConnection } from './connections.ts';
import { readDocument } from './document.ts';
import { type Environment, type Override, overrides } from './environment.ts';
import { issueProblems } from './issues.ts';
import { knownKeys } from './known-keys.ts';
import { locateIn } from './locate.ts';
import type { MayShow } from './mask.ts';
import { resolveReferences } from './references.ts';
import { fileSchema } from './schema.ts';
import { checkTexts, valueAt, withValueAt } from './texts.ts';

export type ConfigSources = {
  /** Name of the file, for problems; relative paths in it count from its folder. */
  readonly file: string;
  /** What stands in it; null when there is no such file. */
  readonly text: string | null;
  readonly env: Environment;
  readonly connectors: ConnectorRegistry;
  /** Reads a file that a value names as `file:PATH`, or throws. */
  readonly readFile: (path: string) => string;
};

/**
 * Makes the configuration of causeway.yaml and the environment, or throws a CausewayError with every problem found.
 * Reads nothing but what it is given.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { file, text, connectors } = sources;
  if (text === null) throw new CausewayError([problem('config_missing', `There is no file ${file}.`)]);
  const document = readDocument(file, text, mayShow(connectors));
  if (document.problems.length > 0) throw new CausewayError(document.problems);

  const folder = dirname(resolve(file));
  const above = overrides(sources.env);
  const locate = locateIn(document, above);
  const resolved = resolveReferences(withOverrides(document.value, above), { ...sources, folder, locate });
  const { value } = resolved;
  const checked = checkTexts(fileSchema, value);
  const connections = Object.entries(recordAt(value, 'connections')).map(([name, entry]) =>
    checkConnection(name, entry, locate, connectors),
  );
  const problems = [
    ...('issues' in checked
      ? issueProblems(checked.issues, { schema: fileSchema, value, path: [], locate })
      : []),
    ...connections.flatMap((connection) => connection.problems),
  ];
  if ('issues' in checked || problems.length + resolved.problems.length > 0) {
    throw new CausewayError([
      ...resolved.problems,
      ...problems.filter((one) => !isAtOneOf(resolved.problems, one)),
    ]);
  }
  const { data } = checked;
  const found = connections.flatMap(({ connection }) => (connection === null ? [] : [connection]));
  return deepFreeze({
    file: resolve(file),
    database: data.database === 'embedded' ? 'embedded' : { url: data.database },
    data: resolve(folder, data.data),
    mappings: resolve(folder, data.mappings),
    connections: Object.fromEntries(found.map((connection) => [connection.name, connection])),
    http: {
      host: data.http.host,
      port: data.http.port,
      publicUrl: data.http.public_url ?? null,
      rateLimit: data.http.rate_limit,
      callbacks: callbacksOf(data.http),
    },
    alerts: { webhook: webhookOf(data.alerts) },
    log: data.log,
    retention: data.retention,
    secrets: [
      ...new Set([
        ...resolved.secrets,
        ...databaseSecrets(data.database),
        ...webhookSecrets(data.alerts),
        ...callbackSecrets(data.http),
        ...found.flatMap(secretsOf(connectors)),
      ]),
    ],
  });
}

type AlertsData = z.output<typeof fileSchema>['alerts'];

function webhookOf({ webhook }: AlertsData): Config['alerts']['webhook'] {
  if (webhook === undefined) return null;
  const { url, secret, allow_private: allowPrivate } = webhook;
  return { url, secret, allowPrivate };
}

type HttpData = z.output<typeof fileSchema>['http'];

const callbacksOf = ({ callbacks }: HttpData): Config['http']['callbacks'] =>
  callbacks === undefined ? null : { secret: callbacks.secret, allowPrivate: callbacks.allow_private };

const callbackSecrets = ({ callbacks }: HttpData): string[] =>
  callbacks === undefined ? [] : [callbacks.secret, callbacks.secret.replace(/^whsec_/u, '')];

/** Whoever has the address of an incoming webhook may write there: it is a secret, too. */
const webhookSecrets = ({ webhook }: AlertsData): string[] =>
  webhook === undefined ? [] : [webhook.url, webhook.secret, webhook.secret.replace(/^whsec_/u, '')];

const mayShow =
  (connectors: ConnectorRegistry): MayShow =>
  (name, setting) => {
    const connector = Object.hasOwn(connectors, name) ? connectors[name] : undefined;
    if (connector === undefined || connector.secrets.includes(setting)) return false;
    return knownKeys(connector.settings).includes(setting);
  };

const withOverrides = (value: unknown, above: readonly Override[]): unknown =>
  above.reduce((inner, { path, value: text }) => withValueAt(inner, path, text), value);

/** A value that could not be found is reported already: that it is empty, or no address, is no second problem. */
const isAtOneOf = (problems: readonly Problem[], { at }: Problem): boolean =>
  at !== undefined && problems.some((other) => other.at?.line === at.line && other.at.column === at.column);

function recordAt(value: unknown, key: string): Record<string, unknown> {
  const inner = valueAt(value, [key]);
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner } : {};
}

/** The password as it stands in the address, and as it is meant. */
function databaseSecrets(database: string): string[] {
  const password = URL.parse(database)?.password ?? '';
  const meant = password.replaceAll(/(?:%[0-9a-f]{2})+/giu, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
  return password === '' ? [] : [password, meant];
}

const secretsOf =
  (connectors: ConnectorRegistry) =>
  ({ connector, settings }: ConnectionConfig): string[] =>
    (connectors[connector]?.secrets ?? []).flatMap((name) => textsIn(settings[name]));

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
