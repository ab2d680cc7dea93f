import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startWorld, type World } from './processes.ts';
import { type Running, startRunning } from './running.ts';

let world: World;
let database: pg.Client;
let running: Running[] = [];

beforeEach(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  database = new pg.Client({ connectionString: world.database });
  await database.connect();
  for (const file of (await readdir(world.mappings)).filter((name) => /^[a-z]+\.yaml$/.test(name))) {
    const path = join(world.mappings, file);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/^schedule: .*$/m, "schedule: '* * * * * *'"));
  }
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.kill()));
  running = [];
  await database.end();
  await world.close();
});

/** A service that has caught up and stays on its schedule. */
async function worker(): Promise<Running> {
  const started = startRunning('start', '--config', world.config);
  running.push(started);
  await started.until('Ctrl-C stops it.');
  return started;
}

async function number(sql: string): Promise<number> {
  const { rows } = await database.query<{ n: number }>(`select (${sql})::int as n`);
  return rows[0]?.n ?? 0;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const until = (holds: () => Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 30_000, interval: 25 });
const updates = () => number("select count(*) from causeway.history where event = 'updated'");
const attemptsUsed = () => number('select count(*) from causeway_jobs.job where retry_count > 0');

/** People go on editing in the CRM until told to stop; gives how many edits there were. */
function keepEditing(companies: readonly { id: string }[]): { stop(): Promise<number> } {
  const told = new AbortController();
  const edit = async (): Promise<number> => {
    for (let edits = 0; ; edits++) {
      if (told.signal.aborted) return edits;
      const id = companies[edits % companies.length]?.id ?? '';
      await world.control('crm', 'PATCH', `records/companies/${id}`, { city: `City ${edits}` });
      // At the pace of people, not of a machine.
      await pause(50);
    }
  };
  const done = edit();
  return {
    stop: () => {
      told.abort();
      return done;
    },
  };
}

describe('a rolling restart of two workers', () => {
  it('loses no time: nothing waits for a lease, and the other goes on', async () => {
    let [one, two] = [await worker(), await worker()];
    await world.control('erp', 'PUT', 'misbehave', { delayMs: 100 });
    const companies = await world.truth<{ id: string }>('crm', 'companies');
    const people = keepEditing(companies);
    await until(async () => (await updates()) > 0);
    const told: string[] = [];
    for (const restart of ['one', 'two'] as const) {
      const stopping = restart === 'one' ? one : two;
      stopping.tell('SIGTERM');
      const { code, ms } = await stopping.ended();
      expect(code).toBe(0);
      const before = await updates();
      const ended = performance.now();
      // The other one carries on alone, at once: whatever was in hand or claimed has been given back.
      await until(async () => (await updates()) > before);
      told.push(`stopped in ${seconds(ms)}, the other delivered ${seconds(performance.now() - ended)} after`);
      if (restart === 'one') one = await worker();
      else two = await worker();
    }
    const edits = await people.stop();
    await until(async () => (await behind()) === 0);
    expect(await attemptsUsed()).toBe(0);
    expect(await number('select count(*) from causeway.link where attempts > 0')).toBe(0);
    const { rows } = await database.query<{ gap: string }>(
      `select round(extract(epoch from max(gap))::numeric, 1)::text as gap from (select at - lag(at) over (order by at) as gap
         from causeway.history where event = 'updated') as gaps`,
    );
    process.stdout.write(
      `rolling restart: ${edits} edits meanwhile, the longest time without a delivery was ${rows[0]?.gap ?? '?'} s; ${told.join('; ')}\n`,
    );
  }, 180_000);
});

/** Companies whose city in the CRM is not that of the ERP. */
async function behind(): Promise<number> {
  const cities = new Map(
    (await world.truth<{ ref: string; city: string | false }>('erp', 'res.partner')).map((p) => [
      p.ref,
      p.city,
    ]),
  );
  const companies = await world.truth<{ northwind_id: string; city: string }>('crm', 'companies');
  return companies.filter(({ northwind_id, city }) => cities.get(northwind_id) !== city).length;
}
