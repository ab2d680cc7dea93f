import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
let accounts: string;
let shipped: string;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty' });
  accounts = join(world.mappings, 'accounts.yaml');
  shipped = await readFile(accounts, 'utf8');
  await world.causeway('start', '--once');
}, 120_000);
afterAll(() => world.close());

/** What the commands of this file answer with; each gives a part of it. */
type Answer = {
  readonly changed: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly sample: readonly { readonly changes: readonly unknown[] }[];
  readonly queued: number;
  readonly flows: readonly { readonly flow: string; readonly plan: { readonly records: number } | null }[];
};

const json = async (...args: string[]): Promise<{ code: number | null; said: Answer }> => {
  const { code, stdout, stderr } = await world.causeway(...args, '--json');
  expect(stderr).toBe('');
  return { code, said: JSON.parse(stdout) as Answer };
};

type Stats = { readonly requests: Readonly<Record<string, number>> };

const edited = (): string => shipped.replace("'Fax {fax}'", "'Fax: {fax}'");

describe('after an edit of a mapping', () => {
  it('the status says how many records a plan would touch, the plan shows them, and resync --changed sends exactly those', async () => {
    expect((await json('plan', 'accounts')).said).toMatchObject({ changed: 0 });
    await writeFile(accounts, edited());
    const status = await json('status');
    const touched = status.said.flows.find(({ flow }) => flow === 'accounts')?.plan?.records;
    const plan = await json('plan', 'accounts');
    expect(plan.code).toBe(1);
    expect(plan.said).toMatchObject({ changed: touched, fields: [{ field: 'comment', records: touched }] });
    expect(plan.said.endings['unchanged']).toBe(91 - (touched ?? 0));

    const before = await world.truth<{ write_date: string; comment: unknown }>('erp', 'res.partner');
    const sent = await json('resync', 'accounts', '--changed', '--wait');
    expect(sent.said).toMatchObject({ queued: touched, flows: [{ updated: touched, created: 0 }] });
    const after = await world.truth<{ comment: unknown }>('erp', 'res.partner');
    expect(after).toHaveLength(before.length);
    expect(after.filter(({ comment }) => String(comment).includes('Fax: '))).toHaveLength(touched ?? 0);
    expect((await json('plan', 'accounts')).said).toMatchObject({ changed: 0 });
    expect((await json('status')).said.flows[0]?.plan?.records ?? 0).toBe(0);
  });

  it('explain --mapping shows the file that made the last delivery', async () => {
    const [company] = await world.truth<{ id: string }>('crm', 'companies');
    const { stdout } = await world.causeway('explain', 'accounts', company?.id ?? '', '--mapping');
    expect(stdout).toMatch(/updated in the ERP.*\(mapping [0-9a-f]{8}\)/);
    expect(stdout).toContain("comment: { template: 'Fax: {fax}' }");
    expect(stdout).toContain('the file still says the same');
  });

  it('a bad edit is told with file, line and column, and the last good version goes on', async () => {
    await writeFile(accounts, shipped.replace('from: address', 'from: adress'));
    expect(await world.causeway('check', '--online')).toMatchObject({ code: 1 });
    const offline = await world.causeway('check');
    expect(offline.code).toBe(1);
    expect(offline.stdout).toContain('companies has no field `adress`; did you mean `address`?');
    expect(offline.stdout).toMatch(/accounts\.yaml:14:19: mapping_unknown_source_field/);
    const status = await world.causeway('status');
    expect(status.stdout).toContain('adress');
    expect(status.stdout).toMatch(/The last good version of .*accounts\.yaml goes on/);
    const synced = await world.causeway('sync', 'accounts');
    expect(synced.code).toBe(0);
    expect(synced.stdout).toMatch(/The last good version of .*accounts\.yaml goes on/);
    expect(await world.causeway('plan', 'accounts')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('companies has no field `adress`'),
    });
    await writeFile(accounts, shipped);
  });
});

