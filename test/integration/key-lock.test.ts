import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { type KeyLocks, openKeyLocks } from '../../src/store/key-lock.ts';
import { freshDatabase, type TestDatabase } from './postgres.ts';

let fresh: TestDatabase;
let database: Database;
let closing: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase(fresh.url, { max: 4, onError: () => {} });
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  await database.end();
  await fresh.drop();
});

/** A process on this database: its locks, and no more. */
const aProcess = (): KeyLocks => {
  const locks = openKeyLocks(fresh.url, database, () => {});
  closing.push(locks.close);
  return locks;
};
const got = async (locks: KeyLocks, ...keys: string[]): Promise<string[]> => {
  const held = await locks.take('erp', keys);
  closing.unshift(held.release);
  return [...held.keys].toSorted();
};

/** A real process that holds keys until it is ended. */
async function holding(...keys: string[]): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../faults/hold-keys.ts', import.meta.url));
  const child = spawn(process.execPath, [script, fresh.url, 'erp', ...keys], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stdout })) {
    expect(JSON.parse(line)).toEqual(keys);
    return child;
  }
  throw new Error('it ended before it held anything');
}

describe('a lock on a key', () => {
  it('is had by one at a time, and the other keys of the batch by whoever asks', async () => {
    const [one, other] = [aProcess(), aProcess()];
    const held = await one.take('erp', ['a', 'b']);
    expect([...held.keys].toSorted()).toEqual(['a', 'b']);
    expect(await got(other, 'b', 'c')).toEqual(['c']);
    await held.release();
    expect(await got(other, 'a', 'b')).toEqual(['a', 'b']);
  });

  it('is not had by another batch of the same process', async () => {
    const one = aProcess();
    expect(await got(one, 'a')).toEqual(['a']);
    expect(await got(one, 'a', 'b')).toEqual(['b']);
  });

  it('is of one connection', async () => {
    const [one, other] = [aProcess(), aProcess()];
    expect(await got(one, 'a')).toEqual(['a']);
    const held = await other.take('another erp', ['a']);
    expect([...held.keys]).toEqual(['a']);
  });

  it('outlives a process that is stopped, and not one that dies', async () => {
    const child = await holding('a', 'b');
    const other = aProcess();
    child.kill('SIGSTOP');
    expect(await got(other, 'a', 'c')).toEqual(['c']);
    child.kill('SIGKILL');
    // Postgres ends the session as soon as it hears of it.
    await vi.waitFor(async () => expect(await got(other, 'a', 'b')).toEqual(['a', 'b']), { timeout: 30_000 });
  });

  it('is gone, and says so, when its session is ended; what is left of it is cleared away', async () => {
    const [one, other] = [aProcess(), aProcess()];
    const held = await one.take('erp', ['a', 'b']);
    const gone = once(held.signal, 'abort');
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'causeway locks'`,
    );
    await gone;
    expect(await got(other, 'a')).toEqual(['a']);
    const { rows } = await database.query('select external_key from key_lock');
    expect(rows).toEqual([{ external_key: 'a' }]);
    // The first process goes on with a new session.
    expect(await got(one, 'a', 'b')).toEqual(['b']);
  });

  it('of a key is never had twice, by many who ask for many at once', async () => {
    const processes = [aProcess(), aProcess(), aProcess()];
    const keys = Array.from({ length: 60 }, (_, n) => `k${n}`);
    const inHand = new Set<string>();
    let twice = 0;
    const work = async (locks: KeyLocks, seed: number): Promise<void> => {
      for (let round = 0; round < 10; round++) {
        const wanted = keys.filter((_, n) => (n * 7 + seed + round) % 3 !== 0);
        const held = await locks.take('erp', seed % 2 === 0 ? wanted : wanted.toReversed());
        for (const key of held.keys) {
          if (inHand.has(key)) twice += 1;
          inHand.add(key);
        }
        await new Promise((resolve) => setImmediate(resolve));
        for (const key of held.keys) inHand.delete(key);
        await held.release();
      }
    };
    await Promise.all(processes.flatMap((locks, n) => [work(locks, n), work(locks, n + 5)]));
    expect(twice).toBe(0);
    expect((await database.query('select * from key_lock')).rows).toEqual([]);
  });
});
