import { Decimal as DecimalJs } from 'decimal.js';

/**
 * Decimals of 200 digits, which never turn to exponents by themselves. A value of a record has at most 100 digits,
 * so sums and products of them are exact; only a division is ever rounded.
 */
export const Decimal = DecimalJs.clone({ precision: 200, toExpNeg: -9e15, toExpPos: 9e15 });
export type Decimal = DecimalJs;

const written = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?$/;
const longest = 300;

/**
 * Reads digits with a point, as 1234.50. There is no locale in it: thousands separators and a decimal comma are not
 * read, because `1,234` means two different numbers. Null when the text is no such number.
 */
export function parseDecimal(text: string): Decimal | null {
  const trimmed = text.trim();
  return trimmed.length <= longest && written.test(trimmed) ? new Decimal(trimmed) : null;
}

const wholeAndDecimals = /^(?:0|[1-9]\d{0,99})(?:\.(\d{1,20}))?$/;

/** What `decimalText` makes of the text, where zeros behind it are all that it takes; null where it takes more. */
export function paddedDecimal(text: string, scale: number): string | null {
  const match = wholeAndDecimals.exec(text);
  const decimals = match?.[1] ?? '';
  if (match === null || decimals.length > scale) return null;
  const point = decimals === '' && scale > 0 ? '.' : '';
  return text + point + '0'.repeat(scale - decimals.length);
}

export const roundings = {
  half_even: DecimalJs.ROUND_HALF_EVEN,
  half_up: DecimalJs.ROUND_HALF_UP,
  half_down: DecimalJs.ROUND_HALF_DOWN,
  up: DecimalJs.ROUND_UP,
  down: DecimalJs.ROUND_DOWN,
} as const;
export type Rounding = keyof typeof roundings;

/** Plain text without an exponent; with a scale, exactly that many decimals. Zero has no sign. */
export function decimalText(decimal: Decimal, scale: number | null, rounding: Rounding): string {
  if (scale === null) return decimal.isZero() ? '0' : decimal.toFixed();
  const text = decimal.toFixed(scale, roundings[rounding]);
  return text.startsWith('-') && !/[1-9]/.test(text) ? text.slice(1) : text;
}
