/** What the bench of lookups runs against: stand-ins, and a Causeway that serves, each in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export type Served = {
  readonly url: string;
  readonly pid: number;
  /** Has a Causeway carry all there is; resolves when it has. */
  carry(): Promise<void>;
  /** What is in use of a Causeway's heap after a collection, in MB. */
  heap(): Promise<number>;
  /** The address of a Causeway's database. */
  database(): Promise<string>;
  stop(): Promise<void>;
};

/** A lookup of one customer by link: one statement and one call. without a `ttl` it asks every time. */
const lookupFile = (name: string, ttl: string | null): string =>
  [
    `lookup: ${name}`,
    'about: A customer, for the bench.',
    'ask:',
    '  customer: { from: erp, entity: res.partner, by_link: accounts }',
    'deadline: 2s',
    ...(ttl === null ? [] : [`ttl: ${ttl}`]),
    'fields:',
    '  name: { from: customer.name }',
    '  city: { from: customer.city }',
    '  reference: { from: customer.ref }',
  ].join('\n');

/** Writes the mappings of the bench: those that are shipped, and its own lookups. */
export async function writeMappings(folder: string): Promise<void> {
  const mappings = join(folder, 'mappings');
  await mkdir(join(mappings, 'lookups'), { recursive: true });
  await cp(join(root, 'mappings/values'), join(mappings, 'values'), { recursive: true });
  await copyFile(join(root, 'mappings/accounts.yaml'), join(mappings, 'accounts.yaml'));
  await writeFile(join(mappings, 'lookups/kept.yaml'), lookupFile('kept', '10m'));
  await writeFile(join(mappings, 'lookups/live.yaml'), lookupFile('live', null));
}

/** Writes a configuration; `erp` is what stands behind that name. */
export async function writeConfig(
  folder: string,
  name: string,
  records: number,
  erp: string,
): Promise<string> {
  const config = join(folder, `${name}.yaml`);
  await writeFile(
    config,
    [
      'database: embedded',
      `data: "${join(folder, 'data')}"`,
      `mappings: "${join(folder, 'mappings')}"`,
      'log: { level: error }',
      'http: { port: 0, rate_limit: { requests: 10000000, seconds: 1 } }',
      'connections:',
      `  crm: { connector: hubspot, sandbox: { seed: "companies:${records}" } }`,
      `  erp: { connector: odoo, ${erp} }`,
    ].join('\n'),
  );
  return config;
}

/** Runs a script until it prints a line that matches, whose first group is its address. */
async function serve(args: readonly string[], ready: RegExp): Promise<Served> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const url = await firstMatch(child, ready);
  return {
    url,
    pid: child.pid ?? 0,
    async carry() {
      child.send('carry');
      await once(child, 'message');
    },
    async heap() {
      child.send('heap');
      const [megabytes] = (await once(child, 'message')) as [number];
      return megabytes;
    },
    async database() {
      child.send('database');
      const [address] = (await once(child, 'message')) as [string];
      return address;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function firstMatch({ stdout }: ChildProcess, ready: RegExp): Promise<string> {
  if (stdout === null) throw new Error('it has no output');
  for await (const line of createInterface({ input: stdout })) {
    const found = ready.exec(line)?.[1];
    if (found === undefined) continue;
    stdout.resume();
    return found;
  }
  throw new Error('it ended before it was ready');
}

/** The stand-ins of a configuration; the address is that of the ERP. */
export const serveSandboxes = (config: string): Promise<Served> =>
  serve(['src/main.ts', 'sandbox', 'serve', '--config', config], /^erp: (\S+)/);

/** A Causeway that serves HTTP from its first moment on, and carries what there is. */
export const serveCauseway = (config: string): Promise<Served> =>
  serve(['--expose-gc', 'test/bench/lookup-server.ts', config], /^listening at (\S+)/);

/** Bare Fastify that answers with the same reply: `text` as it stands, or made anew of an object each time. */
export const serveBare = (reply: string, how: 'text' | 'object'): Promise<Served> =>
  serve(['test/bench/lookup-bare.ts', how, reply], /^listening at (\S+)/);

/** The least that a live lookup can be; `call` is what it asks of the ERP. */
export const serveRelay = (database: string, erp: string, call: object): Promise<Served> =>
  serve(['test/bench/lookup-relay.ts', database, erp, JSON.stringify(call)], /^listening at (\S+)/);

/** How many files a process has open, sockets among them, as Linux tells it. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
