import { countryCode } from './country.ts';
import { hasPhones, type PhoneCountry } from './phone-number.ts';
import { type RecordPath, type Scope, valueAt } from '../record-path.ts';
import { isEmpty, isRefusal, shown } from '../refusal.ts';
import type { Report } from '../report.ts';
import { pathAt, type Standpoint } from '../source.ts';
import type { YamlPath } from '../yaml.ts';

/** Where a rule looks for the country of phone numbers that are written without `+`. */
export type PhoneCountryOf = (scope: Scope) => PhoneCountry;

/** Two capitals are the code of a country, and not the path of a field. */
export function isCountryKey(country: string): boolean {
  return /^[A-Z]{2}$/.test(country);
}

/** The country that a rule fixes by its code; null when it fixes none, or one that has no phone numbers. */
export function fixedCountry(country: string | undefined): PhoneCountry | null {
  if (country === undefined) return { unknown: 'the rule names no `country`' };
  const code = isCountryKey(country) ? countryCode(country) : null;
  return code !== null && hasPhones(code) ? { code } : null;
}

/** Compiles the `country` of a rule. Null when it is not sound; then that has been reported. */
export function compilePhoneCountry(
  country: string | undefined,
  standpoint: Standpoint,
  path: YamlPath,
  report: Report,
): PhoneCountryOf | null {
  const fixed = fixedCountry(country);
  if (fixed !== null) return () => fixed;
  if (country === undefined) return null;
  if (isCountryKey(country)) {
    report('mapping_bad_value', `\`${country}\` is not the code of a country that has phone numbers`, path);
    return null;
  }
  const parsedPath = pathAt(country, standpoint, path, report);
  return parsedPath && ((scope) => countryAt(parsedPath, scope));
}

function countryAt(path: RecordPath, scope: Scope): PhoneCountry {
  const value = valueAt(path, scope);
  const field = `\`${path.text}\``;
  if (isRefusal(value)) return { unknown: `${field} ${value.message}` };
  if (isEmpty(value)) return { unknown: `${field} is empty` };
  const code = typeof value === 'string' ? countryCode(value) : null;
  if (code === null) return { unknown: `${field} is ${shown(value)}, which is no country that is known` };
  return hasPhones(code) ? { code } : { unknown: `${field} is ${shown(value)}, which has no phone numbers` };
}
