import type { Position, Problem } from './error.ts';

/** One kind of error. `exit` is the command line's exit code: 1 findings, 2 usage, 3 a system is not reachable. */
export type ErrorEntry = { readonly title: string; readonly remedy: string; readonly exit: 1 | 2 | 3 };

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
  mapping_unreadable: {
    title: 'The mapping file cannot be read.',
    remedy: 'Mend the line that is shown: indent with spaces, close every quote and bracket.',
    exit: 1,
  },
  mapping_duplicate_key: {
    title: 'A key is given twice.',
    remedy: 'Keep one of the two.',
    exit: 1,
  },
  mapping_unknown_key: {
    title: 'The mapping has a key that means nothing there.',
    remedy: 'Correct the name or remove the line; docs/mapping-reference.md lists every key.',
    exit: 1,
  },
  mapping_missing_key: {
    title: 'The mapping lacks something that it cannot do without.',
    remedy: 'Add the key; docs/mapping-reference.md shows it with an example.',
    exit: 1,
  },
  mapping_bad_value: {
    title: 'A key of the mapping has a value that it cannot have.',
    remedy: 'Write one of the values that the message names.',
    exit: 1,
  },
  mapping_source_count: {
    title: 'A rule does not say where its value comes from, or says it twice.',
    remedy: 'Give every rule exactly one of `from`, `value`, `template`, `choose` and `expr`.',
    exit: 1,
  },
  mapping_conflict: {
    title: 'Keys of a mapping do not go together.',
    remedy: 'Keep one of the two, or add the key that the message names.',
    exit: 1,
  },
  mapping_bad_path: {
    title: 'The path of a source field is not written well.',
    remedy:
      'Write names with points between them, such as `company.id`; inside lines, `..name` is a field of the record.',
    exit: 1,
  },
  mapping_bad_template: {
    title: 'A template is not written well.',
    remedy: 'Put the path of a field into braces, such as `CRM {id}`.',
    exit: 1,
  },
  mapping_bad_expression: {
    title: 'An expression is not written well.',
    remedy: 'Mend the expression; docs/mapping-reference.md lists what an expression can do.',
    exit: 1,
  },
  mapping_bad_schedule: {
    title: 'The schedule is no cron expression.',
    remedy: 'Write five parts (minute, hour, day, month, weekday), such as `"*/5 * * * *"`.',
    exit: 1,
  },
  mapping_bad_timezone: {
    title: 'The time zone is not known.',
    remedy: 'Write a name of the IANA list, such as `Europe/Paris` or `UTC`.',
    exit: 1,
  },
  mapping_bad_constant: {
    title: 'A fixed value or a default can never be converted as the rule asks.',
    remedy: 'Correct the value, or the `as` of the rule.',
    exit: 1,
  },
  mapping_unknown_value_map: {
    title: 'A rule uses a value map that the mapping does not have.',
    remedy: 'Declare it under `value_maps`, or correct the name.',
    exit: 1,
  },
  mapping_value_file_missing: {
    title: 'A value map names a file that is not there.',
    remedy: 'Put the file beside the mapping, in `values/`, or correct its name.',
    exit: 1,
  },
  mapping_value_file_bad: {
    title: 'The file of a value map cannot be used.',
    remedy: 'Save it as comma-separated UTF-8 text whose first line is `from,to`.',
    exit: 1,
  },
  mapping_unknown_flow: {
    title: 'A reference names a flow that no mapping has.',
    remedy: 'Correct the name, or add the mapping of that flow.',
    exit: 1,
  },
  mapping_flow_cycle: {
    title: 'Flows wait for each other in a circle.',
    remedy: 'Give one of the references `if_missing: null`, so that its record does not wait.',
    exit: 1,
  },
  mapping_duplicate_flow: {
    title: 'Two mappings have the same flow name.',
    remedy: 'Rename one of them.',
    exit: 1,
  },
  mapping_same_target: {
    title: 'Two flows write the same records.',
    remedy: 'Merge the two mappings, or let each read its own entity or write its own key.',
    exit: 1,
  },
  mapping_wrong_connection: {
    title: 'A mapping leads to another connection than it must.',
    remedy: 'Correct the name of the connection.',
    exit: 1,
  },
  mapping_not_read: {
    title: 'A mapping uses a related record that it does not read.',
    remedy: 'Name the related record in `read.with`.',
    exit: 1,
  },
  mapping_unknown_source_field: {
    title: 'The source has no such field.',
    remedy: 'Correct the path; if the field is new in the source, make sure that the connection may read it.',
    exit: 1,
  },
  mapping_unknown_target_field: {
    title: 'The ERP has no such field.',
    remedy: 'Correct the name of the field.',
    exit: 1,
  },
  mapping_read_only_field: {
    title: 'The field cannot be written.',
    remedy: 'Remove the rule: the system computes this field itself.',
    exit: 1,
  },
  mapping_value_not_offered: {
    title: 'The field does not offer this value.',
    remedy: 'Write one of the values that the message names.',
    exit: 1,
  },
  mapping_test_bad: {
    title: 'A test file of a mapping is not written well.',
    remedy: 'Mend the case that is shown.',
    exit: 1,
  },
  value_missing: {
    title: 'A field that must have a value has none.',
    remedy: 'Fill in the field in the source, or give the rule a `default`.',
    exit: 1,
  },
  value_wrong_kind: {
    title: 'A single value was expected, and there is a list or a group of fields.',
    remedy: 'Name one field in the path, such as `company.id`; use `lines` for a list.',
    exit: 1,
  },
  value_not_integer: {
    title: 'The value is not a whole number.',
    remedy: 'Correct the record in the source, or convert it as a decimal.',
    exit: 1,
  },
  value_not_decimal: {
    title: 'The value is not a decimal number.',
    remedy: 'Correct the record in the source: digits with a point, and no other separators.',
    exit: 1,
  },
  value_not_boolean: {
    title: 'The value is neither true nor false.',
    remedy: 'Correct the record in the source, or use a value map to `true` and `false`.',
    exit: 1,
  },
  value_not_date: {
    title: 'The value is not a date.',
    remedy: 'Correct the record in the source.',
    exit: 1,
  },
  value_not_datetime: {
    title: 'The value is not an instant.',
    remedy: 'Correct the record in the source; give the rule a `timezone` if it is a date.',
    exit: 1,
  },
  value_not_country: {
    title: 'The country is not known.',
    remedy: 'Correct the record in the source, or translate this spelling with a value map.',
    exit: 1,
  },
  value_not_mapped: {
    title: 'The value map has no entry for the value.',
    remedy: 'Add the value to the value map, or correct the record in the source.',
    exit: 1,
  },
  value_too_long: {
    title: 'The value is longer than the field.',
    remedy: 'Shorten it in the source, or give the rule `too_long: cut`.',
    exit: 1,
  },
  reference_not_linked: {
    title: 'A record that this one refers to is not in the ERP.',
    remedy: 'Send that record first; with `if_missing: wait` the record waits for it.',
    exit: 1,
  },
  expression_failed: {
    title: 'An expression does not work out for this record.',
    remedy: 'Correct the record in the source, or let the expression allow for such a value.',
    exit: 1,
  },
  lines_unusable: {
    title: 'The lines of a record cannot be told apart, or are no list.',
    remedy: 'Check `for_each` and `key`: they must name the list and an id that each line has for itself.',
    exit: 1,
  },
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
  unknown_flow: {
    title: 'No flow has this name.',
    remedy: 'Use the name after `flow:` in one of the mapping files.',
    exit: 2,
  },
  unknown_record: {
    title: 'The flow has never seen this record.',
    remedy: 'Check the id; it is the id in the source.',
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
