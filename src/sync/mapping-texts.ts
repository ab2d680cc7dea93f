import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { SourceText } from '../errors/source-text.ts';

/** Everything that is read from the folder. Paths are given relative to where they are shown from. */
export type MappingTexts = {
  /** `*.yaml`, but not `*.test.yaml`. */
  readonly mappings: readonly SourceText[];
  /** `values/*.csv` */
  readonly valueFiles: readonly SourceText[];
  /** `*.test.yaml` */
  readonly tests: readonly SourceText[];
  /** `lookups/*.yaml`, but not `lookups/*.test.yaml`. */
  readonly lookups: readonly SourceText[];
  /** `lookups/*.test.yaml` */
  readonly lookupTests: readonly SourceText[];
  /** `described.json`, or null when there is none. */
  readonly described: SourceText | null;
};

export const noTexts: MappingTexts = {
  mappings: [],
  valueFiles: [],
  tests: [],
  lookups: [],
  lookupTests: [],
  described: null,
};
/** The file in the mapping folder that holds what the systems said of their entities. */
export const describedFile = 'described.json';

/** Reads the texts of a mapping folder as they stand now. */
export async function readTexts(folder: string, shownFrom: string): Promise<MappingTexts> {
  const yaml = await textsIn(folder, shownFrom, '.yaml');
  const lookups = await textsIn(join(folder, 'lookups'), shownFrom, '.yaml');
  const described = await textsIn(folder, shownFrom, describedFile);
  const isTest = ({ path }: SourceText): boolean => path.endsWith('.test.yaml');
  return {
    mappings: yaml.filter((file) => !isTest(file)),
    tests: yaml.filter(isTest),
    lookups: lookups.filter((file) => !isTest(file)),
    lookupTests: lookups.filter(isTest),
    valueFiles: await textsIn(join(folder, 'values'), shownFrom, '.csv'),
    described: described[0] ?? null,
  };
}

async function textsIn(folder: string, shownFrom: string, ending: string): Promise<SourceText[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(nullIfGone)) ?? [];
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const chosen = files.filter((name) => name.endsWith(ending)).sort();
  const texts = await Promise.all(
    chosen.map(async (name) => ({
      path: relative(shownFrom, join(folder, name)),
      text: await readFile(join(folder, name), 'utf8').catch(nullIfGone),
    })),
  );
  return texts.flatMap(({ path, text }) => (text === null ? [] : { path, text }));
}

/** A file may go between the listing and the reading: editors write a new one and rename it. */
function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
