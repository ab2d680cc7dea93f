import type { Environment } from '@marcbachmann/cel-js';
import { ExpressionMistake, made, makeText, takeSteps } from './steps.ts';

/**
 * The methods of texts and lists, which count what they go through and what they make. Their names begin with `_`,
 * because the library has methods of these names, which count nothing.
 */
export function registerMethods(environment: Environment): void {
  const texts: { readonly [signature: string]: (text: string) => string } = {
    lowerAscii: (text) => text.toLowerCase(),
    upperAscii: (text) => text.toUpperCase(),
    trim: (text) => text.trim(),
  };
  for (const [name, work] of Object.entries(texts))
    environment.registerFunction(`string._${name}(): string`, (text: string) => made(work(text)));
  environment.registerFunction('string._startsWith(string): bool', startsWith);
  environment.registerFunction('string._endsWith(string): bool', endsWith);
  environment.registerFunction('string._contains(string): bool', contains);
  for (const given of ['string', 'string, int']) {
    environment.registerFunction(`string._indexOf(${given}): int`, indexOf);
    environment.registerFunction(`string._lastIndexOf(${given}): int`, lastIndexOf);
    environment.registerFunction(`string._split(${given}): list<string>`, split);
  }
  environment.registerFunction('string._substring(int): string', substring);
  environment.registerFunction('string._substring(int, int): string', substring);
  environment.registerFunction('list<string>._join(): string', join);
  environment.registerFunction('list<string>._join(string): string', join);
}

/** A text may have to be held against another at each of its characters. */
function search(text: string, wanted: string): void {
  takeSteps(Math.floor((Math.max(0, text.length - wanted.length + 1) * wanted.length) / 1024));
}

function startsWith(text: string, wanted: string): boolean {
  return text.startsWith(wanted);
}

function endsWith(text: string, wanted: string): boolean {
  return text.endsWith(wanted);
}

function contains(text: string, wanted: string): boolean {
  search(text, wanted);
  return text.includes(wanted);
}

function indexOf(text: string, wanted: string, from?: bigint): bigint {
  search(text, wanted);
  return BigInt(text.indexOf(wanted, from === undefined ? 0 : placeIn(text, from, 'indexOf')));
}

function lastIndexOf(text: string, wanted: string, from?: bigint): bigint {
  search(text, wanted);
  return BigInt(
    text.lastIndexOf(wanted, from === undefined ? text.length : placeIn(text, from, 'lastIndexOf')),
  );
}

function substring(text: string, from: bigint, to?: bigint): string {
  const start = placeIn(text, from, 'substring');
  const end = to === undefined ? text.length : placeIn(text, to, 'substring');
  if (end < start) throw new ExpressionMistake(`asks \`substring\` for an end before its start`);
  return made(text.slice(start, end));
}

function placeIn(text: string, place: bigint, method: string): number {
  if (place >= 0n && place <= BigInt(text.length)) return Number(place);
  throw new ExpressionMistake(
    `asks \`${method}\` for place ${place} of a text that has ${text.length} characters`,
  );
}

/** With a `most`, the last part is all of the rest. */
function split(text: string, at: string, most?: bigint): string[] {
  search(text, at);
  if (most === 0n) return [];
  const parts = made(text.split(at));
  if (most === undefined || most < 0n || BigInt(parts.length) <= most) return parts;
  const last = Number(most) - 1;
  return [...parts.slice(0, last), parts.slice(last).join(at)];
}

function join(list: readonly unknown[], between = ''): string {
  let length = Math.max(0, list.length - 1) * between.length;
  for (const item of list) {
    if (typeof item !== 'string')
      throw new ExpressionMistake(
        'joins a list of which not every item is a text; make them texts with `string`',
      );
    length += item.length;
  }
  makeText(length);
  return list.join(between);
}
