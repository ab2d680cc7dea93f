/** The two workers of a run with their wires, and whatever befalls them. */
import { once } from 'node:events';
import { type Life, startWorker } from './children.ts';
import type { Pair, Plan, WorkerName } from './plan.ts';
import type { Disturbance } from './snapshot.ts';
import { openWire, type Wire } from './wire.ts';
import type { WorkerLine } from './worker.ts';

export type Wires = { readonly [worker in WorkerName]: { readonly [pair in Pair]: Wire } };

export type Crew = {
  readonly wires: Wires;
  readonly disturbances: Disturbance[];
  /** Addresses of the workers' own HTTP servers. */
  readonly addresses: Map<WorkerName, string>;
  /** What went wrong that nobody has planned. */
  readonly accidents: string[];
  /** Resolve when the first worker has begun to work, and when one has caught up for the first time. */
  readonly up: Promise<void>;
  readonly serving: Promise<void>;
  kill(worker: WorkerName, why: string): void;
  stop(worker: WorkerName, ms: number, why: string): void;
  /** Notes that a worker is cut off until the time given. */
  disturb(worker: WorkerName, what: string, ms: number): void;
  /** Ends all trouble: what is stopped goes on, what is dead comes again, and nothing that is planned happens. */
  heal(): void;
  close(): Promise<void>;
};

type CrewOptions = {
  readonly plan: Plan;
  readonly targets: { readonly [pair in Pair]: (worker: WorkerName) => number };
  readonly envOf: (wires: Wires[WorkerName]) => { readonly [name: string]: string };
  /** The worker's program, and its configuration. */
  readonly program: string;
  readonly config: string;
  readonly logFile: (worker: WorkerName) => string;
  readonly note: (what: string) => void;
  readonly struck: (kind: string) => void;
};

const names = ['a', 'b'] as const;

/** Starts both workers. */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const wiresOf = async (worker: WorkerName): Promise<Wires[WorkerName]> => ({
    crm: await openWire(() => options.targets.crm(worker)),
    erp: await openWire(() => options.targets.erp(worker)),
    plain: await openWire(() => options.targets.plain(worker)),
    database: await openWire(() => options.targets.database(worker)),
  });
  const wires: Wires = { a: await wiresOf('a'), b: await wiresOf('b') };
  const up = Promise.withResolvers<void>();
  const serving = Promise.withResolvers<void>();
  const state = new Map<WorkerName, Standing>(
    names.map((name) => [
      name,
      { life: null, lives: 0, deadSince: null, expected: false, serving: false, timers: new Set() },
    ]),
  );
  const shared: Shared = {
    ...options,
    wires,
    up: up.resolve,
    serving: serving.resolve,
    disturbances: [],
    addresses: new Map(),
    accidents: [],
    over: { trouble: false, all: false },
    standing: (worker) => state.get(worker) ?? unknown(),
  };
  for (const name of names) live(shared, name);
  return {
    wires,
    disturbances: shared.disturbances,
    addresses: shared.addresses,
    accidents: shared.accidents,
    up: up.promise,
    serving: serving.promise,
    kill: (worker, why) => kill(shared, worker, why),
    stop(worker, ms, why) {
      const { life } = shared.standing(worker);
      if (life === null) return;
      life.child.kill('SIGSTOP');
      stopped(shared, worker, ms, why);
    },
    disturb: (worker, what, ms) => void disturb(shared, worker, what, ms),
    heal() {
      shared.over.trouble = true;
      for (const name of names) heal(shared, name);
    },
    async close() {
      shared.over.all = true;
      await Promise.all(names.map((name) => end(shared, name)));
      for (const own of Object.values(wires)) for (const wire of Object.values(own)) await wire.close();
    },
  };
}

type Standing = {
  life: Life | null;
  lives: number;
  deadSince: number | null;
  /** Somebody killed it. */
  expected: boolean;
  /** The catch-up of its start is done. Before that it may end when a system fails, and is started again. */
  serving: boolean;
  readonly timers: Set<NodeJS.Timeout>;
};

type Shared = CrewOptions & {
  readonly wires: Wires;
  readonly up: () => void;
  readonly serving: () => void;
  readonly disturbances: Disturbance[];
  readonly addresses: Map<WorkerName, string>;
  readonly accidents: string[];
  readonly over: { trouble: boolean; all: boolean };
  readonly standing: (worker: WorkerName) => Standing;
};

