/** P10: looks for secrets and payloads in everything that Causeway wrote, said or asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './checker.ts';

/** A text that must not turn up, under a name that may be told. */
export type Canary = { readonly name: string; readonly text: string };

/** Something that was written somewhere. */
export type Place = { readonly name: string; readonly text: string };

/** Each canary that is found in a place. The canary itself is not repeated. */
export function findCanaries(canaries: readonly Canary[], places: readonly Place[]): Finding[] {
  return places.flatMap((place) =>
    canaries
      .filter(({ text }) => text !== '' && place.text.includes(text))
      .map(({ name }): Finding => ({
        verdict: 'unexplained',
        record: place.name,
        expected: 'no secret and no payload in it',
        found: name,
      })),
  );
}

/** The logs and captured answers of a run. */
export function writtenIn(folder: string): Place[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log') || name.endsWith('.said'))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}
