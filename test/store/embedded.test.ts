import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, startEmbedded } from '../../src/store/embedded.ts';
import { canReach } from '../../src/store/embedded/account.ts';
import { installedBinaries, usableBinaries } from '../../src/store/embedded/binaries.ts';
import { runningServer } from '../../src/store/embedded/pid-file.ts';
import { runProgram } from '../../src/store/embedded/program.ts';

const log = pino({ level: 'silent' });
const asRoot = process.getuid?.() === 0;
const program = join(import.meta.dirname, 'embedded-user.ts');

let folder: string;
let dir: string;
let opened: Embedded[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-embedded-'));
  chmodSync(folder, 0o755);
  dir = join(folder, 'data');
  opened = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const database of opened) await database.stop();
  if (existsSync(join(dir, 'cluster'))) await stopOrphan();
  rmSync(folder, { recursive: true });
});

async function stopOrphan(): Promise<void> {
  if (runningServer(realpathSync(join(dir, 'cluster', 'data'))) === null) return;
  await (await startEmbedded({ dir, log })).stop();
}

async function start(): Promise<Embedded> {
  const database = await startEmbedded({ dir, log });
  opened.push(database);
  return database;
}

type Said = { readonly url: string; readonly error?: string };

/** Starts another process that uses the database, and waits for what it says. */
async function startProcess(
  user: { uid?: number; gid?: number } = {},
): Promise<Said & { child: ChildProcess }> {
  const child = spawn(process.execPath, [program, dir], {
    ...user,
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const { value } = await lines[Symbol.asyncIterator]().next();
  const said: Said = JSON.parse(String(value));
  return { ...said, child };
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function finished(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
}

async function query(url: string, text: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(text);
    return rows.map((row) => row.value);
  } finally {
    await client.end();
  }
}

const server = (): ReturnType<typeof runningServer> =>
  runningServer(realpathSync(join(dir, 'cluster', 'data')));

const errorsOf = async (started: Promise<unknown>): Promise<unknown> =>
  started.then(
    () => [],
    (error: { problems?: { code: string }[] }) => error.problems?.map(({ code }) => code),
  );

describe('startEmbedded', () => {
  it('makes a database in UTF-8 and UTC that flushes what it commits, and stops it', async () => {
    const database = await start();
    expect(
      await query(
        database.url,
        `select current_setting(name) as value from unnest(array['server_encoding', 'timezone', 'fsync',
           'synchronous_commit', 'listen_addresses', 'unix_socket_directories']) name`,
      ),
    ).toEqual(['UTF8', 'UTC', 'on', 'on', '127.0.0.1', '']);
    await database.stop();
    expect(server()).toBeNull();
  });

  it('finds its data again at the next start', async () => {
    const first = await start();
    await query(first.url, "create table kept as select 'Zürich' as value");
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select value from kept')).toEqual(['Zürich']);
  });

  it('lets nobody in without the password, which only its user can read', async () => {
    const { url } = await start();
    const guess = new URL(url);
    guess.password = 'guess';
    await expect(query(guess.href, 'select 1 as value')).rejects.toMatchObject({ code: '28P01' });
    guess.password = '';
    await expect(query(guess.href, 'select 1 as value')).rejects.toThrow(/password/u);
    expect(statSync(join(dir, 'cluster', 'password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'cluster', 'data')).mode & 0o777).toBe(0o700);
  });

  it('writes no statement and no value into its log', async () => {
    const { url } = await start();
    await query(url, 'create table once_only (id text primary key)');
    await query(url, "insert into once_only values ('canary')");
    await expect(query(url, "insert into once_only values ('canary')")).rejects.toMatchObject({
      code: '23505',
    });
    expect(readFileSync(join(dir, 'postgres.log'), 'utf8')).not.toContain('canary');
  });

  it('is shared by several processes, and stopped by the last that leaves', async () => {
    const first = await startProcess();
    const second = await startProcess();
    expect(second.url).toBe(first.url);
    await finished(first.child);
    expect(await query(second.url, 'select 1 as value')).toEqual([1]);
    await finished(second.child);
    expect(server()).toBeNull();
  });

  it('serves processes that start at the same moment in an empty folder from one database', async () => {
    const users = await Promise.all([startProcess(), startProcess(), startProcess()]);
    expect(new Set(users.map(({ url }) => url)).size).toBe(1);
    await Promise.all(users.map(({ child }) => finished(child)));
    expect(server()).toBeNull();
    const again = await start();
    expect(await query(again.url, 'select 1 as value')).toEqual([1]);
  });

  it('joins the server that a killed process left behind, and stops it in the end', async () => {
    const first = await startProcess();
    await query(first.url, 'create table kept as select 1 as value');
    await killed(first.child);
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([1]);
    await second.stop();
    expect(server()).toBeNull();
  });

  it('starts again when both the process and its server were killed', async () => {
    const first = await startProcess();
    await query(first.url, 'create table kept as select 1 as value');
    const { pid } = server() ?? { pid: 0 };
    process.kill(pid, 'SIGKILL');
    await killed(first.child);
    const second = await start();
    expect(await query(second.url, 'select value from kept')).toEqual([1]);
  });

  it('starts although the number of its dead server belongs to a stranger by now', async () => {
    const first = await startProcess();
    const { pid } = server() ?? { pid: 0 };
    const file = join(dir, 'cluster', 'data', 'postmaster.pid');
    const text = readFileSync(file, 'utf8');
    process.kill(pid, 'SIGKILL');
    await killed(first.child);
    const stranger = spawn('sleep', ['60'], statOwner(file));
    children.push(stranger);
    writeFileSync(file, text.replace(String(pid), String(stranger.pid)));
    const second = await start();
    expect(await query(second.url, 'select 1 as value')).toEqual([1]);
  });

  it('replaces a server that no longer answers', async () => {
    const first = await startProcess();
    const { pid } = server() ?? { pid: 0 };
    process.kill(pid, 'SIGSTOP');
    await killed(first.child);
    const second = await start();
    expect(second.url).not.toBe(first.url);
    expect(await query(second.url, 'select 1 as value')).toEqual([1]);
  });

  it('keeps running when Ctrl-C goes to the whole process group', async () => {
    const child = spawn(process.execPath, [program, dir], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    children.push(child);
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const said: Said = JSON.parse(String(value));
    process.kill(-(child.pid ?? 0), 'SIGINT');
    await once(child, 'exit');
    expect(await query(said.url, 'select 1 as value')).toEqual([1]);
  });

  it('forgets a first start that was killed half-way', async () => {
    mkdirSync(join(dir, 'unfinished-999999999-x', 'data'), { recursive: true });
    const database = await start();
    expect(await query(database.url, 'select 1 as value')).toEqual([1]);
    expect(existsSync(join(dir, 'unfinished-999999999-x'))).toBe(false);
  });

  it('refuses data of another major version', async () => {
    await (await start()).stop();
    writeFileSync(join(dir, 'cluster', 'data', 'PG_VERSION'), '9\n');
    expect(await errorsOf(start())).toEqual(['embedded_other_version']);
  });

  it('says what the server said when it does not start', async () => {
    await (await start()).stop();
    writeFileSync(join(dir, 'cluster', 'data', 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(start()).rejects.toThrow(/embedded_start_failed[^]*no_such_setting/u);
  });

  it('refuses a link to data that is not there instead of beginning anew', async () => {
    mkdirSync(dir);
    symlinkSync(join(folder, 'unmounted'), join(dir, 'cluster'));
    expect(await errorsOf(start())).toEqual(['embedded_folder']);
  });

  it('says so when the folder cannot be made', async () => {
    writeFileSync(dir, 'a file');
    expect(await errorsOf(start())).toEqual(['embedded_folder']);
  });
});

const statOwner = (file: string): { uid: number; gid: number } => {
  const { uid, gid } = statSync(file);
  return { uid, gid };
};

describe.runIf(asRoot)('startEmbedded as root', () => {
  /** `daemon`, whom every Linux system knows. */
  const other = { uid: 1, gid: 1 };
  const othersCanRun = canReach(dirname(process.execPath), other) && canReach(import.meta.dirname, other);

  it('runs the server as nobody in a folder of root', async () => {
    const { url } = await start();
    expect(
      await query(url, "select pg_read_file('/proc/self/status') ~ 'Uid:\\s+65534\\s' as value"),
    ).toEqual([true]);
  });

  it('keeps the data in a folder that let nobody pass so far', async () => {
    mkdirSync(dir, { mode: 0o700 });
    const { url } = await start();
    expect(await query(url, 'select 1 as value')).toEqual([1]);
    expect(lstatSync(join(dir, 'cluster')).isDirectory()).toBe(true);
    expect(statSync(dir).mode & 0o777).toBe(0o701);
  });

  it('keeps the data elsewhere when nobody cannot get to the folder', async () => {
    const shelterWasThere = existsSync('/var/lib/causeway');
    chmodSync(folder, 0o700);
    const database = await start();
    expect(await query(database.url, 'select 1 as value')).toEqual([1]);
    expect(lstatSync(join(dir, 'cluster')).isSymbolicLink()).toBe(true);
    await database.stop();
    const again = await start();
    expect(await query(again.url, 'select 1 as value')).toEqual([1]);
    await again.stop();
    rmSync(readlinkSync(join(dir, 'cluster')), { recursive: true });
    if (!shelterWasThere) rmdirSync('/var/lib/causeway');
  });

  it.runIf(othersCanRun)('works for a user without privileges, with whom root then shares it', async () => {
    chownSync(folder, other.uid, other.gid);
    const first = await startProcess(other);
    const second = await start();
    expect(second.url).toBe(first.url);
    await second.stop();
    await finished(first.child);
    const third = await start();
    expect(await query(third.url, 'select 1 as value')).toEqual([1]);
    await third.stop();
    const fourth = await startProcess(other);
    expect(fourth.error).toBeUndefined();
    await finished(fourth.child);
  });

  it.runIf(othersCanRun)('tells a user to whom the database does not belong', async () => {
    await (await start()).stop();
    const { error } = await startProcess(other);
    expect(error).toMatch(/^embedded_folder: .* belongs to the user with the number 65534/u);
  });
});

describe('usableBinaries', () => {
  const installed = installedBinaries(`${process.platform}-${process.arch}`);
  const account = asRoot ? { uid: 65_534, gid: 65_534 } : null;

  /** The installed package as it is when install scripts are off, in a folder that nothing more can be written to. */
  async function withoutLinks(mode: number): Promise<string> {
    const copy = join(folder, 'package');
    cpSync(installed, copy, { recursive: true, verbatimSymlinks: true });
    const links: { target: string }[] = JSON.parse(
      readFileSync(join(copy, 'native', 'pg-symlinks.json'), 'utf8'),
    );
    for (const { target } of links) rmSync(join(copy, target), { force: true });
    expect((await runProgram(join(copy, 'native', 'bin', 'postgres'), ['--version'], null)).exit).not.toBe(0);
    chmodSync(copy, mode);
    return copy;
  }

  it('makes the links that an install script would have made', async () => {
    const copy = await withoutLinks(0o755);
    const binaries = await usableBinaries(copy, account, join(folder, 'shelter'));
    expect(binaries).toMatchObject({ major: '17', postgres: join(copy, 'native', 'bin', 'postgres') });
  });

  it.runIf(asRoot)('copies the programs when they lie where the account cannot get', async () => {
    const copy = await withoutLinks(0o700);
    const binaries = await usableBinaries(copy, account, join(folder, 'shelter'));
    expect(dirname(binaries.postgres)).toMatch(/shelter\/postgres-17[^/]*\/native\/bin$/u);
    accessSync(binaries.initdb, constants.X_OK);
    expect(await usableBinaries(copy, account, join(folder, 'shelter'))).toEqual(binaries);
  });

  it('knows for which systems there is none', () => {
    expect(() => installedBinaries('sunos-sparc')).toThrow(/^embedded_unsupported: .*sunos-sparc/u);
  });

  it('says which package is missing', () => {
    expect(() => installedBinaries('win32-x64')).toThrow(/^embedded_missing: .*windows-x64/u);
  });
});
