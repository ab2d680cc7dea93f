import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startWorld, type World } from './processes.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty' });
  await world.causeway('start', '--once');
}, 120_000);
afterAll(() => world.close());

type Partner = { readonly id: number; readonly ref: string | false };
type Stats = { readonly requests: Readonly<Record<string, number>> };
type Tables = Readonly<Record<string, string | null>>;

const partner = async (ref: string): Promise<number> =>
  (await world.truth<Partner>('erp', 'res.partner')).find((one) => one.ref === ref)?.id ?? 0;

const truth = async (): Promise<unknown> => [
  await world.truth('crm', 'companies'),
  await world.truth('crm', 'deals'),
  await world.truth('erp', 'res.partner'),
  await world.truth('erp', 'sale.order'),
];

describe('causeway audit', () => {
  it('ends with 0 and says so where nothing is found, orders with their lines included', async () => {
    for (const flow of ['accounts', 'contacts', 'orders']) {
      const { code, stdout, stderr } = await world.causeway('audit', flow);
      expect(stdout).toContain('Nothing was found.');
      expect(code).toBe(0);
      expect(stderr).toMatch(/crm \w+ .*done/);
    }
  }, 240_000);

  it('ends with 1, shows record, field, what was expected and what was found, and who did it', async () => {
    await world.control('erp', 'PATCH', `records/res.partner/${await partner('ALFKI')}`, { city: 'Nowhere' });
    const { code, stdout } = await world.causeway('audit', 'accounts');
    expect(code).toBe(1);
    expect(stdout).toContain('1 changed in the ERP');
    expect(stdout).toMatch(/last changed by Marc Demo at \d{4}-/);
    expect(stdout).toContain('city: expected "Berlin", found "Nowhere"');
    expect(stdout).toContain('causeway audit accounts --fix');
  }, 120_000);

  it('writes nothing but when it was and what it came to: no writing method, no row, no cursor', async () => {
    const [before, tables] = [await truth(), (await world.tables()) as Tables];
    const counted = (await world.control('erp', 'GET', 'stats')) as Stats;
    expect((await world.causeway('audit', 'orders', '--json')).code).toBe(0);
    const now = (await world.control('erp', 'GET', 'stats')) as Stats;
    const called = Object.keys(now.requests).filter(
      (name) => now.requests[name] !== (counted.requests[name] ?? 0),
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((name) => /load|write|create|unlink|action_/.test(name))).toEqual([]);
    expect(await truth()).toEqual(before);
    const after = (await world.tables()) as Tables;
    const written = Object.keys(after).filter((name) => after[name] !== tables[name]);
    expect(written).toEqual(['causeway.audit_result']);
  }, 120_000);

  it('is remembered by the status', async () => {
    const { stdout } = await world.causeway('status');
    expect(stdout).toMatch(/The audit of accounts at \S+: 1 changed\./);
    expect(stdout).toMatch(/The audit of orders at \S+: found nothing\./);
  }, 60_000);

  it('queues with --fix what can be mended, and the next run mends it', async () => {
    const gone = (await world.truth<Partner>('erp', 'res.partner')).find(({ ref }) => ref === 'PARIS');
    // A company without orders; Odoo keeps those that have some.
    await world.control('erp', 'DELETE', `records/res.partner/${gone?.id}`);
    const fixed = await world.causeway('audit', 'accounts', '--fix');
    expect(fixed.code).toBe(1);
    expect(fixed.stdout).toContain('Queued to be sent again: 1.');
    expect(fixed.stdout).toContain('Queued to be created again: 1.');
    await world.causeway('sync', 'accounts');
    const partners = await world.truth<Partner & { city: string }>('erp', 'res.partner');
    expect(partners.filter(({ ref }) => ref === 'PARIS')).toHaveLength(1);
    expect(partners.find(({ ref }) => ref === 'ALFKI')?.city).toBe('Berlin');
    expect((await world.causeway('audit', 'accounts')).code).toBe(0);
  }, 240_000);

  it('raises an alarm for a change that no poll had delivered, and the status keeps it', async () => {
    const companies = await world.truth<{ id: string; northwind_id: string }>('crm', 'companies');
    const bolid = companies.find(({ northwind_id }) => northwind_id === 'BOLID');
    // Saved late, under a stamp that was polled long ago.
    const late = { city: 'Toledo', modifiedAt: new Date(Date.now() - 3_600_000).toISOString() };
    await world.control('crm', 'PATCH', `records/companies/${bolid?.id}`, late);
    await world.causeway('sync', 'accounts');
    const { code, stdout, stderr } = await world.causeway('audit', 'accounts');
    expect(code).toBe(1);
    expect(stdout).toMatch(/MISSED: changed in the CRM at .*, and Causeway holds the state of/);
    expect(stderr).toContain('"alarm":"missed_change"');
    expect(stderr).not.toContain('Toledo');
    const status = await world.causeway('status');
    expect(status.stdout).toContain('1 stale; 1 change had never been delivered');
  }, 120_000);

  it('that is stopped does not end as one that found nothing', async () => {
    await world.control('erp', 'PUT', 'misbehave', { delayMs: 3000 });
    const asked = async (): Promise<string> => JSON.stringify(await world.control('erp', 'GET', 'stats'));
    const before = await asked();
    const stopped = world.started('audit', 'accounts');
    await vi.waitFor(async () => expect(await asked()).not.toBe(before), { timeout: 20_000 });
    stopped.stop('SIGINT');
    const { code, stdout, stderr } = await stopped.ended;
    await world.control('erp', 'PUT', 'misbehave', {});
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('audit_stopped');
  }, 60_000);

  it('ends with 2 for a time that is none, and with 3 when a system does not answer', async () => {
    expect(await world.causeway('audit', 'accounts', '--since', 'yesterday')).toMatchObject({ code: 2 });
    for (const system of ['erp', 'crm'] as const) {
      await world.control(system, 'PUT', 'misbehave', { downForMs: 600_000 });
      const { code, stderr } = await world.causeway('audit', 'accounts');
      await world.control(system, 'PUT', 'misbehave', {});
      expect({ system, code }).toEqual({ system, code: 3 });
      expect(stderr).toContain('cannot be used');
    }
  }, 120_000);
});
