import { execFileSync } from 'node:child_process';
import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What a running server says of itself in `postmaster.pid`, which is also its lock on the data. */
export type RunningServer = { readonly pid: number; readonly port: number; readonly status: string };

/**
 * The server that runs on the data, or null. A file left over by a server that was killed does not count; where its
 * number meanwhile belongs to a stranger, which PostgreSQL would take for a living server, the file is removed.
 */
export function runningServer(data: string): RunningServer | null {
  const file = join(data, 'postmaster.pid');
  const text = readText(file);
  const [pid, , , port, , , , status] = text.split('\n');
  if (!/^\d+$/u.test(pid ?? '')) return null;
  const owner = ownerOf(Number(pid), data);
  if (owner === 'server') return { pid: Number(pid), port: Number(port ?? 0), status: (status ?? '').trim() };
  if (owner === 'stranger' && readText(file) === text) unlinkSync(file);
  return null;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function ownerOf(pid: number, data: string): 'server' | 'stranger' | 'nobody' {
  const command = commandOf(pid);
  if (command === '') return 'nobody';
  return command === null || command.includes(data) ? 'server' : 'stranger';
}

/** The command line of a process: empty when there is none, null where the system does not tell. */
function commandOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return '';
  }
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return null;
  }
}
