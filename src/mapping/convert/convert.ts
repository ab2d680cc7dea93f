import type { Value } from '../../connector/value.ts';
import { countryCode } from './country.ts';
import { currencyCode } from './currency.ts';
import { type Decimal, decimalText, paddedDecimal, parseDecimal, type Rounding } from './decimal.ts';
import { emailAddress } from './email-address.ts';
import { dateOf, instantOf, parseMoment } from './instant.ts';
import { type PhoneCountry, phoneNumber } from './phone-number.ts';
import { refuse, type Refusal } from '../refusal.ts';
import { webAddress } from './web-address.ts';

export const kinds = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'datetime',
  'country',
  'currency',
  'phone',
  'email',
  'url',
] as const;
type Kind = (typeof kinds)[number];

/** How a value is converted, as the mapping declares it. */
export type Conversion = {
  readonly as: Kind;
  readonly scale: number | null;
  readonly rounding: Rounding;
  /** Null: UTC for the date of an instant; the instant of a date needs one. */
  readonly timezone: string | null;
  /** Of a phone number that is written without `+`. Null: it is that of a record, and no record is at hand. */
  readonly country: PhoneCountry | null;
};

/** More digits than this come of a division that was not given a scale, and of no business. */
const mostDigits = 50;

/** Converts a value that is not empty. Numbers, dates, codes and addresses come out as text in one form each. */
export function convert(value: Value, conversion: Conversion): Value | Refusal {
  if (typeof value === 'object') {
    return refuse('value_wrong_kind', 'is not a single value; name one of its fields');
  }
  return conversion.as === 'boolean'
    ? toBoolean(value)
    : converters[conversion.as](String(value), conversion);
}

type Converter = (text: string, conversion: Conversion) => Value | Refusal;

const converters: { readonly [as in Exclude<Kind, 'boolean'>]: Converter } = {
  text: (text) => text,
  integer: toInteger,
  decimal: toDecimal,
  date: toMoment,
  datetime: toMoment,
  country: (text) =>
    countryCode(text) ?? refuse('value_not_country', 'is not a country that is known by this name or code'),
  currency: (text) =>
    currencyCode(text) ??
    refuse('value_not_currency', 'is not a currency that is known by this code or English name'),
  phone: (text, { country }) => phoneNumber(text, country),
  email: emailAddress,
  url: webAddress,
};

function toBoolean(value: boolean | string): Value | Refusal {
  if (typeof value === 'boolean') return value;
  const word = value.trim().toLowerCase();
  if (word === 'true' || word === 'yes' || word === '1') return true;
  if (word === 'false' || word === 'no' || word === '0') return false;
  return refuse('value_not_boolean', 'is neither true nor false');
}

function toInteger(text: string): Value | Refusal {
  const decimal = parseDecimal(text);
  return decimal?.isInteger()
    ? decimalText(decimal, 0, 'half_even')
    : refuse('value_not_integer', 'is not a whole number');
}

function toDecimal(text: string, { scale, rounding }: Conversion): Value | Refusal {
  const padded = scale === null ? null : paddedDecimal(text, scale);
  if (padded !== null) return padded;
  const decimal = parseDecimal(text);
  if (decimal === null)
    return refuse(
      'value_not_decimal',
      'is not a decimal number: write digits with a point and no other separators, such as 1234.50',
    );
  if (scale === null && digits(decimal) > mostDigits) {
    return refuse('value_not_decimal', `has ${digits(decimal)} digits; give the rule a \`scale\``);
  }
  return decimalText(decimal, scale, rounding);
}

const digits = (decimal: Decimal): number => decimal.precision(true);

function toMoment(text: string, { as, timezone }: Conversion): Value | Refusal {
  const moment = parseMoment(text);
  const forms = 'write 2026-01-31, or an instant such as 2026-01-31T09:30:00Z';
  if (as === 'date') {
    const date = moment && dateOf(moment, timezone ?? 'UTC');
    return date ?? refuse('value_not_date', `is not a date: ${forms}`);
  }
  if (moment?.kind === 'date' && timezone === null) {
    return refuse(
      'value_not_datetime',
      'is a date without a time; give the rule a `timezone` in which that day begins',
    );
  }
  const instant = moment && instantOf(moment, timezone ?? 'UTC');
  return (
    instant ?? refuse('value_not_datetime', `is not an instant: ${forms.replace('2026-01-31, or an', 'an')}`)
  );
}
