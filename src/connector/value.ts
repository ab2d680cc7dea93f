/**
 * A value as it travels through Causeway. There is no number in it on purpose: decimals and integers are
 * text from end to end, so that money never passes through a float. Dates are `YYYY-MM-DD`; instants are
 * ISO 8601 in UTC with a `Z`. `null`, an empty text and an absent key are three different things.
 */
export type Value = null | boolean | string | readonly Value[] | { readonly [key: string]: Value };

/** What a source says of one record: field name to value, with related records nested under their name. */
export type SourceRecord = { readonly [field: string]: Value };
