import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The operating system's user that the server runs as; null where it is simply the one that runs Causeway. */
export type Account = { readonly uid: number; readonly gid: number } | null;

/** `nobody` on Linux. */
const nobody = 65_534;

/**
 * PostgreSQL refuses to run as root. As root, the server runs as the owner of the folder, so that what `sudo`
 * started also starts without it, and as nobody in a folder of root's.
 */
export function serverAccount(folder: string): Account {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = nearest(folder);
  return uid !== 0 && hasName(uid) ? { uid, gid } : { uid: nobody, gid: nobody };
}

/** PostgreSQL makes a data folder only for a user that has a name, which the owner of a mounted volume may lack. */
function hasName(uid: number): boolean {
  if (process.platform !== 'linux') return true;
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .some((line) => line.split(':')[2] === String(uid));
}

function nearest(folder: string): Stats {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats ?? nearest(dirname(resolve(folder)));
}

/**
 * Makes the folder and those above it that are missing, and gives what was made to the account. A folder that was
 * there and lets nobody else pass, as a new temporary one does, lets the account pass from now on; no other does.
 */
export function makeFolder(folder: string, account: Account): void {
  const first = mkdirSync(folder, { recursive: true });
  if (account === null) return;
  if (first === undefined) {
    const stats = statSync(folder);
    if (!letsPass(stats, account)) chmodSync(folder, stats.mode | 0o001);
    return;
  }
  for (let made = folder; made.length >= first.length; made = dirname(made))
    chownSync(made, account.uid, account.gid);
}

/** Gives a folder and everything in it to the account. */
export function handOver(folder: string, account: Account): void {
  if (account === null) return;
  chownSync(folder, account.uid, account.gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lchownSync(join(folder, name), account.uid, account.gid);
  }
}

/** Whether the account can get to the folder: each folder on the way must let it pass. */
export function canReach(folder: string, account: Account): boolean {
  if (account === null) return true;
  for (let step = realpathSync(folder); ; step = dirname(step)) {
    if (!letsPass(statSync(step), account)) return false;
    if (step === dirname(step)) return true;
  }
}

function letsPass(stats: Stats, account: NonNullable<Account>): boolean {
  if (stats.uid === account.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === account.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}
