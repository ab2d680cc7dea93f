import type { ChildProcess } from 'node:child_process';
import { closeSync, fchownSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { runningServer } from './pid-file.ts';
import { launchProgram, runProgram } from './program.ts';

/** How a start went: the server takes connections, or it has gone again and this is what it said. */
export type Start =
  | { readonly ready: true; readonly pid: number }
  | { readonly ready: false; readonly output: string };

const longestLogBytes = 1_000_000;

/** Settings for one small machine. Commits are as safe as PostgreSQL makes them. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // A refused statement is the caller's to report; its text and its values, the records, have no place in a log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
};

/** Starts a server on the data, on a free port, and waits until it takes connections or has gone. */
export async function startServer(
  binaries: Binaries,
  data: string,
  logFile: string,
  account: Account,
): Promise<Start> {
  const log = openSync(logFile, 'a', 0o600);
  if (account !== null) fchownSync(log, account.uid, account.gid);
  if (fstatSync(log).size > longestLogBytes) ftruncateSync(log);
  const logStart = fstatSync(log).size;
  const port = String(await freePort());
  const args = Object.entries({ ...settings, port }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launchProgram(binaries.postgres, ['-D', data, ...args], account, ['ignore', log, log]);
  closeSync(log);
  const gone = await becameReady(child, data);
  if (gone === null) {
    child.unref();
    return { ready: true, pid: child.pid ?? 0 };
  }
  return { ready: false, output: gone || readFileSync(logFile).subarray(logStart).toString() };
}

/** Null when the server is ready; else, once it has gone, why it could not even be started, or ''. */
async function becameReady(child: ChildProcess, data: string): Promise<string | null> {
  const gone = new AbortController();
  let reason = '';
  child.once('exit', () => gone.abort());
  child.once('error', (error) => {
    reason = error.message;
    gone.abort();
  });
  while (!gone.signal.aborted) {
    const server = runningServer(data);
    if (server?.pid === child.pid && server?.status === 'ready') return null;
    // Ends early when the server does.
    await pause(10, undefined, { signal: gone.signal }).catch(() => {});
  }
  return reason;
}

/** Stops the server and waits until it has gone: in good order, or at once when that takes longer than 20 seconds. */
export async function stopServer(binaries: Binaries, data: string, account: Account): Promise<void> {
  const stop = (mode: string, seconds: string): ReturnType<typeof runProgram> =>
    runProgram(binaries.pgCtl, ['stop', '-D', data, '-m', mode, '-t', seconds, '-s'], account);
  if ((await stop('fast', '20')).exit === 0 || runningServer(data) === null) return;
  await killServer(binaries, data, account);
}

/** Ends a server that does not answer; the next one recovers what it had committed. */
export async function killServer(binaries: Binaries, data: string, account: Account): Promise<void> {
  const stop = await runProgram(
    binaries.pgCtl,
    ['stop', '-D', data, '-m', 'immediate', '-t', '2', '-s'],
    account,
  );
  const server = stop.exit === 0 ? null : runningServer(data);
  if (server !== null) process.kill(server.pid, 'SIGKILL');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
