import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import type { Account } from './account.ts';

/** How a program ended: its exit code with everything it said, or the system's code when it could not be started. */
export type Ending = {
  readonly exit: number | null;
  readonly output: string;
  readonly spawnError: string | null;
};

/**
 * Starts one of PostgreSQL's programs as the account, in a session of its own: what Ctrl-C sends to us must not
 * reach a server that still has our last transactions to finish. It gets nothing of our environment.
 */
export function launchProgram(
  path: string,
  args: readonly string[],
  account: Account,
  stdio: StdioOptions,
): ChildProcess {
  return spawn(path, args, {
    ...account,
    stdio,
    cwd: process.platform === 'win32' ? undefined : '/',
    detached: true,
    windowsHide: true,
    // Windows programs do not start without some of its variables.
    ...(process.platform === 'win32'
      ? {}
      : { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' } }),
  });
}

/** Runs a program to its end. Never throws. */
export async function runProgram(path: string, args: readonly string[], account: Account): Promise<Ending> {
  const child = launchProgram(path, args, account, ['ignore', 'pipe', 'pipe']);
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.once('error', (error: NodeJS.ErrnoException) =>
    resolve({ exit: null, output, spawnError: error.code ?? error.message }),
  );
  child.once('close', (exit) => resolve({ exit, output, spawnError: null }));
  return await promise;
}

/** The last lines of what a program said, for a person. */
export const lastLines = (output: string): string => output.trim().split('\n').slice(-8).join('\n');
