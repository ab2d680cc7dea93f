import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty:19' });
}, 120_000);
afterAll(() => world.close());

const json = <T>({ stdout }: Ended): T => JSON.parse(stdout) as T;

describe('keys on the command line', () => {
  it('a server that others could reach does not start without a key, and says so', async () => {
    const before = await readFile(world.config, 'utf8');
    await writeFile(world.config, before.replace('http: { port: 0 }', 'http: { host: 0.0.0.0, port: 0 }'));
    const ended = await world.causeway('start');
    await writeFile(world.config, before);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('http_needs_keys');
    expect(ended.stderr).toContain('causeway keys create');
  });

  it('a key is made, listed without what lets anybody in, used, and revoked', async () => {
    expect((await world.causeway('keys', 'list')).stdout).toContain('There are no keys');
    const made = json<{ id: string; key: string }>(
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
    expect(list.stdout).toContain(`${made.id}  in force  read,operate  a shop`);
    expect(list.stdout + list.stderr).not.toContain(made.key.split('_')[2]);
    const service = await world.service();
    const ask = async (headers: { readonly [name: string]: string }): Promise<number> =>
      (await fetch(`${service.url}/v1/flows`, { headers })).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: `Bearer ${made.key}` })).toBe(200);
    expect(await world.causeway('keys', 'revoke', made.id)).toMatchObject({ code: 0 });
    await expect.poll(() => ask({ authorization: `Bearer ${made.key}` }), { timeout: 10_000 }).toBe(401);
    expect(await world.causeway('keys', 'revoke', made.id)).toMatchObject({ code: 1 });
    await service.stop('SIGTERM');
  });

  it('tells everything that is wrong with a wish at once', async () => {
    const ended = await world.causeway('keys', 'create', '', '--scope', 'write', '--expires', 'soon');
    expect(ended.code).toBe(2);
    for (const part of ['write', 'soon', 'The name of a key']) expect(ended.stderr).toContain(part);
  });
});
