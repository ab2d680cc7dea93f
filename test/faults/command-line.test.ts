import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  await world.causeway('start', '--once');
}, 120_000);
afterAll(() => world.close());

const company = async (northwindId: string): Promise<string> => {
  const found = (await world.truth<{ id: string; northwind_id: string }>('crm', 'companies')).find(
    ({ northwind_id }) => northwind_id === northwindId,
  );
  return found?.id ?? '';
};

describe('the command line', () => {
  it.each([
    ['start'],
    ['sync'],
    ['status'],
    ['check'],
    ['resync'],
    ['explain'],
    ['preview'],
    ['plan'],
    ['audit'],
    ['mapping', 'schema'],
    ['dead-letters', 'list'],
    ['dead-letters', 'show'],
    ['dead-letters', 'redrive'],
    ['dead-letters', 'drop'],
    ['cursor', 'show'],
    ['approve'],
    ['sweep'],
    ['tasks', 'list'],
    ['tasks', 'done'],
    ['cursor', 'rewind'],
    ['restored'],
    ['mapping', 'test'],
    ['sandbox', 'create'],
    ['sandbox', 'edit'],
    ['sandbox', 'webhooks'],
  ])('%s %s has --help and --json', async (...command) => {
    const ended = await world.causeway(...command.filter((word) => word !== undefined), '--help');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('--json');
    expect(ended.stdout).toContain('Exit codes');
  });

  it('says usage errors in plain words and ends with 2', async () => {
    expect(await world.causeway('explain', 'acounts', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean `accounts`?'),
    });
    expect(await world.causeway('resync', 'accounts')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--id'),
    });
    expect((await world.causeway('resnc')).code).toBe(2);
  });

  it('prints one JSON object with --json, errors included', async () => {
    for (const command of [
      ['status'],
      ['check'],
      ['cursor', 'show'],
      ['dead-letters', 'list'],
      ['explain', 'accounts', await company('ALFKI')],
      ['explain', 'nothing', '1'],
    ]) {
      const { stdout } = await world.causeway(...command, '--json');
      expect(() => JSON.parse(stdout) as unknown, command.join(' ')).not.toThrow();
    }
  });

  it('explains a delivered record in words that a salesperson understands', async () => {
    const { code, stdout } = await world.causeway('explain', 'accounts', await company('ALFKI'));
    expect(code).toBe(0);
    expect(stdout).toContain('A company in the CRM becomes a customer in the ERP.');
    expect(stdout).toContain('the ERP holds its newest state.');
    expect(stdout).toContain('created in the ERP');
    expect(stdout).toContain('its ERP number was saved in the CRM');
  });

  it('finds both systems usable and every path of the mappings in them', async () => {
    expect(await world.causeway('check', '--online')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('4 flows are in order'),
    });
  });

  it('ends with 3 and keeps everything when the ERP does not answer', async () => {
    const id = await company('ANATR');
    await world.control('erp', 'PUT', 'misbehave', { unavailableEvery: 1 });
    const ended = await world.causeway('resync', 'accounts', '--id', id, '--wait');
    expect(ended.code).toBe(3);
    const story = JSON.parse((await world.causeway('explain', 'accounts', id, '--json')).stdout) as {
      record: { state: string; attempts: number };
    };
    expect(story.record).toMatchObject({ state: 'pending', attempts: 0 });
    await world.control('erp', 'PUT', 'misbehave', {});
    expect((await world.causeway('sync', 'accounts')).code).toBe(0);
  }, 180_000);
});

describe('the service', () => {
  it('serves health and the standing of records, uses an edited mapping, and stops within five seconds', async () => {
    const service = await world.service();
    expect(await (await fetch(`${service.url}/healthz`)).json()).toEqual({ status: 'up' });
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    const id = await company('ALFKI');
    const record = (await (await fetch(`${service.url}/v1/flows/accounts/records/${id}`)).json()) as {
      state: string;
      nextCheckAfterSeconds: number | null;
    };
    expect(record).toMatchObject({ state: 'synced', nextCheckAfterSeconds: null });
    const missing = await fetch(`${service.url}/v1/flows/accounts/records/none`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('application/problem+json'),
    ]);
    const stopped = await service.stop('SIGINT');
    expect(stopped.code).toBe(0);
    expect(stopped.ms).toBeLessThan(5000);
  }, 60_000);

  it('uses a good edit of a mapping in the next run, and keeps the last good version of a bad one', async () => {
    const file = join(world.mappings, 'accounts.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('Fax {fax}', 'Telefax {fax}'));
    const id = await company('ALFKI');
    expect((await world.causeway('resync', 'accounts', '--id', id, '--wait')).code).toBe(0);
    const partners = await world.truth<{ ref: string; comment: string | false }>('erp', 'res.partner');
    expect(partners.find(({ ref }) => ref === 'ALFKI')?.comment).toContain('Telefax 030-0076545');
    await writeFile(file, text.replace('from: address', 'form: address'));
    expect(await world.causeway('check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('did you mean `from`?'),
    });
    await writeFile(file, text);
  }, 60_000);
});
