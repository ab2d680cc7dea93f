import { readdir } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { firstVersionStatements } from './first-version.ts';

const folder = new URL('../../src/store/migrations/', import.meta.url);

/** The migrations as they stand in their folder, in the order of their numbers. */
async function steps(): Promise<{ file: string; sql: string }[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).sort();
  return Promise.all(
    files.map(async (file) => {
      const exported = Object.values((await import(new URL(file, folder).href)) as Record<string, unknown>);
      if (exported.length !== 1 || typeof exported[0] !== 'string')
        throw new Error(`${file} is no migration`);
      return { file, sql: exported[0] };
    }),
  );
}

let name: string;
let url: string;
let database: Database;
/** The program of the first schema version: one connection that stays open, with prepared statements. */
let older: pg.Client;

beforeEach(async () => {
  name = `migrated_${Math.random().toString(36).slice(2)}`;
  await asAdmin(`create database ${name}`);
  const at = new URL(inject('postgresUrl'));
  at.pathname = `/${name}`;
  url = at.href;
  database = openDatabase(url, { max: 4, onError: () => {} });
  older = new pg.Client({ connectionString: url, options: '-c search_path=causeway' });
  await older.connect();
});
afterEach(async () => {
  await older.end();
  await database.end();
  await asAdmin(`drop database ${name} with (force)`);
});

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

type Column = { key: string; type: string; nullable: boolean; fallback: boolean };
type Shape = { columns: Column[]; files: Map<string, string>; refusing: string[]; tables: Set<string> };

/** What the schema looks like, and in which file of the server each table lies: another one after a rewrite. */
async function shape(): Promise<Shape> {
  const columns = await database.query<Column & { table: string }>(
    `select table_name as "table", table_name || '.' || column_name as key, data_type || coalesce('(' || character_maximum_length || ')', '') as type,
       is_nullable = 'YES' as nullable, column_default is not null or is_identity = 'YES' or is_generated = 'ALWAYS' as fallback
     from information_schema.columns where table_schema = 'causeway' and table_name <> 'schema_version' order by 2`,
  );
  const files = await database.query<{ table: string; file: string }>(
    `select relname as "table", relfilenode::text as file from pg_class where relnamespace = 'causeway'::regnamespace and relkind = 'r'`,
  );
  // What could refuse a row that was taken before: unique indexes, and constraints other than those on null.
  const refusing = await database.query<{ what: string }>(
    `select indrelid::regclass || ' unique ' || pg_get_indexdef(indexrelid) as what from pg_index where indisunique
       and indrelid in (select oid from pg_class where relnamespace = 'causeway'::regnamespace)
     union all select conrelid::regclass || ' key ' || pg_get_constraintdef(oid) from pg_constraint
       where connamespace = 'causeway'::regnamespace and contype in ('f', 'x') order by 1`,
  );
  return {
    columns: columns.rows.map(({ key, type, nullable, fallback }) => ({ key, type, nullable, fallback })),
    tables: new Set(columns.rows.map((row) => row.table)),
    files: new Map(files.rows.map((row) => [row.table, row.file])),
    refusing: refusing.rows.map((row) => row.what),
  };
}

/** What a step does to the tables that were there before, and may not, in words. */
function harm(before: Shape, after: Shape): string[] {
  const now = new Map(after.columns.map((column) => [column.key, column]));
  const known = new Set(before.columns.map(({ key }) => key));
  const tableOf = (text: string): string => text.replace('causeway.', '').split(/[. ]/)[0] ?? '';
  return [
    ...before.columns.flatMap(({ key, type, nullable, fallback }) => {
      const found = now.get(key);
      if (found === undefined) return [`${key} is gone`];
      return [
        ...(found.type === type ? [] : [`${key} was ${type} and is ${found.type}`]),
        ...(nullable && !found.nullable ? [`${key} takes no null any more`] : []),
        ...(fallback && !found.fallback ? [`${key} has no default any more`] : []),
      ];
    }),
    ...after.columns
      .filter(
        ({ key, nullable, fallback }) =>
          !known.has(key) && before.tables.has(tableOf(key)) && !nullable && !fallback,
      )
      .map(({ key }) => `${key} is new, takes no null and has no default`),
    ...[...before.files].flatMap(([table, file]) =>
      after.files.get(table) === file ? [] : [`${table} was written anew`],
    ),
    ...after.refusing
      .filter((what) => !before.refusing.includes(what) && before.tables.has(tableOf(what)))
      .map((what) => `new: ${what}`),
  ];
}

