import { relative } from 'node:path';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import type { Described } from '../mapping/described.ts';
import type { CompiledLookup } from '../mapping/lookup/compile-lookup.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { MappingVersion } from '../store/mapping-version.ts';
import { mergeSaid, type Said } from './descriptions.ts';
import { type MappingTexts, noTexts, readTexts } from './mapping-texts.ts';

/** What was made of the folder's texts. */
export type ReadFolder = {
  readonly mappings: readonly CompiledMapping[];
  readonly problems: readonly Problem[];
  /** Mappings with nothing against them but what the systems were once described as. */
  readonly doubted: readonly CompiledMapping[];
  readonly lookups: readonly CompiledLookup[];
  /** The same of lookups. */
  readonly doubtedLookups: readonly CompiledLookup[];
  /** What the mappings were held against. */
  readonly described: Described;
};

/** `learnt` is what the systems have said of themselves since the file was written. */
export type ReadMappings = (texts: MappingTexts, learnt: Said) => ReadFolder;

export type MappingFolder = {
  /** The newest good mappings, parents before the flows that refer to them. */
  current(): readonly CompiledMapping[];
  /** The newest good lookups. */
  lookups(): readonly CompiledLookup[];
  /** What is wrong with the files as they stand; a bad file keeps its last good version running. */
  problems(): readonly Problem[];
  doubted(): readonly CompiledMapping[];
  doubtedLookups(): readonly CompiledLookup[];
  texts(): MappingTexts;
  /** Files with a problem whose last good version is in use. */
  stale(): readonly string[];
  /** Reads the files again. True when the mappings in use or the problems have changed. */
  refresh(): Promise<boolean>;
  /** Takes in what the systems say of themselves now, and judges the mappings by it. True as for `refresh`. */
  learn(said: Said): boolean;
  /** What the mappings were last held against. */
  described(): Described;
  /** Takes the versions that were used last for files that have a problem and no good version in this process. */
  recall(lastUsed: readonly MappingVersion[]): void;
};

/** Watches over a folder of mapping files. Judging them is `read`'s; paths are given relative to `shownFrom`. */
export function mappingFolder(folder: string, shownFrom: string, read: ReadMappings): MappingFolder {
  let texts: MappingTexts = noTexts;
  let lastTexts = '';
  let learnt: Said = { described: {}, missing: [] };
  let good = new Map<string, readonly CompiledMapping[]>();
  let current: readonly CompiledMapping[] = [];
  let lookups: readonly CompiledLookup[] = [];
  let result: ReadFolder = nothingRead;
  let lastResult = result;
  const judge = (): boolean => {
    result = read(texts, learnt);
    const fresh = Map.groupBy(result.mappings, ({ file }) => file);
    // A file with a problem keeps all the flows of its last good version, and none of its new ones.
    const bad = new Set(result.doubted.map(({ flow, hash }) => flow + hash));
    const older = (path: string): CompiledMapping[] =>
      (good.get(path) ?? []).filter(({ flow, hash }) => !bad.has(flow + hash));
    const kept = texts.mappings.map(({ path }) => [path, fresh.get(path) ?? older(path)] as const);
    good = new Map(kept);
    const before = looks(current, lookups, lastResult.problems);
    lastResult = result;
    current = parentsFirst([...good.values()].flat());
    lookups = lookupsInUse(texts, result, lookups);
    return before !== looks(current, lookups, result.problems);
  };
  return {
    current: () => current,
    lookups: () => lookups,
    problems: () =>
      texts.mappings.length > 0 ? result.problems : [...result.problems, noFiles(folder, shownFrom)],
    doubted: () => result.doubted,
    doubtedLookups: () => result.doubtedLookups,
    stale: () => [...staleFiles(good, result.mappings), ...staleLookups(lookups, result.lookups)],
    texts: () => texts,
    async refresh() {
      const now = await readTexts(folder, shownFrom);
      const all = JSON.stringify({ ...now, tests: [], lookupTests: [] });
      texts = now;
      if (all === lastTexts) return false;
      lastTexts = all;
      return judge();
    },
    described: () => result.described,
    learn(said) {
      learnt = mergeSaid(learnt, said);
      return judge();
    },
    recall(lastUsed) {
      for (const [path, mappings] of recalled(texts, good, lastUsed, read)) good.set(path, mappings);
      current = parentsFirst([...good.values()].flat());
    },
  };
}

