import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connector, RunningSandbox } from './contract.ts';

export type SandboxPlace = {
  readonly connection: string;
  /** The folder that holds its state and says where it listens. */
  readonly folder: string;
  readonly seed: string;
  readonly port: number;
  readonly misbehave: { readonly [rule: string]: unknown };
  readonly now: () => Date;
};

type Notice = { readonly pid: number; readonly url: string; readonly settings: RunningSandbox['settings'] };

/**
 * Gives the sandbox of a connection: the one that another process runs already, or one started here. Its state lives
 * in one file, so it must never run twice; only who started it closes it.
 */
export async function sharedSandbox(
  start: NonNullable<Connector['sandbox']>,
  place: SandboxPlace,
): Promise<RunningSandbox> {
  mkdirSync(place.folder, { recursive: true });
  const noticeFile = join(place.folder, `${place.connection}.json`);
  const running = await findRunning(noticeFile);
  if (running !== null) return { url: running.url, settings: running.settings, close: async () => {} };
  const sandbox = await start({
    file: join(place.folder, `${place.connection}.journal`),
    seed: place.seed,
    port: place.port,
    misbehave: place.misbehave,
    now: place.now,
  });
  const notice: Notice = { pid: process.pid, url: sandbox.url, settings: sandbox.settings };
  writeFileSync(noticeFile, JSON.stringify(notice), { mode: 0o600 });
  return {
    ...sandbox,
    async close() {
      rmSync(noticeFile, { force: true });
      await sandbox.close();
    },
  };
}

/** A notice may have been left by a process that was killed: it counts only when the server answers. */
async function findRunning(noticeFile: string): Promise<Notice | null> {
  let notice: Notice;
  try {
    notice = JSON.parse(readFileSync(noticeFile, 'utf8'));
    process.kill(notice.pid, 0);
    const answer = await fetch(`${notice.url}/_sandbox/stats`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? notice : null;
  } catch {
    return null;
  }
}
