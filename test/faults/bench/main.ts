/** The fault bench: `npm run test:faults -- --seed N --runs M`. docs/reliability.md says what it does. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSystems } from './children.ts';
import { copyCluster, makeCluster } from './database.ts';
import { seedOfRun } from './random.ts';
import { report } from './report.ts';
import { type Lane, runOnce, type RunResult } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    runs: { type: 'string', default: '20' },
    lanes: { type: 'string', default: String(4 * availableParallelism()) },
    replay: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const seed = Number(values.replay ?? values.seed);
const runs = values.replay === undefined ? Number(values.runs) : 1;
const lanes = Math.min(Number(values.lanes), runs);
const folder =
  values.keep ?? mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'causeway-bench-'));
mkdirSync(folder, { recursive: true });
process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compile-cache');

const told = report({ json: values.json, seed, runs, lanes, folder });
const cluster = await makeCluster(folder);
let next = 0;

async function keepLane(nth: number): Promise<void> {
  const own = join(folder, `lane-${nth}`);
  mkdirSync(own, { recursive: true });
  const lane: Lane = { database: await copyCluster(cluster, own), systems: startSystems(), folder: own };
  try {
    for (let run = next++; run < runs; run = next++) {
      const result: RunResult = await runOnce(lane, seedOfRun(seed, run));
      told.ran(result);
      if (result.findings.length === 0 && values.keep === undefined)
        rmSync(result.folder, { recursive: true, force: true });
    }
  } finally {
    await lane.systems.stop();
    await lane.database.stop();
  }
}

await Promise.all(Array.from({ length: lanes }, (_, nth) => keepLane(nth)));
process.exitCode = told.end();
