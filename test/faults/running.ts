import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A process of `causeway` that runs while the test goes on. */
export type Running = {
  /** Resolves when its output, both streams together, holds the text; rejects when it ends before. */
  until(text: string): Promise<void>;
  /** Everything it has said so far. */
  said(): string;
  tell(signal: NodeJS.Signals): void;
  /** How it ended, and how many milliseconds after it was last told something. */
  ended(): Promise<{ readonly code: number | null; readonly ms: number; readonly said: string }>;
  /** Ends it without warning, if it still runs. */
  kill(): Promise<void>;
};

/** Starts `causeway` in a process of its own and reads along. */
export function startRunning(...args: string[]): Running {
  const child: ChildProcess = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let told = performance.now();
  const listeners = new Set<() => void>();
  const hear = (chunk: unknown): void => {
    said += String(chunk);
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    async until(text) {
      const heard = new Promise<void>((resolve) => {
        const look = (): void => {
          if (said.includes(text)) resolve();
        };
        listeners.add(look);
        look();
      });
      const ended = closed.then(() => {
        if (!said.includes(text)) throw new Error(`it ended and never said "${text}": ${said}`);
      });
      await Promise.race([heard, ended]);
    },
    said: () => said,
    tell(signal) {
      told = performance.now();
      child.kill(signal);
    },
    async ended() {
      const [code] = await closed;
      return { code, ms: performance.now() - told, said };
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await closed;
    },
  };
}