/** What tells two judgements of the folder apart. */
const looks = (
  mappings: readonly Mapping[],
  lookups: readonly CompiledLookup[],
  problems: readonly Problem[],
): string =>
  JSON.stringify([
    mappings.map(({ flow, hash }) => [flow, hash]),
    lookups.map(({ name, hash, flows }) => [name, hash, flows]),
    problems,
  ]);

const nothingRead: ReadFolder = {
  mappings: [],
  problems: [],
  doubted: [],
  lookups: [],
  doubtedLookups: [],
  described: {},
};

/** The lookups that are good as they stand, and of files with a problem the version that was good before. */
function lookupsInUse(
  texts: MappingTexts,
  result: ReadFolder,
  before: readonly CompiledLookup[],
): readonly CompiledLookup[] {
  const bad = new Set(result.doubtedLookups.map(({ file, hash }) => file + hash));
  const of = (all: readonly CompiledLookup[], path: string) => all.find(({ file }) => file === path);
  const inUse = texts.lookups.flatMap(({ path }) => {
    const older = of(before, path);
    return of(result.lookups, path) ?? (older === undefined || bad.has(older.file + older.hash) ? [] : older);
  });
  // A name that moved to another file belongs to the newest version.
  return inUse.filter(
    (one) => result.lookups.includes(one) || !result.lookups.some(({ name }) => name === one.name),
  );
}

const staleLookups = (inUse: readonly CompiledLookup[], fresh: readonly CompiledLookup[]): string[] =>
  inUse.flatMap((one) => (fresh.includes(one) ? [] : one.file));

type Good = ReadonlyMap<string, readonly CompiledMapping[]>;

function staleFiles(good: Good, fresh: readonly CompiledMapping[]): string[] {
  const files = new Set(fresh.map(({ file }) => file));
  return [...good].flatMap(([path, kept]) => (kept.length > 0 && !files.has(path) ? [path] : []));
}

/** Reads the versions that were used last in the place of files that have no good version, beside the files that have. */
function recalled(
  texts: MappingTexts,
  good: Good,
  lastUsed: readonly MappingVersion[],
  read: ReadMappings,
): Good {
  const lost = lastUsed.filter(({ file }) => file !== null && good.get(file)?.length === 0);
  if (lost.length === 0) return new Map();
  const former = new Map(lost.map(({ file, text }) => [file, text]));
  const files = new Map(lost.flatMap((version) => version.valueFiles.map((file) => [file.path, file])));
  const found = read(
    {
      ...texts,
      // A file that never was in use may be the very one that stands in the way of the others.
      mappings: texts.mappings.flatMap((file) => {
        const text = former.get(file.path) ?? (good.get(file.path)?.length ? file.text : null);
        return text === null ? [] : [{ ...file, text }];
      }),
      valueFiles: [...texts.valueFiles.filter(({ path }) => !files.has(path)), ...files.values()],
      described: null,
    },
    { described: {}, missing: [] },
  );
  return Map.groupBy(
    found.mappings.filter(({ file }) => former.has(file)),
    ({ file }) => file,
  );
}

const noFiles = (folder: string, shownFrom: string): Problem =>
  problem('no_mappings', `There is no mapping file in the folder ${relative(shownFrom, folder) || folder}.`);

/** Orders flows so that each comes after those it refers to; the reader has refused cycles. */
export function parentsFirst<T extends Mapping>(mappings: readonly T[]): T[] {
  const ordered = new Map<string, T>();
  const visiting = new Set<string>();
  const visit = (mapping: T): void => {
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
