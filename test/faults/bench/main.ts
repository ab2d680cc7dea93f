/** The fault bench: `npm run test:faults -- --seed N --runs M`. docs/reliability.md says what it does. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSystems } from './children.ts';
import { type Cluster, copyCluster, makeCluster } from './database.ts';
import { endWhenTold } from './leftovers.ts';
import { seedOfRun } from './random.ts';
import { makePrograms } from './programs.ts';
import { type Report, report } from './report.ts';
import { type Lane, runOnce, type RunResult } from './run.ts';
import { sabotage } from './sabotage.ts';

const help = `npm run test:faults -- [options]

Runs Causeway between a CRM and two ERPs, breaks everything around it, and judges what is left.

  --seed N            the seed of the first run; those after it have seeds that follow from it
  --runs M            how many runs (20)
  --minutes M         begin no further run after so many minutes; the verdict says how many there were
  --lanes L           how many at a time (three for each processor)
  --replay SEED       one run with that seed, whose folder is kept
  --sabotage [NAME]   plants six bugs one after the other, or the one named, and runs until each is caught
  --until REGEXP      ends with the first finding that matches
  --keep FOLDER       keeps the logs of all runs in this folder, which must not exist
  --json              one JSON object at the end

SIGTERM ends the series after the runs in flight, with its verdict; SIGINT ends it at once, with the verdict so far.

Exit codes: 0 good, 1 findings, 2 usage.
`;

function usage(message: string): never {
  process.stderr.write(`${message}\n\n${help}`);
  process.exit(2);
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: String(Date.now() % 1_000_000) },
        runs: { type: 'string', default: '20' },
        minutes: { type: 'string' },
        lanes: { type: 'string' },
        replay: { type: 'string' },
        keep: { type: 'string' },
        until: { type: 'string' },
        sabotage: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (positionals.length > (values.sabotage ? 1 : 0))
      return usage(`${positionals.join(' ')} is not known.`);
    return { ...values, only: positionals[0] ?? '' };
  } catch (error) {
    return usage(error instanceof Error ? error.message : 'These options are not known.');
  }
}

const given = options();
if (given.help) {
  process.stdout.write(help);
  process.exit(0);
}
const number = (name: 'seed' | 'runs' | 'minutes' | 'lanes' | 'replay', fallback: number): number => {
  const text = given[name];
  if (text !== undefined && !/^\d{1,10}$/.test(text)) usage(`--${name} is a number, and not ${text}.`);
  return text === undefined ? fallback : Number(text);
};
const seed = number('replay', number('seed', 0));
if (given.sabotage) {
  process.exit(await sabotage(given.only, { seed, lanes: given.lanes }));
}
const runs = given.replay === undefined ? number('runs', 20) : 1;
const lanes = Math.min(number('lanes', 3 * availableParallelism()), runs);
if (runs < 1 || lanes < 1) usage('There must be one run on one lane at least.');
if (given.keep !== undefined && existsSync(given.keep)) usage(`${given.keep} exists already.`);
const folder =
  given.keep ?? mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'causeway-bench-'));
mkdirSync(folder, { recursive: true });
// PostgreSQL may have to run as another user, who must be let through.
chmodSync(folder, 0o755);
process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compile-cache');
const keepAll = given.keep !== undefined || given.replay !== undefined;

let lastBegin = performance.now() + number('minutes', Number.POSITIVE_INFINITY) * 60_000;
const until = given.until === undefined ? null : new RegExp(given.until);
const told = report({ json: given.json, seed, runs, lanes, folder, until });
endWhenTold(
  () => (lastBegin = 0),
  () => void told.end(),
);
const programs = await makePrograms(join(folder, 'programs'));
process.exitCode = await bench(told, await makeCluster(folder));
if (!keepAll && told.good()) rmSync(folder, { recursive: true, force: true });

/** A run that the bench itself cannot carry out is a finding, too, and no end of the others. */
async function carryOut(lane: Lane, seed: number): Promise<RunResult> {
  const began = Date.now();
  try {
    return await runOnce(lane, seed);
  } catch (error) {
    const found = error instanceof Error ? (error.stack ?? error.message) : 'something that is not an Error';
    const finding = { verdict: 'unexplained', record: 'the bench', expected: 'a run', found } as const;
    return { seed, findings: [finding], faults: new Map(), ms: Date.now() - began, folder: lane.folder };
  }
}

/** Runs everything on its lanes; gives the exit code. */
async function bench(told: Report, cluster: Cluster): Promise<0 | 1> {
  let next = 0;
  const keepLane = async (nth: number): Promise<void> => {
    const own = join(folder, `lane-${nth}`);
    mkdirSync(own, { recursive: true });
    const lane: Lane = {
      database: await copyCluster(cluster, own),
      systems: startSystems(),
      programs,
      folder: own,
    };
    try {
      for (let run = next++; run < runs && performance.now() < lastBegin; run = next++) {
        const result: RunResult = await carryOut(lane, seedOfRun(seed, run));
        told.ran(result);
        // What was waited for has come: the other lanes end with this process.
        if (told.ended()) process.exit(told.end());
        if (result.findings.length === 0 && !keepAll) rmSync(result.folder, { recursive: true, force: true });
      }
    } finally {
      await lane.systems.stop();
      await lane.database.stop();
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, nth) => keepLane(nth)));
  return told.end();
}
