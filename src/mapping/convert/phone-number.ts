import { createRequire } from 'node:module';
import type * as Library from 'libphonenumber-js/max';
import { refuse, type Refusal } from '../refusal.ts';

/** The country of numbers that are written without `+`: its ISO 3166-1 code, or why it is not known. */
export type PhoneCountry = { readonly code: string } | { readonly unknown: string };

let loaded: typeof Library | null = null;

/** Loading takes a tenth of a second, which only a mapping with phone numbers is to pay. */
function library(): typeof Library {
  loaded ??= createRequire(import.meta.url)('libphonenumber-js/max') as typeof Library;
  return loaded;
}

/** Whether there are phone numbers of a country, which is given by its ISO 3166-1 code. */
export function hasPhones(country: string): boolean {
  return library().isSupportedCountry(country);
}

/**
 * A phone number in E.164 (https://www.itu.int/rec/T-REC-E.164), such as `+4930123456`. It must be one number, whole
 * and alone, that its country has. An extension is refused and never dropped: E.164 has no place for one. With null
 * for the country, a number without `+` cannot be judged and is given back.
 */
export function phoneNumber(text: string, country: PhoneCountry | null): string | Refusal {
  const written = plainDigits(text.trim()).replace(/^\(\s*(\+\d{1,3})\s*\)/, '$1');
  if (!/\p{Nd}/u.test(written) || written.includes(';')) return wrong(notOne);
  const international = written.startsWith('+');
  if (!international && country === null) return text;
  if (!international && country !== null && 'unknown' in country)
    return wrong(`begins with no country code such as \`+49\`, and ${country.unknown}`);
  const options =
    international || country === null || 'unknown' in country
      ? {}
      : { defaultCountry: country.code as Library.CountryCode };
  const number = parsed(written, options);
  if (typeof number === 'string') return wrong(number);
  if (number.ext !== undefined)
    return wrong('has an extension, which E.164 cannot hold; carry it in a field of its own');
  return number.isValid()
    ? number.number
    : wrong(mistakeIn(written, options, `+${number.countryCallingCode}`));
}

/** Forms of the East Asian width, which keyboards there write. */
function plainDigits(text: string): string {
  return text.replaceAll(/[＋０-９]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

const wrong = (message: string): Refusal => refuse('value_not_phone', message);
const notOne = 'is not one phone number and nothing else';

type Options = { readonly defaultCountry?: Library.CountryCode };

/** The number, or what is wrong with it. */
function parsed(written: string, options: Options): Library.PhoneNumber | string {
  const { parsePhoneNumberWithError, ParseError } = library();
  try {
    return parsePhoneNumberWithError(written, { ...options, extract: false });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (error.message === 'TOO_SHORT') return 'is too short for a phone number';
    if (error.message === 'TOO_LONG') return 'is too long for a phone number';
    return error.message === 'INVALID_COUNTRY' ? 'begins with a country code that does not exist' : notOne;
  }
}

function mistakeIn(written: string, options: Options, code: string): string {
  const length = library().validatePhoneNumberLength(written, options);
  if (length === 'TOO_SHORT') return `is too short for a number of ${code}`;
  if (length === 'TOO_LONG') return `is too long for a number of ${code}`;
  return `is not a number that ${code} has`;
}
