import type { z } from 'zod';
import { problem } from '../errors/catalogue.ts';
import { CausewayError, type Problem } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { ConfigPath, ConfigurableConnector, ConnectionConfig, ConnectorRegistry } from './config.ts';
import { issueProblems } from './issues.ts';
import type { Locate } from './locate.ts';
import { connectionSchema } from './schema.ts';
import { checkTexts, type Issue, literalsIn, valueAt } from './texts.ts';

export type CheckedConnection = {
  /** Null when its own keys are wrong. */
  readonly connection: ConnectionConfig | null;
  readonly problems: readonly Problem[];
};

/** Checks one entry of `connections`, its settings by the connector's own schema. */
export function checkConnection(
  name: string,
  value: unknown,
  locate: Locate,
  connectors: ConnectorRegistry,
): CheckedConnection {
  const path: ConfigPath = ['connections', name];
  const checked = checkTexts(connectionSchema, value ?? {});
  if ('issues' in checked) {
    const subject = { schema: connectionSchema, value: value ?? {}, path, locate };
    return { connection: null, problems: issueProblems(checked.issues, subject) };
  }
  const { connector, settings, sandbox } = checked.data;
  const connection: ConnectionConfig = {
    name,
    connector,
    settings,
    sandbox: sandbox === undefined ? null : { ...sandbox, misbehave: literalsIn(sandbox.misbehave) },
    at: locate(path, 'key').at ?? { file: '', line: 1, column: 1 },
  };
  const known = Object.hasOwn(connectors, connector) ? connectors[connector] : undefined;
  const problems =
    known === undefined
      ? [unknownConnector(connection, locate, connectors)]
      : [...sandboxProblems(connection, known, locate), ...settingsProblems(connection, known, locate)];
  return { connection, problems };
}

function unknownConnector(
  { name, connector }: ConnectionConfig,
  locate: Locate,
  connectors: ConnectorRegistry,
): Problem {
  const names = Object.keys(connectors);
  const hint = didYouMean(connector, names) || `. There are: ${names.join(', ')}.`;
  const { name: called, ...place } = locate(['connections', name, 'connector']);
  const message = `${called} is \`${connector}\`, and there is no such connector${hint}`;
  return problem('config_unknown_connector', message, place);
}

function sandboxProblems(
  { name, connector, sandbox }: ConnectionConfig,
  known: ConfigurableConnector,
  locate: Locate,
): Problem[] {
  if (sandbox === null || known.sandbox !== null) return [];
  const { name: called, ...place } = locate(['connections', name, 'sandbox'], 'key');
  return [
    problem('config_no_sandbox', `${called} is given, and the connector \`${connector}\` has none.`, place),
  ];
}

/** What a sandbox will supply may be missing here; what is there must be right. */
function settingsProblems(
  { settings, sandbox, name }: ConnectionConfig,
  { settings: schema }: ConfigurableConnector,
  locate: Locate,
): Problem[] {
  const checked = checkTexts(schema, settings);
  if (!('issues' in checked)) return [];
  const isThere = (issue: Issue): boolean =>
    issue.code === 'unrecognized_keys' || valueAt(settings, issue.path) !== undefined;
  const issues = sandbox === null ? checked.issues : checked.issues.filter(isThere);
  return issueProblems(issues, { schema, value: settings, path: ['connections', name, 'settings'], locate });
}

/**
 * The settings that the connector accepts: those of the file, with those of the running sandbox over them.
 * Throws `config_missing_key`, `config_invalid_value` or `config_unknown_key` when it does not accept them.
 */
export function settingsOf<S extends z.ZodType>(
  connection: ConnectionConfig,
  connector: { readonly settings: S },
  fromSandbox: { readonly [key: string]: unknown } = {},
): z.output<S> {
  const value = { ...connection.settings, ...fromSandbox };
  const checked = checkTexts(connector.settings, value);
  if ('data' in checked) return checked.data;
  const locate: Locate = (path) => ({ name: `\`${path.join('.')}\``, at: connection.at });
  const path = ['connections', connection.name, 'settings'];
  throw new CausewayError(issueProblems(checked.issues, { schema: connector.settings, value, path, locate }));
}
