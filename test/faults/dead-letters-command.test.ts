import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, startWorld, type World } from './processes.ts';

let world: World;
let letters: Listed;

type Listed = {
  readonly total: number;
  readonly groups: readonly { group: string; count: number; code: string; field: string; sample: string }[];
  readonly deadLetters: readonly { sourceId: string }[];
};

const json = ({ stdout }: Ended): unknown => JSON.parse(stdout);
const list = async (...options: string[]): Promise<Listed> =>
  json(await world.causeway('dead-letters', 'list', 'accounts', '--json', ...options)) as Listed;

beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
  const refuse = { oneIn: 5, field: 'name', reason: 'This name is not allowed' };
  await world.control('erp', 'PUT', 'misbehave', { refuse });
  await world.causeway('sync', 'accounts');
  letters = await list();
}, 120_000);
afterAll(() => world.close());

describe('dead-letters on the command line', () => {
  it('lists one line for one cause, with its letters under --group', async () => {
    expect(letters.groups).toHaveLength(1);
    expect(letters.total).toBeGreaterThan(10);
    expect(letters.groups[0]).toMatchObject({ count: letters.total, field: 'name' });
    const text = await world.causeway('dead-letters', 'list');
    expect(text).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('name: This name is not allowed') as string,
    });
    const [group] = letters.groups;
    expect((await list('--group', group?.group ?? '')).deadLetters).toHaveLength(letters.total);
    expect(await world.causeway('dead-letters', 'list', '--group', 'deadbeef')).toMatchObject({ code: 2 });
  });

  it('shows record, payload, answer and what can be done', async () => {
    const id = letters.groups[0]?.sample ?? '';
    const story = json(await world.causeway('dead-letters', 'show', 'accounts', id, '--json')) as {
      letter: { payload: { fields: unknown } };
      sourceRecord: { id: string };
    };
    expect(story.sourceRecord.id).toBe(id);
    expect(story.letter.payload.fields).toMatchObject({ is_company: true });
    const { stdout } = await world.causeway('dead-letters', 'show', 'accounts', id);
    expect(stdout).toContain('Answer: odoo_refused');
    expect(stdout).toContain('The mapping of today would send the same again.');
    expect(stdout).toContain(`dead-letters redrive accounts --id ${id}`);
  });

  it('refuses what is not said clearly, in plain words', async () => {
    const group = letters.groups[0]?.group ?? '';
    const refusals: [string[], string][] = [
      [['redrive', 'accounts'], '--group'],
      [['redrive', 'accounts', '--all', '--code', 'x'], 'wants one of'],
      [['redrive', 'accounts', '--where', 'country = "DE"'], 'country = "DE"'],
      [['redrive', 'accounts', '--where', 'contry == "DE"'], 'did you mean `country`?'],
      [['redrive', 'accounts', '--older-than', 'yesterday'], 'is no duration'],
      [['drop', 'accounts', '--group', group], '--reason'],
      [['drop', 'accounts', '--group', group, '--reason', 'x'], 'Nobody can be asked here'],
    ];
    for (const [command, words] of refusals) {
      const ended = await world.causeway('dead-letters', ...command);
      expect([ended.code, ended.stderr], command.join(' ')).toEqual([2, expect.stringContaining(words)]);
    }
    expect((await list()).total).toBe(letters.total);
  });

  it('drops one with a reason, and sends the others of the group when the ERP is mended', async () => {
    const id = letters.groups[0]?.sample ?? '';
    const dropped = await world.causeway(
      'dead-letters',
      'drop',
      'accounts',
      '--id',
      id,
      '--reason',
      'a twin',
    );
    expect(dropped).toMatchObject({ code: 0, stdout: expect.stringContaining('1 dropped') as string });
    const { stdout } = await world.causeway('explain', 'accounts', id);
    expect(stdout).toContain('a person has dropped it: a twin (dropped by');
    await world.control('erp', 'PUT', 'misbehave', {});
    const group = letters.groups[0]?.group ?? '';
    const sent = await world.causeway(
      'dead-letters',
      'redrive',
      'accounts',
      '--group',
      group,
      '--wait',
      '--json',
    );
    expect(sent.code, sent.stderr).toBe(0);
    expect((json(sent) as { queued: string[] }).queued).toHaveLength(letters.total - 1);
    expect(await list()).toEqual({ total: 0, groups: [], deadLetters: [] });
    expect(await world.truth('erp', 'res.partner')).toHaveLength(90);
  });

  it('asks before it sends very many again', async () => {
    const [, url] = /database: "(.*)"/.exec(await readFile(world.config, 'utf8')) ?? [];
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `insert into causeway.mirror (connection, entity, source_id, fingerprint, record, modified_at, changed_at)
       select 'crm', 'companies', 'x' || n, '', '{}', now(), now() from generate_series(1, 101) n`,
    );
    await client.query(
      `insert into causeway.link (flow, source_id, external_key, version, state, code, reason, since)
       select 'accounts', 'x' || n, 'x' || n, 1, 'dead', 'old', 'of an older program', now() from generate_series(1, 101) n`,
    );
    await client.end();
    const all = ['dead-letters', 'redrive', 'accounts', '--all', '--from-mirror'];
    expect(await world.causeway(...all)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('101 dead letters of accounts would be sent again') as string,
    });
    expect(await world.causeway(...all, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('101 queued') as string,
    });
  });
});

describe('retention on the command line', () => {
  it('is said by status, and a flow that does not exist is told', async () => {
    const before = await readFile(world.config, 'utf8');
    await writeFile(world.config, `${before}\nretention: { payloads: { flows: { accounts: hashes } } }\n`);
    const { stdout } = await world.causeway('status');
    expect(stdout).toContain(
      'Kept: history for 365 days, finished runs for 90 days, finished jobs for 1 day, what was last sent of each record (only hashes of what was sent for accounts). Dead letters stay until they are cleared.',
    );
    await writeFile(world.config, `${before}\nretention: { payloads: { flows: { acounts: hashes } } }\n`);
    expect(await world.causeway('status')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean `accounts`?') as string,
    });
    expect((await world.causeway('check')).stdout).toContain('retention_unknown_flow');
    await writeFile(world.config, before);
  });

  it('has preview and plan say in plain words what cannot be told where only hashes are kept', async () => {
    const before = await readFile(world.config, 'utf8');
    await writeFile(world.config, `${before}\nretention: { payloads: { default: hashes } }\n`);
    const mapping = `${world.mappings}/products.yaml`;
    const rules = await readFile(mapping, 'utf8');
    await world.causeway('sync', 'products');
    await writeFile(mapping, rules.replace('name: { from: name', 'name: { template: "New {name}"'));
    const plan = await world.causeway('plan', 'products');
    expect(plan.stdout).toContain('causeway.yaml keeps only hashes of what products sends');
    expect(plan.stdout).toContain('77 of 77 records would come out differently');
    const [product] = await world.truth<{ id: string }>('crm', 'products');
    const preview = await world.causeway('preview', 'products', product?.id ?? '');
    expect(preview.stdout).toContain('old values cannot be named');
    await writeFile(world.config, before);
    await writeFile(mapping, rules);
  });
});
