import countries from 'i18n-iso-countries';
import { folded } from './spelling.ts';

/** Codes that people use and that ISO 3166-1 does not assign. */
const alsoCodes: ReadonlyMap<string, string> = new Map([['UK', 'GB']]);

let names: ReadonlyMap<string, string> | null = null;

/**
 * The ISO 3166-1 alpha-2 code of a country that is given by its alpha-2 or alpha-3 code or by its name in English or
 * any other language that i18n-iso-countries knows, in upper or lower case, with or without accents and dots. Null
 * when it is unknown, or when the name means different countries in English, or in different languages and nothing in English.
 */
export function countryCode(text: string): string | null {
  const code = text.replaceAll(/[\s.]/g, '').toUpperCase();
  if (/^[A-Z]{2,3}$/.test(code)) {
    const known = alsoCodes.get(code) ?? (code.length === 3 ? countries.alpha3ToAlpha2(code) : undefined);
    if (known !== undefined) return known;
    if (code.length === 2 && countries.alpha2ToAlpha3(code) !== undefined) return code;
  }
  names ??= allNames();
  return names.get(folded(text)) ?? null;
}

function allNames(): ReadonlyMap<string, string> {
  const found = unambiguous(countries.langs().flatMap(namesIn));
  // "Congo" means two countries even in English, and nobody can tell which.
  const english = namesIn('en');
  const sure = unambiguous(english);
  for (const [name] of english) found.delete(name);
  for (const [name, code] of sure) found.set(name, code);
  return found;
}

/** The names that stand for one country alone. */
function unambiguous(names: readonly (readonly [string, string])[]): Map<string, string> {
  const found = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const [name, code] of names) {
    if ((found.get(name) ?? code) !== code) ambiguous.add(name);
    found.set(name, code);
  }
  for (const name of ambiguous) found.delete(name);
  return found;
}

function namesIn(language: string): [string, string][] {
  return Object.entries(countries.getNames(language, { select: 'all' })).flatMap(([code, list]) =>
    list.map((name): [string, string] => [folded(name), code]),
  );
}