async function apply(sql: string): Promise<void> {
  const client = await database.connect();
  try {
    await client.query('begin');
    await client.query('set local search_path to causeway');
    await client.query(sql);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function olderProgramWorks(round: number): Promise<void> {
  for (const statement of firstVersionStatements(round)) await older.query(statement);
}

describe('migrations', () => {
  it('only add: the program of the first schema version works on after each of them, on a database with data', async () => {
    const [first, ...rest] = await steps();
    await database.query('create schema causeway');
    await apply(first?.sql ?? '');
    await olderProgramWorks(0);
    let before = await shape();
    for (const [index, { file, sql }] of rest.entries()) {
      await apply(sql);
      const after = await shape();
      expect(harm(before, after), file).toEqual([]);
      await olderProgramWorks(index + 1);
      before = after;
    }
    const there = await database.query<{ n: number }>('select count(*)::int as n from causeway.mirror');
    expect(there.rows[0]?.n).toBe(8 * (rest.length + 1));
  });

  it.each([
    ['alter table link drop column reason', 'link.reason is gone'],
    ['alter table link rename column reason to why', 'link.reason is gone'],
    ['alter table link alter column attempts type bigint', 'link.attempts was integer and is bigint'],
    [
      'alter table link add column colour text not null',
      'link.colour is new, takes no null and has no default',
    ],
    ['alter table link alter column reason set not null', 'link.reason takes no null any more'],
    ['alter table link add column drawn double precision default random()', 'link was written anew'],
    ['create unique index one_each on link (flow, code)', 'new: '],
    ['drop table waiting', 'waiting.flow is gone'],
  ])('are noticed where they do harm: %s', async (sql, said) => {
    await migrate(database);
    const before = await shape();
    await apply(sql);
    expect(harm(before, await shape()).join('\n')).toContain(said);
  });

  it('are all applied, once, when several processes start at the same moment', async () => {
    const others = [2, 3].map(() => openDatabase(url, { max: 1, onError: () => {} }));
    await Promise.all([database, ...others].map((each) => migrate(each)));
    await Promise.all(others.map((each) => each.end()));
    const { rows } = await database.query<{ version: number }>(
      'select version from causeway.schema_version order by 1',
    );
    expect(rows.map(({ version }) => version)).toEqual((await steps()).map((_, index) => index + 1));
  });

  it('let go of what they cannot have at once, so that nobody queues up behind them, and try again', async () => {
    const known = (await steps()).map(({ sql }) => sql);
    await migrate(database);
    await olderProgramWorks(0);
    // A backup that is being made reads every table in one transaction, and holds a lock on each until it has ended.
    const backup = new pg.Client({ connectionString: url });
    await backup.connect();
    await backup.query('begin; lock table causeway.link in access share mode');
    let done = false;
    const migrating = migrate(database, [...known, 'alter table link add column later text']).finally(
      () => (done = true),
    );
    const waiting = async (): Promise<boolean> =>
      (
        await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'alter table link%'`,
        )
      ).rows.length > 0;
    await vi.waitUntil(waiting, { timeout: 10_000, interval: 10 });
    await olderProgramWorks(1);
    expect(done).toBe(false);
    await backup.query('commit');
    await backup.end();
    await migrating;
    expect((await shape()).columns.map(({ key }) => key)).toContain('link.later');
    await olderProgramWorks(2);
  });
});
