/** The lane's child processes: the systems, and the workers that live, die and come again. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasEnded, mustEnd } from './leftovers.ts';
import type { StepPlan, WorkerName } from './plan.ts';
import type { Order, Said } from './systems.ts';
import type { WorkerLine } from './worker.ts';

const besides = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export type Systems = {
  order(order: Order): Promise<unknown>;
  /** Who hears of faults that have happened and of workers that are to be killed. */
  hear: (said: Exclude<Said, { answer: number }>) => void;
  stop(): Promise<void>;
};

/** Starts the process that holds the CRM and the ERP of a lane. */
export function startSystems(): Systems {
  const child = fork(besides('systems.ts'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  mustEnd(child.pid);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let nth = 0;
  const systems: Systems = {
    hear: () => {},
    order(order) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      nth += 1;
      waiting.set(nth, { resolve, reject });
      child.send({ nth, order });
      return promise;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
  child.on('message', (said: Said) => {
    if (!('answer' in said)) return systems.hear(said);
    const asked = waiting.get(said.answer);
    waiting.delete(said.answer);
    if (said.error === null) asked?.resolve(said.value);
    else asked?.reject(new Error(said.error));
  });
  child.on('exit', (code) => {
    hasEnded(child.pid);
    for (const { reject } of waiting.values()) reject(new Error(`the systems have ended with code ${code}`));
  });
  return systems;
}

export type Life = {
  readonly child: ChildProcess;
  /** Everything is over: what was planned for its steps does not happen any more. */
  disarm(): void;
};

/** One life of a worker. Its log goes to a file; what it says of itself goes to `onLine`. */
export function startWorker(options: {
  readonly name: WorkerName;
  readonly program: string;
  readonly config: string;
  readonly plans: readonly StepPlan[];
  readonly logFile: string;
  readonly env: { readonly [name: string]: string };
  readonly onLine: (line: WorkerLine) => void;
  readonly onEnd: (code: number | null, signal: string | null) => void;
}): Life {
  const log = openSync(options.logFile, 'a');
  const child = fork(options.program, [options.config, JSON.stringify(options.plans)], {
    stdio: ['ignore', 'pipe', log, 'ipc'],
    // A start makes much that is soon garbage: a roomier nursery saves a sixth of it.
    execArgv: ['--min-semi-space-size=16'],
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
  });
  mustEnd(child.pid);
  closeSync(log);
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => options.onLine(JSON.parse(line)));
  child.on('exit', (code, signal) => {
    hasEnded(child.pid);
    options.onEnd(code, signal);
  });
  return {
    child,
    // One that dies in this moment has nothing left to disarm.
    disarm: () => void (child.connected && child.send('disarm', () => {})),
  };
}
