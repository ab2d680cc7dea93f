import type { Value } from '../connector/value.ts';
import { countryCode } from './country.ts';
import { type Decimal, decimalText, parseDecimal, type Rounding } from './decimal.ts';
import { dateOf, instantOf, parseMoment } from './instant.ts';
import { refuse, type Refusal } from './refusal.ts';

export const kinds = ['text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'country'] as const;
type Kind = (typeof kinds)[number];

/** How a value is converted, as the mapping declares it. */
export type Conversion = {
  readonly as: Kind;
  readonly scale: number | null;
  readonly rounding: Rounding;
  /** Null: UTC for the date of an instant; the instant of a date needs one. */
  readonly timezone: string | null;
};

/** More digits than this come of a division that was not given a scale, and of no business. */
const mostDigits = 50;

/** Converts a value that is not empty. Numbers, dates and countries come out as text in one form each. */
export function convert(value: Value, conversion: Conversion): Value | Refusal {
  if (typeof value === 'object') {
    return refuse('value_wrong_kind', 'is not a single value; name one of its fields');
  }
  const { as } = conversion;
  if (as === 'boolean') return toBoolean(value);
  const text = String(value);
  if (as === 'text') return text;
  if (as === 'integer') return toInteger(text);
  if (as === 'decimal') return toDecimal(text, conversion);
  if (as === 'country')
    return (
      countryCode(text) ?? refuse('value_not_country', 'is not a country that is known by this name or code')
    );
  return toMoment(text, conversion);
}

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
