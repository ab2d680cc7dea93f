import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { doorTo, type DatabaseDoor } from './database-door.ts';
import { judge } from './northwind.ts';
import { startWorld, type World } from './processes.ts';
import { type Running, startRunning } from './running.ts';

let world: World;
let database: pg.Client;
let door: DatabaseDoor | undefined;
let service: Running;

/** `Stopping` in docs/operations.md promises five seconds; a machine that does much else may be as late again. */
const boundMs = 10_000;

afterEach(async () => {
  await service.kill();
  await door?.close();
  door = undefined;
  await database.end();
  await world.close();
});

/** A service in the middle of its first carriage: creates are on their way to an ERP that misbehaves by these rules. */
async function midway(rules: object, behindDoor = false): Promise<void> {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  database = new pg.Client({ connectionString: world.database });
  await database.connect();
  service = startRunning('start', '--config', behindDoor ? await throughDoor() : world.config);
  await until(async () => (await count('causeway.link', "state = 'synced'")) > 0);
  await world.control('erp', 'PUT', 'misbehave', rules);
  const { rows } = await database.query<{ now: string }>('select now()::text as now');
  await until(async () => (await count('causeway.intent', `committed_at > '${rows[0]?.now ?? ''}'`)) > 0);
}

const until = (holds: () => Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 30_000, interval: 20 });

async function throughDoor(): Promise<string> {
  door = await doorTo(world.database);
  const config = world.config.replace('causeway.yaml', 'behind-door.yaml');
  await writeFile(config, (await readFile(world.config, 'utf8')).replace(world.database, door.url));
  return config;
}

async function count(table: string, where = 'true'): Promise<number> {
  try {
    const found = await database.query<{ n: number }>(
      `select count(*)::int as n from ${table} where ${where}`,
    );
    return found.rows[0]?.n ?? 0;
  } catch (error) {
    // The tables are not there yet.
    if (error instanceof pg.DatabaseError && (error.code === '42P01' || error.code === '3F000')) return 0;
    throw error;
  }
}

const inHand = () => count('causeway_jobs.job', "state = 'active'");
const attemptsUsed = () => count('causeway_jobs.job', 'retry_count > 0');
const claims = () => count('causeway.source_cursor', 'reader is not null');

/** A process that comes after the one that was stopped carries everything to the end. */
async function carriedByTheNext(): Promise<void> {
  await world.control('erp', 'PUT', 'misbehave', {});
  const next = await world.causeway('start', '--once', '--json');
  expect(next.code, next.stderr).toBe(0);
  expect((await judge(world, { rounding: 'globally' })).differences).toEqual([]);
}

describe('SIGTERM', () => {
  it('lets batches in hand finish where the ERP answers, and nothing is in doubt afterwards', async () => {
    await midway({ delayMs: 300 });
    service.tell('SIGTERM');
    const { code, ms, said } = await service.ended();
    expect([code, ms < boundMs], said).toEqual([0, true]);
    expect([await inHand(), await attemptsUsed(), await claims(), await count('causeway.intent')]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(await count('causeway.link', "state = 'synced'")).toBeGreaterThan(0);
    await carriedByTheNext();
  }, 120_000);

  it('gives batches back that an ERP does not answer: no attempt, no lease to wait for, nothing twice', async () => {
    await midway({ delayMs: 60_000 });
    service.tell('SIGTERM');
    const { code, ms, said } = await service.ended();
    expect([code, ms < boundMs], said).toEqual([0, true]);
    expect([await inHand(), await attemptsUsed(), await claims()]).toEqual([0, 0, 0]);
    await carriedByTheNext();
    expect(await attemptsUsed()).toBe(0);
  }, 120_000);

  it('and a second signal end it at once, and what is in hand is still given back', async () => {
    await midway({ delayMs: 60_000 });
    service.tell('SIGTERM');
    // Another signal than the first: two of one kind may be delivered as one.
    service.tell('SIGINT');
    const { code, ms, said } = await service.ended();
    expect([code, ms < 2500], said).toEqual([0, true]);
    expect([await inHand(), await attemptsUsed()]).toEqual([0, 0]);
  }, 120_000);

  it('ends within the bound though the database hangs, says so, and the lease brings the rest back', async () => {
    await midway({ delayMs: 1000 }, true);
    door?.hang();
    service.tell('SIGTERM');
    const { code, ms, said } = await service.ended();
    expect([code, ms < boundMs], said).toEqual([3, true]);
    expect(said).toContain('Nothing is lost');
    await carriedByTheNext();
  }, 120_000);

  it('ends within the bound though the database is gone', async () => {
    await midway({ delayMs: 1000 }, true);
    await door?.vanish();
    service.tell('SIGTERM');
    const { code, ms, said } = await service.ended();
    expect([code === 0 || code === 3, ms < boundMs], said).toEqual([true, true]);
    await carriedByTheNext();
  }, 120_000);
});
