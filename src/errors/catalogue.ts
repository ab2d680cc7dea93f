import { alertCodes } from './alert-codes.ts';
import type { ErrorEntry } from './entry.ts';
import type { Position, Problem } from './error.ts';
import { lookupFileCodes } from './lookup-file-codes.ts';
import { mappingCodes } from './mapping-codes.ts';
import { recordCodes } from './record-codes.ts';

/**
 * Every error that a user can meet. Codes are stable and never reused; docs/errors.md is generated from this
 * table and a test holds the two together.
 */
export const catalogue = {
  schema_newer: {
    title: 'The database was migrated by a newer Causeway.',
    remedy: 'Run the newer program, or restore a backup that was made before the upgrade.',
    exit: 2,
  },
  schema_older: {
    title: 'The database was made by an older Causeway, and this command writes nothing.',
    remedy: 'Run `causeway start` or `causeway status` once; they bring the database up to date.',
    exit: 2,
  },
  migration_blocked: {
    title: 'The database could not be migrated, because its tables were in use all the time.',
    remedy:
      'Start again when what holds the tables has ended: a backup that is being made, or a session that was left open in a transaction. Nothing was changed.',
    exit: 3,
  },
  database_too_old: {
    title: 'The PostgreSQL server is too old.',
    remedy: 'Use PostgreSQL 14 or newer, or `database: embedded`.',
    exit: 2,
  },
  database_unreachable: {
    title: 'The database does not answer.',
    remedy: 'Check `database` in causeway.yaml and that the server runs and takes connections from here.',
    exit: 3,
  },
  http_needs_keys: {
    title: 'The HTTP interface is open to this machine alone, because there is no API key.',
    remedy:
      'Make one with `causeway keys create`: it opens by itself to where `http.host` says. Put a proxy with TLS in front of it.',
    exit: 2,
  },
  embedded_unsupported: {
    title: 'There is no embedded database for this system.',
    remedy:
      'Run a PostgreSQL server, and put its address into `database` in causeway.yaml or into DATABASE_URL.',
    exit: 2,
  },
  embedded_missing: {
    title: 'The programs of the embedded database are not installed.',
    remedy:
      'Install again without leaving out optional dependencies, or set DATABASE_URL to a PostgreSQL server.',
    exit: 2,
  },
  embedded_folder: {
    title: 'The folder of the embedded database cannot be used.',
    remedy:
      'Run Causeway as the user that the folder belongs to, or set `data` in causeway.yaml to another folder.',
    exit: 2,
  },
  embedded_other_version: {
    title: 'The embedded database was made by another major version of PostgreSQL.',
    remedy:
      'Dump it with the Causeway that made it and restore it into a PostgreSQL server named by DATABASE_URL; or remove its folder to begin anew.',
    exit: 2,
  },
  embedded_start_failed: {
    title: 'The embedded database does not start.',
    remedy:
      'Read what it said above and in postgres.log in its folder; or set DATABASE_URL to a PostgreSQL server.',
    exit: 3,
  },
  ...mappingCodes,
  ...lookupFileCodes,
  ...recordCodes,
  ...alertCodes,
  unexpected: {
    title: 'Something went wrong that Causeway did not expect.',
    remedy:
      'Run it again. If it happens again, please report it with the message; nothing is lost, what was not sent is queued.',
    exit: 1,
  },
  usage: {
    title: 'The command was not given what it needs.',
    remedy: 'Run the command with --help.',
    exit: 2,
  },
  unknown_name: {
    title: 'No flow and no connection has this name.',
    remedy: 'Use the name after `flow:` in a mapping file, or that of a connection in causeway.yaml.',
    exit: 2,
  },
  unknown_lookup: {
    title: 'No lookup has this name.',
    remedy: 'Use the name after `lookup:` in one of the files in `lookups` of the mapping folder.',
    exit: 2,
  },
  unknown_flow: {
    title: 'No flow has this name.',
    remedy: 'Use the name after `flow:` in one of the mapping files.',
    exit: 2,
  },
  nothing_read: {
    title: 'Nothing of the flow has been read from the source yet.',
    remedy: 'Run `causeway sync` for the flow first; a plan is computed from what was read.',
    exit: 1,
  },
  audit_stopped: {
    title: 'An audit was stopped before its end.',
    remedy: 'Run it again; it had changed nothing.',
    exit: 1,
  },
  described_unreadable: {
    title: 'The file with the descriptions of the systems cannot be read.',
    remedy: 'Remove the file, and write it anew with `causeway check --online`.',
    exit: 1,
  },
  entity_not_described: {
    title: 'A system does not say what one of its entities looks like.',
    remedy: 'Check the name of the entity and the rights of the connection.',
    exit: 1,
  },
  nothing_to_approve: {
    title: 'Nothing that this run stopped at waits for an answer.',
    remedy: 'Run `causeway status`: it names the runs that stopped and wait.',
    exit: 2,
  },
  unknown_record: {
    title: 'The flow has never seen this record.',
    remedy: 'Check the id; it is the id in the source.',
    exit: 2,
  },
  unknown_group: {
    title: 'No dead letter belongs to this group.',
    remedy:
      'Take the name of a group from `causeway dead-letters list`; it goes when its last letter is cleared.',
    exit: 2,
  },
  retention_unknown_flow: {
    title: 'The configuration says what is kept of a flow that does not exist.',
    remedy: 'Correct the name under `retention.payloads.flows` in causeway.yaml, or remove it.',
    exit: 2,
  },
  unknown_connection: {
    title: 'A flow names a connection that does not exist.',
    remedy: 'Name one of the connections in causeway.yaml, or add it there.',
    exit: 1,
  },
  unknown_entity: {
    title: 'A flow reads something that the source does not offer.',
    remedy: "Use one of the entities that the connector's README lists.",
    exit: 1,
  },
  lacks_capability: {
    title: 'A flow needs something that a connector cannot do.',
    remedy: "Change the flow; the connector's README says what it can do.",
    exit: 1,
  },
  connection_unusable: {
    title: 'A connection cannot be used.',
    remedy: 'Mend its settings or credentials in causeway.yaml, or wait until the system answers.',
    exit: 3,
  },
  other_tenant: {
    title: 'A connection speaks to another tenant than before.',
    remedy: 'Point it at the former one, or use another database for the new one.',
    exit: 2,
  },
  no_sandbox: {
    title: 'The connection has no sandbox.',
    remedy: 'Name a connection that has `sandbox` in causeway.yaml.',
    exit: 2,
  },
  sandbox_refused: {
    title: 'The sandbox refused the request.',
    remedy: "The message says why; the sandbox's README lists what it takes.",
    exit: 1,
  },
  config_missing: {
    title: 'The configuration file is not there.',
    remedy:
      'Run the command in the folder of causeway.yaml, or name the file with --config or CAUSEWAY_CONFIG.',
    exit: 2,
  },
  config_unreadable: {
    title: 'The configuration file cannot be read.',
    remedy:
      'Mend the marked place; in YAML, indent with spaces and put texts with special characters in quotes.',
    exit: 2,
  },
  config_unknown_key: {
    title: 'The configuration has a key that is not known.',
    remedy:
      'Correct its spelling or remove it; the comments in causeway.yaml and the README of the connector list the keys.',
    exit: 2,
  },
  config_missing_key: {
    title: 'The configuration lacks a key.',
    remedy: 'Add the key; the comments in causeway.yaml and the README of the connector say what it means.',
    exit: 2,
  },
  config_invalid_value: {
    title: 'The configuration has a value that cannot be used.',
    remedy: 'Correct the value at the marked place.',
    exit: 2,
  },
  config_unknown_connector: {
    title: 'The configuration names a connector that does not exist.',
    remedy: 'Use the name of a connector that is installed.',
    exit: 2,
  },
  config_no_sandbox: {
    title: 'The configuration asks for a sandbox where the connector has none.',
    remedy: 'Remove `sandbox`, and give the settings of the real system.',
    exit: 2,
  },
  config_secret_missing: {
    title: 'The configuration refers to a value that is not there.',
    remedy:
      'Set the environment variable (also possible in a file .env beside causeway.yaml), or create the file.',
    exit: 2,
  },
  no_mappings: {
    title: 'There are no mapping files.',
    remedy: 'Correct `mappings` in causeway.yaml, or put a mapping file into that folder.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;

/** Makes a problem of a code in the catalogue; `message` holds the particulars. */
export function problem(
  code: ErrorCode,
  message: string,
  place?: { at?: Position; frame?: string; remedy?: string },
): Problem {
  const remedy = place?.remedy ?? catalogue[code].remedy;
  return {
    code,
    message,
    remedy,
    ...(place?.at && { at: place.at }),
    ...(place?.frame && { frame: place.frame }),
  };
}