function unknown(): never {
  throw new Error('there is no such worker');
}

function live(shared: Shared, name: WorkerName): void {
  const standing = shared.standing(name);
  const plans = shared.over.trouble ? [] : (shared.plan.lives[name][standing.lives] ?? []);
  standing.lives += 1;
  standing.expected = false;
  standing.serving = false;
  shared.note(`worker ${name} starts its life ${standing.lives}`);
  standing.life = startWorker({
    name,
    program: shared.program,
    config: shared.config,
    plans,
    logFile: shared.logFile(name),
    env: shared.envOf(shared.wires[name]),
    onLine: (line) => heard(shared, name, line),
    onEnd: (code, signal) => ended(shared, name, code, signal),
  });
}

function heard(shared: Shared, name: WorkerName, line: WorkerLine): void {
  const standing = shared.standing(name);
  if ('up' in line) {
    shared.addresses.set(name, line.up);
    shared.up();
    return;
  }
  if ('serving' in line) {
    standing.serving = true;
    shared.serving();
    return;
  }
  if (line.ending === 'kill') {
    shared.note(`worker ${name} kills itself at ${line.step}`);
    shared.struck(`kill at ${line.step}`);
    standing.expected = true;
    return;
  }
  stopped(shared, name, line.ending.stopMs, `at ${line.step}`);
  shared.struck(`stop at ${line.step}`);
}

/** It stands still; it goes on after the time, or as soon as the trouble is over. */
function stopped(shared: Shared, name: WorkerName, ms: number, why: string): void {
  shared.note(`worker ${name} is stopped for ${ms} ms ${why}`);
  const timer = disturb(shared, name, 'stopped', ms, () => {
    shared.note(`worker ${name} goes on`);
    shared.standing(name).life?.child.kill('SIGCONT');
  });
  shared.standing(name).timers.add(timer);
}

function disturb(
  shared: Shared,
  name: WorkerName,
  what: string,
  ms: number,
  then = (): void => {},
): NodeJS.Timeout {
  const from = Date.now();
  const timer = setTimeout(then, ms);
  shared.disturbances.push({ worker: name, what, from, to: from + ms });
  return timer;
}

function kill(shared: Shared, name: WorkerName, why: string): void {
  const standing = shared.standing(name);
  if (standing.life === null || standing.expected) return;
  shared.note(`worker ${name} is killed ${why}`);
  standing.expected = true;
  standing.life.child.kill('SIGKILL');
}

/** How long a worker stays away that has ended by itself, as a supervisor would have it. */
const restartMs = 500;

function ended(shared: Shared, name: WorkerName, code: number | null, signal: string | null): void {
  const standing = shared.standing(name);
  standing.life = null;
  for (const timer of standing.timers) clearTimeout(timer);
  standing.timers.clear();
  if (shared.over.all) return;
  shared.note(`worker ${name} has ended: ${signal ?? `code ${code}`}`);
  if (!standing.expected && standing.serving)
    shared.accidents.push(`worker ${name} ended by itself with ${signal ?? `code ${code}`}`);
  shared.addresses.delete(name);
  const ms =
    !standing.expected || shared.over.trouble ? restartMs : (shared.plan.awayMs[standing.lives] ?? 0);
  const timer = disturb(shared, name, 'dead', ms, () => live(shared, name));
  standing.timers.add(timer);
}

function heal(shared: Shared, name: WorkerName): void {
  const standing = shared.standing(name);
  standing.life?.disarm();
  // A stop that is longer than the lease is left to its end: it is the point of it.
  for (const wire of Object.values(shared.wires[name])) wire.heal();
}

/** Asks a worker to end, and ends it when it does not. */
async function end(shared: Shared, name: WorkerName): Promise<void> {
  const standing = shared.standing(name);
  for (const timer of standing.timers) clearTimeout(timer);
  const child = standing.life?.child;
  if (child === undefined || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    shared.accidents.push(`worker ${name} did not end within thirty seconds of SIGTERM`);
    child.kill('SIGUSR2');
    setTimeout(() => child.kill('SIGKILL'), 500);
  }, 30_000);
  await gone;
  clearTimeout(timer);
}
