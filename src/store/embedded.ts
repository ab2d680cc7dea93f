import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { type Account, canReach, makeFolder, serverAccount } from './embedded/account.ts';
import { type Binaries, installedBinaries, usableBinaries } from './embedded/binaries.ts';
import { type Cluster, openCluster, superuser } from './embedded/cluster.ts';
import { keepInUse, type Keeper } from './embedded/keeper.ts';
import { runningServer } from './embedded/pid-file.ts';
import { lastLines } from './embedded/program.ts';
import { killServer, startServer, stopServer } from './embedded/server.ts';

export type Embedded = {
  /** Address with user and password; the server listens on loopback alone. */
  readonly url: string;
  /** Ends our use of it. The last process that uses the server stops it. Close your own connections before. */
  stop(): Promise<void>;
};

/** Where the server's data goes when it may not get to the folder, because that lies in root's home for example. */
const shelter = '/var/lib/causeway';

const longestStartMs = 60_000;
const longestSilenceMs = 5000;

/**
 * Starts the embedded PostgreSQL in a folder, or joins the one that already runs there.
 *
 * Any number of processes may share it. Each keeps a session that holds a shared lock for as long as the process
 * lives; whoever finds nobody else on leaving stops the server. A process that is killed leaves the server running:
 * the next one to start joins it, and stops it when it leaves. Two processes that start at once need no lock of
 * ours, because PostgreSQL lets only one server run on the data.
 *
 * Throws `embedded_unsupported`, `embedded_missing`, `embedded_folder`, `embedded_other_version` or
 * `embedded_start_failed`.
 */
export async function startEmbedded(options: {
  readonly dir: string;
  readonly log: Logger;
}): Promise<Embedded> {
  const folder = resolve(options.dir);
  const account = serverAccount(folder);
  const home = openFolder(folder, account);
  const installed = installedBinaries(`${process.platform}-${process.arch}`);
  const binaries = await usableBinaries(installed, account, home);
  const cluster = await openCluster(folder, home, binaries, account);
  const place: Place = {
    ...cluster,
    binaries,
    account,
    logFile: join(folder, 'postgres.log'),
    log: options.log,
  };
  const { keeper, url } = await enter(place);
  let left: Promise<void> | undefined;
  return { url, stop: () => (left ??= leave(place, keeper)) };
}

type Place = Cluster & {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly logFile: string;
  readonly log: Logger;
};

/** Makes the folder and gives the one that the data goes to. */
function openFolder(folder: string, account: Account): string {
  try {
    makeFolder(folder, account);
    if (canReach(folder, account)) return folder;
    if (mkdirSync(shelter, { recursive: true }) !== undefined) chmodSync(shelter, 0o755);
    return shelter;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new CausewayError([problem('embedded_folder', `The folder cannot be used: ${error.message}.`)]);
  }
}

/** Joins the running server, or starts one, until one of the two succeeds. */
async function enter(place: Place): Promise<{ keeper: Keeper; url: string }> {
  const began = performance.now();
  let silentSince = began;
  for (;;) {
    const server = runningServer(place.data);
    if (server === null) {
      await start(place, began);
      silentSince = performance.now();
      continue;
    }
    const url = `postgres://${superuser}:${place.password}@127.0.0.1:${server.port}/postgres`;
    const keeper = await connect(place, url);
    if (keeper !== null) return { keeper, url };
    if (server.status === 'starting') silentSince = performance.now();
    if (performance.now() - silentSince > longestSilenceMs) {
      place.log.warn({ pid: server.pid }, 'the embedded database does not answer and is stopped');
      await killServer(place.binaries, place.data, place.account);
    }
    requireTime(began, 'the running server takes no connections');
    await pause(25);
  }
}

async function connect(place: Place, url: string): Promise<Keeper | null> {
  try {
    return await keepInUse(url, (error) =>
      place.log.error({ err: error }, 'the embedded database has stopped'),
    );
  } catch (error) {
    throw startFailed(
      `The running server refuses us: ${error instanceof Error ? error.message : 'no reason given'}.`,
    );
  }
}

/** What a server says that loses to something that passes: a quicker process, a taken port, one that is just ending. */
const passing =
  /"postmaster\.pid" already exists|could not bind|could not create any TCP|pre-existing shared memory/u;

async function start(place: Place, began: number): Promise<void> {
  const start = await startServer(place.binaries, place.data, place.logFile, place.account);
  if (start.ready) {
    place.log.debug(
      { pid: start.pid, ms: Math.round(performance.now() - began) },
      'the embedded database has started',
    );
    return;
  }
  const said = lastLines(start.output);
  if (!passing.test(start.output)) throw startFailed(`It ended at once and said:\n${said}`);
  requireTime(began, `it said:\n${said}`);
  await pause(25);
}

function requireTime(began: number, reason: string): void {
  if (performance.now() - began > longestStartMs)
    throw startFailed(`After ${longestStartMs / 1000} s, ${reason}`);
}

const startFailed = (message: string): CausewayError =>
  new CausewayError([problem('embedded_start_failed', message)]);

async function leave(place: Place, keeper: Keeper): Promise<void> {
  if (await keeper.leave()) {
    await stopServer(place.binaries, place.data, place.account);
    place.log.debug('the embedded database has stopped');
  }
  await keeper.end();
}
