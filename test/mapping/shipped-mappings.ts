import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMappings } from '../../src/mapping/read.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function texts(folder: string, ending: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(root, folder, name), 'utf8') }));
}

/** The files in mappings/ and what was read from them. */
export const files = texts('mappings', '.yaml').filter(({ path }) => !path.endsWith('.test.yaml'));
export const tests = texts('mappings', '.test.yaml');
export const { mappings, problems } = readMappings(files, texts('mappings/values', '.csv'));
