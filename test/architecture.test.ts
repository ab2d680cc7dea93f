import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each room of the house may import. Imports point down; docs/architecture.md has the picture. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  telemetry: ['errors', 'connector'],
  connector: ['errors'],
  mapping: ['connector', 'errors'],
  config: ['connector', 'mapping', 'errors', 'telemetry'],
  store: ['connector', 'mapping', 'errors', 'telemetry'],
  queue: ['store', 'connector', 'errors'],
  sync: ['mapping', 'queue', 'store', 'connector', 'errors'],
  lookup: ['mapping', 'store', 'connector', 'errors'],
  schedule: ['sync', 'queue', 'store', 'mapping', 'errors'],
  http: ['sync', 'lookup', 'queue', 'store', 'mapping', 'connector', 'telemetry', 'errors'],
  compose: [
    'http',
    'schedule',
    'sync',
    'lookup',
    'queue',
    'store',
    'mapping',
    'connector',
    'config',
    'telemetry',
    'errors',
    'connectors',
  ],
  cli: [
    'compose',
    'http',
    'schedule',
    'sync',
    'lookup',
    'queue',
    'store',
    'mapping',
    'connector',
    'config',
    'errors',
  ],
  main: ['cli'],
};

type Import = { readonly file: string; readonly line: number; readonly what: string };

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const found = /(?:^\s*(?:import|export)\b.*?from\s+|^\}\s*from\s+|^import\s+|\bimport\()'([^']+)'/.exec(
      text,
    );
    return found?.[1] === undefined ? [] : [{ file, line: index + 1, what: found[1] }];
  });
}

/** The room that a file stands in: `src/sync/push.ts` is in `sync`, `src/main.ts` is `main`. */
function roomOf(file: string): string {
  const [top, second = ''] = file.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : (top ?? '');
}

const target = ({ file, what }: Import): string | null =>
  what.startsWith('.') ? relative(root, resolve(root, dirname(file), what)) : null;

/** Every file that runs when these run: what they import for their types alone is not loaded. */
function reachable(files: readonly string[], seen = new Set<string>()): Set<string> {
  for (const file of files) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/^import type [^;]*;/gm, '');
    const found = [...text.matchAll(/\bfrom '(\.[^']+)'/g)].map(([, what = '']) => what);
    reachable(
      found.map((what) => relative(root, resolve(root, dirname(file), what))),
      seen,
    );
  }
  return seen;
}

describe('the house', () => {
  it('has imports that point down only', () => {
    const wrong = filesBelow('src')
      .flatMap(importsOf)
      .flatMap((found) => {
        const to = target(found);
        if (to === null) return [];
        const [from, room] = [roomOf(found.file), roomOf(to)];
        if (from === room || allowed[from]?.includes(room)) return [];
        return [
          `${found.file}:${found.line} imports ${to}. ${from} may import ${allowed[from]?.join(', ') || 'nothing'}: move what is shared down, or hand it in from src/compose.ts.`,
        ];
      });
    expect(wrong).toEqual([]);
  });

  it('keeps vendors apart from each other and from the database', () => {
    const banned = new Set(['pg', 'pg-boss', 'kysely']);
    const wrong = filesBelow('connectors')
      .filter((file) => file !== 'connectors/index.ts')
      .flatMap(importsOf)
      .flatMap((found) => {
        const vendor = found.file.split('/')[1];
        const to = target(found);
        if (to === null)
          return banned.has(found.what)
            ? [
                `${found.file}:${found.line} imports ${found.what}: a connector speaks to its vendor through the HTTP kit alone.`,
              ]
            : [];
        if (to.startsWith(`connectors/${vendor}/`) || to.startsWith('src/connector/')) return [];
        return [
          `${found.file}:${found.line} imports ${to}: a connector stands on src/connector and its own folder.`,
        ];
      });
    expect(wrong).toEqual([]);
  });

  it('reads the environment in src/config alone', () => {
    const wrong = [...filesBelow('src'), ...filesBelow('connectors')]
      .filter(
        (file) =>
          !file.startsWith('src/config/') && readFileSync(join(root, file), 'utf8').includes('process.env'),
      )
      .map((file) => `${file} reads the environment: let src/config do it and hand the value in.`);
    expect(wrong).toEqual([]);
  });

  it('names the shipped connectors in one list that only compose.ts reads', () => {
    const readers = filesBelow('src').filter((file) =>
      importsOf(file).some((found) => target(found) === 'connectors/index.ts'),
    );
    expect(readers).toEqual(['src/compose.ts']);
  });

  it('lets no module that writes be reached from plan, preview, audit and the descriptions (P9)', () => {
    const writing =
      /^src\/(queue\/(?!names\.ts)|schedule\/|http\/|cli\/)|^src\/sync\/(push|removals|settle|deliver|write-back|detect|drain|resync|sweep|repair|tombstone|redrive|drop|purge|put-aside|mend-letters|read-hinted|take-webhook)|^src\/store\/audit-result/;
    const dry = ['plan-report', 'preview', 'audit', 'descriptions', 'live-values'].map(
      (name) => `src/sync/${name}.ts`,
    );
    expect([...reachable(dry)].filter((file) => writing.test(file))).toEqual([]);
    expect([...reachable(['src/sync/deliver.ts'])].some((file) => writing.test(file))).toBe(true);
  });

  it('gives each advisory lock a number of its own', () => {
    const numbers = filesBelow('src').flatMap(
      (file) => readFileSync(join(root, file), 'utf8').match(/'7426983450\d+'/g) ?? [],
    );
    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });

  it('has no file of more than 400 lines', () => {
    const long = [...filesBelow('src'), ...filesBelow('connectors'), ...filesBelow('test')]
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});
