/**
 * How fast companies travel from sandbox to sandbox, as a ratio to a floor that is measured in the same run: a plain
 * script that reads the same pages and loads the same batches through the same connectors, with no database, no
 * mapping and no promises. Usage: node test/bench/companies.ts [--quick] [--records N]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Cursor, SinkItem } from '../../src/connector/contract.ts';
import { type Causeway, compose } from '../../src/compose.ts';
import { catchUp } from '../../src/sync/catch-up.ts';
import type { Step } from '../../src/sync/context.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { quick: { type: 'boolean' }, records: { type: 'string' } } });
const records = Number(values.records ?? (values.quick ? 2000 : 50_000));
const never = new AbortController().signal;

/** Two sandboxes in a process of their own, and a configuration that uses them. */
async function startSandboxes(
  folder: string,
  name: string,
): Promise<{ config: string; stop(): Promise<void> }> {
  const data = join(folder, name);
  const config = join(folder, `${name}.yaml`);
  await writeFile(
    config,
    [
      'database: embedded',
      `data: "${data}"`,
      `mappings: "${join(root, 'mappings')}"`,
      'log: { level: error }',
      'connections:',
      `  crm: { connector: hubspot, sandbox: { seed: "companies:${records}" } }`,
      '  erp: { connector: odoo, sandbox: { seed: "empty" } }',
    ].join('\n'),
  );
  const child = spawn(process.execPath, ['src/main.ts', 'sandbox', 'serve', '--config', config], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('Ctrl-C')) break;
  child.stdout.resume();
  return {
    config,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<{ seconds: number; cpuSeconds: number }> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
}

/** The floor: read a page, shape it by hand, load it, read the next. */
async function handWritten({ context }: Causeway): Promise<void> {
  const source = context.connections.get('crm')?.source;
  const erp = context.connections.get('erp');
  if (!source || !erp?.sink) throw new Error('the bench needs both sandboxes');
  let cursor: Cursor | null = null;
  const now = new Date();
  for (;;) {
    const page = await source.changesSince({ entity: 'companies', with: [], cursor, now }, never);
    const items = page.changes.flatMap((change): SinkItem[] =>
      change.kind === 'upsert'
        ? [
            {
              id: change.id,
              externalKey: `floor/${change.id}`,
              targetId: null,
              fields: {
                name: change.record['name'] ?? null,
                city: change.record['city'] ?? null,
                is_company: true,
              },
              lines: {},
            },
          ]
        : [],
    );
    for (let start = 0; start < items.length; start += erp.limits.batch) {
      await erp.sink.upsertBatch('res.partner', items.slice(start, start + erp.limits.batch), never);
    }
    if (page.caughtUp) return;
    cursor = page.cursor;
  }
}

/** How long the journey spends between its named steps, added up over all workers. */
function stopwatch(): { reached: (step: Step) => void; report(): string[] } {
  const spent = new Map<string, number>();
  let last: { step: Step; at: number } | null = null;
  return {
    reached(step) {
      const at = performance.now();
      if (last !== null && step !== 'page_read' && step !== 'page_committed') {
        const name = `${last.step} → ${step}`;
        spent.set(name, (spent.get(name) ?? 0) + at - last.at);
      }
      if (step !== 'page_read' && step !== 'page_committed') last = { step, at };
    },
    report: () =>
      [...spent]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 5)
        .map(([name, ms]) => `    ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`),
  };
}

const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'));
try {
  const floorSandboxes = await startSandboxes(folder, 'floor');
  const floorCauseway = await compose({ configFile: floorSandboxes.config, systems: 'open', halt: never });
  const floor = await timed(() => handWritten(floorCauseway));
  await floorCauseway.close();
  await floorSandboxes.stop();

  const sandboxes = await startSandboxes(folder, 'causeway');
  const watch = stopwatch();
  const causeway = await compose({
    configFile: sandboxes.config,
    systems: 'open',
    halt: never,
    reached: watch.reached,
  });
  const memory: number[] = [];
  const sampler = setInterval(() => memory.push(process.memoryUsage.rss()), 250);
  const carried = await timed(() =>
    catchUp(
      causeway.context,
      ['accounts'],
      'sync',
      { dueWithinMs: 1000, closedForMs: 30_000, awaitReader: true },
      never,
    ),
  );
  clearInterval(sampler);
  const { rows } = await causeway.context.database.query<{ state: string; count: string }>(
    'select state, count(*) from link group by 1',
  );
  await causeway.close();
  await sandboxes.stop();
  if (rows.length !== 1 || rows[0]?.state !== 'synced' || Number(rows[0].count) !== records) {
    throw new Error(`not everything arrived: ${JSON.stringify(rows)}`);
  }
  const megabytes = (bytes: number | undefined): string => `${Math.round((bytes ?? 0) / 1e6)} MB`;
  const quarter = Math.floor(memory.length / 4);
  console.log(
    [
      `${records} companies, sandbox to sandbox, on one machine`,
      `  hand-written floor: ${floor.seconds.toFixed(1)} s, ${Math.round(records / floor.seconds)}/s`,
      `  causeway:           ${carried.seconds.toFixed(1)} s, ${Math.round(records / carried.seconds)}/s, ${((carried.cpuSeconds * 1e3) / records).toFixed(2)} ms of its own CPU a record`,
      `  ratio to the floor: ${(floor.seconds / carried.seconds).toFixed(2)}`,
      `  memory: ${megabytes(memory[quarter])} after a quarter, ${megabytes(memory.at(-1))} at the end, ${megabytes(Math.max(...memory))} at most`,
      '  where the time went, between steps, over all workers:',
      ...watch.report(),
    ].join('\n'),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
