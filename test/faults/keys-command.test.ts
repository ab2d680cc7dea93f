import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty:19' });
}, 120_000);
afterAll(() => world.close());

const made = ({ stdout }: Ended) => JSON.parse(stdout) as { readonly id: string; readonly key: string };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('keys on the command line', () => {
  it('there are none at first', async () => {
    expect((await world.causeway('keys', 'list')).stdout).toContain('There are no keys');
  });

  it('a server that others should reach stays on this machine until there is one, and then moves', async () => {
    const port = await freePort();
    const before = await readFile(world.config, 'utf8');
    await writeFile(
      world.config,
      before.replace('http: { port: 0 }', `http: { host: 0.0.0.0, port: ${port} }`),
    );
    const service = await world.service();
    await writeFile(world.config, before);
    // Another address of this machine: who listens on 127.0.0.1 is not there.
    const elsewhere = `http://127.0.0.2:${port}/v1/flows`;
    expect(service.url).toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(`${service.url}/v1/flows`)).status).toBe(200);
    await expect(fetch(elsewhere)).rejects.toThrow('fetch failed');
    const key = made(await world.causeway('keys', 'create', 'elsewhere', '--scope', 'read', '--json'));
    const headers = { authorization: `Bearer ${key.key}` };
    const status = (): Promise<number> =>
      fetch(elsewhere, { headers }).then(
        (answer) => answer.status,
        () => 0,
      );
    await expect.poll(status, { timeout: 20_000 }).toBe(200);
    expect((await fetch(elsewhere)).status).toBe(401);
    expect(await service.stop('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('a key is made, listed without what lets anybody in, used, and revoked', async () => {
    const key = made(
      await world.causeway(
        'keys',
        'create',
        'a shop',
        '--scope',
        'read',
        'operate',
        '--expires',
        '90d',
        '--json',
      ),
    );
    const list = await world.causeway('keys', 'list');
    expect(list.stdout).toContain(`${key.id}  in force  read,operate  a shop`);
    expect(list.stdout + list.stderr).not.toContain(key.key.slice(15));
    const service = await world.service();
    const ask = async (headers: { readonly [name: string]: string }): Promise<number> =>
      (await fetch(`${service.url}/v1/flows`, { headers })).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: `Bearer ${key.key}` })).toBe(200);
    expect(await world.causeway('keys', 'revoke', key.id)).toMatchObject({ code: 0 });
    await expect.poll(() => ask({ authorization: `Bearer ${key.key}` }), { timeout: 10_000 }).toBe(401);
    expect(await world.causeway('keys', 'revoke', key.id)).toMatchObject({ code: 1 });
    await service.stop('SIGTERM');
  });

  it('tells everything that is wrong with a wish at once', async () => {
    const ended = await world.causeway('keys', 'create', '', '--scope', 'write', '--expires', 'soon');
    expect(ended.code).toBe(2);
    for (const part of ['write', 'soon', 'The name of a key']) expect(ended.stderr).toContain(part);
  });
});
