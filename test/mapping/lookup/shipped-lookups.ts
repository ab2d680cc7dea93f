import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readLookups } from '../../../src/mapping/lookup/read-lookups.ts';
import { mappings } from '../shipped-mappings.ts';
import { beside } from './a-lookup.ts';

const folder = fileURLToPath(new URL('../../../mappings/lookups/', import.meta.url));

const texts = readdirSync(folder)
  .sort()
  .map((name) => ({ path: `mappings/lookups/${name}`, text: readFileSync(folder + name, 'utf8') }));

/** The files in mappings/lookups/ and what was read from them. */
export const files = texts.filter(({ path }) => !path.endsWith('.test.yaml'));
export const tests = texts.filter(({ path }) => path.endsWith('.test.yaml'));
export const { lookups, problems } = readLookups(files, { ...beside, flows: mappings });
