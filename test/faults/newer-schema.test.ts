import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startWorld, type World } from './processes.ts';
import { type Running, startRunning } from './running.ts';

let world: World;
let database: pg.Client;
let service: Running | undefined;

beforeEach(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  database = new pg.Client({ connectionString: world.database });
  await database.connect();
});
afterEach(async () => {
  await service?.kill();
  service = undefined;
  await database.end();
  await world.close();
});

/** What a newer program does when it starts: it adds to the schema, and notes its version. */
const migrateByANewerProgram = () =>
  database.query(`begin; alter table causeway.link add column colour text; alter table causeway.mirror add column size bigint default 0;
    create table causeway.later (id text primary key); insert into causeway.schema_version (version) select max(version) + 1 from causeway.schema_version; commit`);

const commands = [
  ['start', '--once'],
  ['sync', 'accounts'],
  ['status'],
  ['check', '--online'],
  ['dead-letters', 'list'],
  ['plan', 'accounts'],
];

describe('a database that a newer program has migrated', () => {
  it('is refused by every command of an older one, with a clear sentence, and is not touched', async () => {
    // The tables of this program's version are there already: the database was cloned from a migrated one.
    await migrateByANewerProgram();
    const before = await world.tables();
    for (const command of commands) {
      const { code, stderr, stdout } = await world.causeway(...command);
      expect([command.join(' '), code]).toEqual([command.join(' '), 2]);
      expect(stderr).toContain('schema_newer');
      expect(stderr).toMatch(/The database has schema version \d+; this program knows versions up to \d+\./);
      expect(stderr).toContain('Run the newer program');
      expect(stdout).toBe('');
    }
    expect(await world.tables()).toEqual(before);
  }, 120_000);

  it('goes on being used by an older program that runs already', async () => {
    await world.control('erp', 'PUT', 'misbehave', { delayMs: 50 });
    service = startRunning('start', '--config', world.config);
    await vi.waitUntil(
      async () => {
        const { rows } = await database.query<{ n: number }>(
          "select count(*)::int as n from causeway.link where state = 'synced'",
        );
        return (rows[0]?.n ?? 0) > 0;
      },
      { timeout: 30_000, interval: 20 },
    );
    await migrateByANewerProgram();
    await service.until('Ctrl-C stops it.');
    service.tell('SIGTERM');
    const { code, said } = await service.ended();
    expect(code).toBe(0);
    // Everything was carried: prepared statements and all.
    const { rows } = await database.query<{ state: string; n: number }>(
      'select state, count(*)::int as n from causeway.link group by 1',
    );
    expect([rows, said.includes('"level":50')]).toEqual([
      [{ state: 'synced', n: 91 + 91 + 77 + 830 }],
      false,
    ]);
  }, 120_000);
});
