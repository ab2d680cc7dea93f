import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { Mapping } from '../mapping/mapping.ts';

export type MappingText = { readonly path: string; readonly text: string };

export type MappingFolder = {
  /** The newest good mappings, parents before the flows that refer to them. */
  current(): readonly Mapping[];
  /** What is wrong with the files as they stand; a bad file keeps its last good version running. */
  problems(): readonly Problem[];
  /** Reads the files again. True when the mappings in use have changed. */
  refresh(): Promise<boolean>;
};

export type ReadMappings = (
  files: readonly MappingText[],
  valueFiles: readonly MappingText[],
) => { readonly mappings: readonly Mapping[]; readonly problems: readonly Problem[] };

/**
 * Watches over a folder of mapping files: `*.yaml` (but not `*.test.yaml`) and `values/*.csv`. Reading and judging
 * them is `read`'s; paths are given relative to `shownFrom`.
 */
export function mappingFolder(folder: string, shownFrom: string, read: ReadMappings): MappingFolder {
  let lastTexts = '';
  let good = new Map<string, Mapping>();
  let current: readonly Mapping[] = [];
  let problems: readonly Problem[] = [];
  return {
    current: () => current,
    problems: () => problems,
    async refresh() {
      const files = await texts(
        folder,
        shownFrom,
        (name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'),
      );
      const values = await texts(join(folder, 'values'), shownFrom, (name) => name.endsWith('.csv'));
      const all = JSON.stringify([files, values]);
      if (all === lastTexts) return false;
      lastTexts = all;
      const result = read(files, values);
      const fresh = new Map(result.mappings.map((mapping) => [mapping.file, mapping]));
      const before = current;
      good = new Map(
        files.flatMap(({ path }): [string, Mapping][] => {
          const mapping = fresh.get(path) ?? good.get(path);
          return mapping === undefined ? [] : [[path, mapping]];
        }),
      );
      current = parentsFirst([...good.values()]);
      problems = files.length > 0 ? result.problems : [...result.problems, noFiles(folder, shownFrom)];
      return before.map(({ hash }) => hash).join() !== current.map(({ hash }) => hash).join();
    },
  };
}

const noFiles = (folder: string, shownFrom: string): Problem =>
  problem('no_mappings', `There is no mapping file in the folder ${relative(shownFrom, folder) || folder}.`);

async function texts(
  folder: string,
  shownFrom: string,
  wanted: (name: string) => boolean,
): Promise<MappingText[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const chosen = names.filter(wanted).sort();
  return Promise.all(
    chosen.map(async (name) => ({
      path: relative(shownFrom, join(folder, name)),
      text: await readFile(join(folder, name), 'utf8'),
    })),
  );
}

/** Orders flows so that each comes after those it refers to; the reader has refused cycles. */
export function parentsFirst(mappings: readonly Mapping[]): Mapping[] {
  const ordered = new Map<string, Mapping>();
  const visiting = new Set<string>();
  const visit = (mapping: Mapping): void => {
    if (ordered.has(mapping.flow) || visiting.has(mapping.flow)) return;
    visiting.add(mapping.flow);
    for (const parent of mapping.refersTo) {
      const found = mappings.find(({ flow }) => flow === parent);
      if (found !== undefined) visit(found);
    }
    ordered.set(mapping.flow, mapping);
  };
  for (const mapping of [...mappings].sort((a, b) => (a.flow < b.flow ? -1 : 1))) visit(mapping);
  return [...ordered.values()];
}
