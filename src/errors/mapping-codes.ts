import type { ErrorEntry } from './entry.ts';

/** What can be wrong with a mapping file, its value files and its test file. */
export const mappingCodes = {
  mapping_unreadable: {
    title: 'The mapping file cannot be read.',
    remedy: 'Mend the line that is shown: indent with spaces, close every quote and bracket.',
    exit: 1,
  },
  mapping_too_large: {
    title: 'A mapping file, or a test file beside it, is larger than it may be.',
    remedy: 'Move long value maps into CSV files under `values/`, and split the file.',
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
  mapping_now_changes: {
    title: '`now()` is asked where it would give another value at every run.',
    remedy:
      'Give the rule `write_on: create`, so that it is written once; anywhere else, take an instant that the source has.',
    exit: 1,
  },
  mapping_bad_schedule: {
    title: 'The schedule is no cron expression.',
    remedy:
      'Write five parts (minute, hour, day, month, weekday), such as `"*/5 * * * *"`, or the word `continuous`.',
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
  mapping_too_long: {
    title: 'A fixed text, or `max`, is longer than the field.',
    remedy: 'Shorten the text, or lower `max`.',
    exit: 1,
  },
  mapping_unreachable: {
    title: 'A part of the mapping is never reached.',
    remedy: 'Remove it, or correct the condition or the path that comes before it.',
    exit: 1,
  },
  mapping_unknown_value_map: {
    title: 'A rule uses a value map that the mapping does not have.',
    remedy: 'Declare it under `value_maps`, or correct the name.',
    exit: 1,
  },
  mapping_unused_value_map: {
    title: 'The mapping has a value map that no rule uses.',
    remedy: 'Name it in the `map` of the rule that it is for, or remove it.',
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
    remedy:
      'Merge the two mappings, or put the second record under `also` of the first; if only the key is the same, let each write its own.',
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
  mapping_type_mismatch: {
    title: 'What a rule gives does not fit the field.',
    remedy: 'Write what the message names, or translate the value with a value map.',
    exit: 1,
  },
  mapping_wrong_reference: {
    title: 'A reference leads to another kind of record than the field takes.',
    remedy: 'Name the flow that carries the records which the field refers to.',
    exit: 1,
  },
  mapping_test_bad: {
    title: 'A test file of a mapping is not written well.',
    remedy: 'Mend the case that is shown.',
    exit: 1,
  },
  mapping_test_unknown_name: {
    title: 'A case names something that its mapping does not have.',
    remedy: 'Correct the name, or remove the line from the case; the case is not run as it is.',
    exit: 1,
  },
  mapping_test_alone: {
    title: 'A test file stands beside no mapping file.',
    remedy: 'Give it the name of its mapping file with `.test` before `.yaml`, or remove it.',
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;
