import { folded } from './spelling.ts';

let codes: ReadonlySet<string> | null = null;
let names: ReadonlyMap<string, string> | null = null;

/**
 * The ISO 4217 code of a currency that is given by its code or by its English name (Unicode CLDR), in upper or lower
 * case. Null when it is unknown: a bare "Dollar" is the money of many countries.
 */
export function currencyCode(text: string): string | null {
  codes ??= new Set(Intl.supportedValuesOf('currency'));
  const code = text.trim().toUpperCase();
  if (codes.has(code)) return code;
  names ??= englishNames(codes);
  return names.get(folded(text)) ?? null;
}

function englishNames(known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const english = new Intl.DisplayNames('en', { type: 'currency' });
  return new Map([...known].map((code) => [folded(english.of(code) ?? code), code]));
}
