import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { problem } from '../../errors/catalogue.ts';
import { CausewayError } from '../../errors/error.ts';
import { type Account, handOver } from './account.ts';
import type { Binaries } from './binaries.ts';
import { lastLines, runProgram } from './program.ts';

/** The data of the embedded database, and the password that opens it. */
export type Cluster = { readonly data: string; readonly password: string };

export const superuser = 'causeway';

/**
 * Opens the cluster in the folder, and makes it first where there is none. Data and password appear together, by one
 * rename, so a start that was killed half-way leaves nothing that the next one could stumble over, and of two
 * processes that start at once one wins and the other uses what it made.
 *
 * `home` is where the data lives: the folder itself, or a place elsewhere that is linked from it.
 * Throws `embedded_folder`, `embedded_other_version` or `embedded_start_failed`.
 */
export async function openCluster(
  folder: string,
  home: string,
  binaries: Binaries,
  account: Account,
): Promise<Cluster> {
  const cluster = join(folder, 'cluster');
  if (lstatSync(cluster, { throwIfNoEntry: false }) === undefined) {
    dropUnfinished(home);
    await makeCluster(cluster, home, binaries, account);
  }
  if (!existsSync(cluster)) {
    throw new CausewayError([
      problem(
        'embedded_folder',
        `${cluster} is a link to a folder that is not there. Remove the link to begin anew.`,
      ),
    ]);
  }
  requireOwner(cluster);
  requireMajor(cluster, binaries);
  const data = realpathSync(join(cluster, 'data'));
  return { data, password: readFileSync(join(cluster, 'password'), 'utf8').trim() };
}

async function makeCluster(
  cluster: string,
  home: string,
  binaries: Binaries,
  account: Account,
): Promise<void> {
  const unfinished = mkdtempSync(join(home, `unfinished-${process.pid}-`));
  const password = join(unfinished, 'password');
  writeFileSync(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  mkdirSync(join(unfinished, 'data'), { mode: 0o700 });
  handOver(unfinished, account);
  const { exit, output, spawnError } = await runProgram(
    binaries.initdb,
    [
      ['--pgdata', join(unfinished, 'data')],
      ['--username', superuser],
      ['--pwfile', password],
      ['--auth', 'scram-sha-256'],
      // PostgreSQL's own collation: the same order of texts on every system, whatever locales it has.
      ['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ].flat(),
    account,
  );
  if (exit !== 0) {
    rmSync(unfinished, { recursive: true });
    const message = `The data folder could not be made (${spawnError ?? `exit code ${exit}`}). ${lastLines(output)}`;
    throw new CausewayError([problem('embedded_start_failed', message)]);
  }
  publish(unfinished, cluster, home);
}

function publish(unfinished: string, cluster: string, home: string): void {
  const elsewhere = join(home, `cluster-${randomBytes(8).toString('hex')}`);
  const linked = home !== join(cluster, '..');
  const target = linked ? elsewhere : cluster;
  try {
    renameSync(unfinished, target);
    if (linked) symlinkSync(elsewhere, cluster);
  } catch (error) {
    rmSync(existsSync(unfinished) ? unfinished : elsewhere, { recursive: true });
    // Another process was quicker.
    if (!existsSync(cluster)) throw error;
  }
}

/** Removes what starts that were killed have left behind. */
function dropUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^unfinished-(\d+)-/u.exec(name)?.[1];
    if (pid !== undefined && !existsProcess(Number(pid))) rmSync(join(folder, name), { recursive: true });
  }
}

function existsProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function requireOwner(cluster: string): void {
  const ours = process.getuid?.() ?? 0;
  const { uid } = statSync(cluster);
  if (ours === 0 || uid === ours) return;
  const message = `The embedded database in ${cluster} belongs to the user with the number ${uid}, not to ${ours}.`;
  throw new CausewayError([problem('embedded_folder', message)]);
}

function requireMajor(cluster: string, { major }: Binaries): void {
  const found = readFileSync(join(cluster, 'data', 'PG_VERSION'), 'utf8').trim();
  if (found === major) return;
  const message = `The embedded database in ${cluster} was made by PostgreSQL ${found}; this is PostgreSQL ${major}.`;
  throw new CausewayError([problem('embedded_other_version', message)]);
}
