import type { ErrorEntry } from './entry.ts';

/** What a mapping can find wrong with a record. */
export const recordCodes = {
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
  value_not_currency: {
    title: 'The currency is not known.',
    remedy: 'Correct the record in the source, or translate this spelling with a value map.',
    exit: 1,
  },
  value_not_phone: {
    title: 'The value is not a phone number that can be dialled from anywhere.',
    remedy:
      'Correct the record in the source: one number alone, with its country code such as `+49`; or give the rule a `country`.',
    exit: 1,
  },
  value_not_email: {
    title: 'The value is not an email address.',
    remedy: 'Correct the record in the source: one address alone, without a name.',
    exit: 1,
  },
  value_not_url: {
    title: 'The value is not a web address.',
    remedy: 'Correct the record in the source: one address that begins with http:// or https://.',
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
} as const satisfies Record<string, ErrorEntry>;

/** The codes with which a mapping rejects a record, and no others. */
export type RecordCode = keyof typeof recordCodes;