describe('plan, preview and check', () => {
  it('call no writing method of either system, and change nothing in the database', async () => {
    await writeFile(accounts, edited());
    const [company] = await world.truth<{ id: string }>('crm', 'companies');
    const [deal] = await world.truth<{ id: string }>('crm', 'deals');
    const before = [
      await world.truth('crm', 'companies'),
      await world.truth('erp', 'res.partner'),
      await world.truth('erp', 'sale.order'),
      await world.tables(),
    ];
    const counted = (await world.control('erp', 'GET', 'stats')) as Stats;
    await world.causeway('plan', 'accounts', '--live');
    await world.causeway('plan', 'orders', '--live');
    await world.causeway('preview', 'accounts', company?.id ?? '');
    await world.causeway('preview', 'orders', deal?.id ?? '');
    await world.causeway('check', '--online');
    const now = (await world.control('erp', 'GET', 'stats')) as Stats;
    const called = Object.keys(now.requests).filter(
      (name) => now.requests[name] !== (counted.requests[name] ?? 0),
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((name) => /load|write|create|unlink|action_/.test(name))).toEqual([]);
    expect([
      await world.truth('crm', 'companies'),
      await world.truth('erp', 'res.partner'),
      await world.truth('erp', 'sale.order'),
      await world.tables(),
    ]).toEqual(before);
    await writeFile(accounts, shipped);
  });

  it('plan --live shows what somebody changed in the ERP, and nothing else', async () => {
    const [partner] = await world.truth<{ id: string; name: string; city: string; ref: string }>(
      'erp',
      'res.partner',
    );
    const customer = (
      await world.truth<{ id: string; ref: string; city: string }>('erp', 'res.partner')
    ).find(({ ref }) => ref === 'ALFKI');
    expect(partner).toBeDefined();
    await world.causeway('resync', 'accounts', '--changed', '--wait');
    await world.causeway('sandbox', 'edit', 'erp', 'res.partner', String(customer?.id), 'city=Nowhere');
    const { said } = await json('plan', 'accounts', '--live');
    expect(said).toMatchObject({ changed: 0, drifted: 1, fields: [{ field: 'city', records: 1 }] });
    expect(said.sample[0]?.changes).toEqual([
      { field: 'city', group: 'city', old: 'Nowhere', new: 'Berlin' },
    ]);
  });

  it('preview shows source value, rule and result of each field', async () => {
    const [company] = await world.truth<{ id: string; northwind_id: string }>('crm', 'companies');
    const { code, stdout } = await world.causeway('preview', 'accounts', company?.id ?? '');
    expect(code).toBe(0);
    expect(stdout).toContain('country_id = "DE"');
    expect(stdout).toContain('from "Germany" by { from: country, map: country_spellings, as: country }');
    expect(stdout).toMatch(/Payload: \{"fields":\{"name":/);
    expect(stdout).toContain('Nothing was sent.');
  });
});

describe('resync', () => {
  it('takes a condition, and refuses one that names a field which is not there', async () => {
    const { said } = await json('resync', 'accounts', '--where', 'country == "Germany"');
    expect(said.queued).toBe(11);
    const wrong = await world.causeway('resync', 'accounts', '--where', 'contry == "Germany"');
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean `country`?') });
  });

  it('takes a time, and refuses what is none', async () => {
    expect((await json('resync', 'products', '--since', '2999-01-01')).said.queued).toBe(0);
    expect((await json('resync', 'products', '--since', '1990-01-01')).said.queued).toBe(77);
    expect(await world.causeway('resync', 'products', '--since', 'yesterday')).toMatchObject({ code: 2 });
  });
});

describe('mapping schema', () => {
  it('writes schemas with the fields of the systems that were described', async () => {
    const out = join(world.mappings, 'schema');
    const { code, stdout } = await world.causeway('mapping', 'schema', '--out', out);
    expect(code).toBe(0);
    expect(stdout).toContain('# yaml-language-server: $schema=schema/mapping.json');
    expect(await readFile(join(out, 'mapping.json'), 'utf8')).toContain('erp_customer_number');
    expect(JSON.parse(await readFile(join(out, 'mapping-test.json'), 'utf8'))).toHaveProperty('$schema');
  });
});
