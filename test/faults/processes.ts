import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freshDatabase } from '../integration/postgres.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type World = {
  readonly urls: { readonly crm: string; readonly erp: string };
  readonly config: string;
  /** Address of the world's own database. */
  readonly database: string;
  /** The world's own copy of the shipped mappings. */
  readonly mappings: string;
  /** Runs `causeway` to its end, in a process of its own. */
  causeway(...args: string[]): Promise<Ended>;
  /** The same, for a test that signals it. */
  started(...args: string[]): { stop(signal: NodeJS.Signals): void; readonly ended: Promise<Ended> };
  /** Starts `causeway start`, and waits until it has caught up and serves HTTP. */
  service(): Promise<Service>;
  /** Runs everything once in a process that kills itself with SIGKILL when it comes to a step for the nth time. */
  killedAt(step: string, nth: number): Promise<Ended>;
  /** The records that a sandbox really holds. */
  truth<T>(connection: 'crm' | 'erp', entity: string): Promise<T[]>;
  /**
   * A digest of every table of Causeway and of its queue, to see whether anything was written. That a request takes its
   * turn is no such thing.
   */
  tables(): Promise<unknown>;
  control(connection: 'crm' | 'erp', method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
};

export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A running service; `stop` signals it and gives its exit code and how long it took, in milliseconds. */
export type Service = {
  readonly url: string;
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
};

export type WorldOptions = { readonly crm: string; readonly erp: string };

/** The two sandboxes in a process of their own, a fresh database, and the shipped mappings. */
export async function startWorld(seeds: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-world-'));
  const database = await freshDatabase();
  const config = join(folder, 'causeway.yaml');
  const mappings = join(folder, 'mappings');
  await cp(join(root, 'mappings'), mappings, { recursive: true });
  await writeFile(
    config,
    [
      `database: "${database.url}"`,
      `data: "${join(folder, 'data')}"`,
      `mappings: "${mappings}"`,
      'connections:',
      `  crm: { connector: hubspot, sandbox: { seed: "${seeds.crm}" } }`,
      `  erp: { connector: odoo, sandbox: { seed: "${seeds.erp}" } }`,
      'http: { port: 0 }',
    ].join('\n'),
  );
  const sandboxes = node(['src/main.ts', 'sandbox', 'serve', '--json', '--config', config]);
  const urls = JSON.parse(await firstLine(sandboxes)) as World['urls'];
  const control: World['control'] = async (connection, method, path, body) => {
    const answer = await fetch(`${urls[connection]}/_sandbox/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? null : JSON.parse(text);
  };
  return {
    urls,
    config,
    database: database.url,
    control,
    mappings,
    service: () => startService(node(['src/main.ts', 'start', '--json', '--config', config])),
    causeway: (...args) => ended(node(['src/main.ts', ...args, '--config', config])),
    started(...args) {
      const child = node(['src/main.ts', ...args, '--config', config]);
      return { stop: (signal) => void child.kill(signal), ended: ended(child) };
    },
    killedAt: (step, nth) => ended(node(['test/faults/kill-at-step.ts', config, step, String(nth)])),
    truth: async <T>(connection: 'crm' | 'erp', entity: string) =>
      (await control(connection, 'GET', `records/${entity}`)) as T[],
    tables: () => digests(database.url),
    async close() {
      sandboxes.kill('SIGTERM');
      if (sandboxes.exitCode === null) await once(sandboxes, 'exit');
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function digests(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where (table_schema = 'causeway' and table_name <> 'request_turn') or (table_schema = 'causeway_jobs' and table_name like 'job%') order by 1`,
    );
    const found: Record<string, string | null> = {};
    for (const { name } of rows) {
      const digest = await client.query<{ digest: string | null }>(
        `select md5(string_agg(t::text, '' order by t::text)) as digest from ${name} t`,
      );
      found[name] = digest.rows[0]?.digest ?? null;
    }
    return found;
  } finally {
    await client.end();
  }
}

async function startService(child: ChildProcess): Promise<Service> {
  const { url } = JSON.parse(await firstLine(child)) as { url: string };
  return {
    url,
    async stop(signal) {
      const started = performance.now();
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      return { code, ms: performance.now() - started };
    },
  };
}

const node = (args: string[]): ChildProcess =>
  spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });

async function ended(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout: await stdout, stderr: await stderr };
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output to read');
  const problems = collect(child.stderr);
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume();
    return line;
  }
  throw new Error(`it ended before it said anything: ${await problems}`);
}
