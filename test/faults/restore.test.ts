import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

type Company = {
  readonly id: string;
  readonly northwind_id: string;
  readonly name: string;
  readonly city: string;
};
type Partner = { readonly id: number; readonly ref: string; readonly name: string; readonly city: string };

let world: World;
beforeEach(async () => {
  world = await startWorld({ crm: 'northwind', erp: 'empty:19' });
});
afterEach(async () => {
  await asAdmin(`drop database if exists ${backup()} with (force)`);
  await world.close();
});

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

const name = (): string => new URL(world.database).pathname.slice(1);
const backup = (): string => `${name()}_backup`;
/** A copy of everything, as pg_dump makes one: nobody is connected meanwhile. */
const backUp = () => asAdmin(`create database ${backup()} template ${name()}`);
async function restore(): Promise<void> {
  await asAdmin(`drop database ${name()} with (force)`);
  await asAdmin(`create database ${name()} template ${backup()}`);
}

async function carry(): Promise<void> {
  const ended = await world.causeway('start', '--once', '--json');
  expect(ended.code, ended.stderr).toBe(0);
}

const companies = () => world.truth<Company>('crm', 'companies');
const partners = async () =>
  (await world.truth<Partner & { is_company: boolean }>('erp', 'res.partner')).filter((p) => p.is_company);
async function edit(northwindId: string, changes: object): Promise<void> {
  const found = (await companies()).find((company) => company.northwind_id === northwindId);
  await world.control('crm', 'PATCH', `records/companies/${found?.id ?? ''}`, changes);
}

/** As a user of HubSpot would: both companies go into a new one. */
async function merge(primaryObjectId: string, objectIdToMerge: string): Promise<void> {
  const answer = await fetch(`${world.urls.crm}/crm/v3/objects/companies/merge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer pat-sandbox-0000' },
    body: JSON.stringify({ primaryObjectId, objectIdToMerge }),
  });
  expect(answer.status, await answer.text()).toBe(200);
}

/** Companies of which the ERP does not hold the newest state, exactly once. */
async function wrong(): Promise<string[]> {
  const held = Map.groupBy(await partners(), ({ ref }) => ref);
  return (await companies()).flatMap(({ id, northwind_id, name: called, city }) => {
    const own = held.get(northwind_id || id) ?? [];
    if (own.length !== 1) return [`${called} is ${own.length} times in the ERP`];
    return own[0]?.city === city
      ? []
      : [`${called} is in ${own[0]?.city ?? ''} in the ERP, and in ${city} in the CRM`];
  });
}

describe('a backup that is restored', () => {
  it('goes on from there: nothing is created twice, and the newest state arrives everywhere', async () => {
    await carry();
    await backUp();
    const before = (await companies()).find(({ northwind_id }) => northwind_id === 'ANATR')?.city ?? '';

    await world.control('crm', 'POST', 'records/companies', { name: 'New & Co', city: 'Bonn' });
    await edit('ALFKI', { city: 'Potsdam' });
    await edit('ANATR', { city: 'Puebla' });
    const gone = (await companies()).find(({ northwind_id }) => northwind_id === 'PARIS');
    await world.control('crm', 'DELETE', `records/companies/${gone?.id ?? ''}`);
    const [survivor, loser] = (await companies()).filter(({ northwind_id }) =>
      ['BERGS', 'BLAUS'].includes(northwind_id),
    );
    await merge(survivor?.id ?? '', loser?.id ?? '');
    await carry();
    expect(await wrong()).toEqual([]);
    const held = (await partners()).length;

    await restore();
    // The ERP holds Puebla; the backup remembers what the CRM says again, as if nothing had happened.
    await edit('ANATR', { city: before });
    await edit('AROUT', { city: 'Leeds' });
    const asked = await world.causeway('restored', '--yes', '--json');
    expect(asked.code, asked.stderr).toBe(0);
    await carry();
    expect(await wrong()).toEqual([]);
    expect((await partners()).length).toBe(held);
    expect(await world.causeway('dead-letters', 'list')).toMatchObject({ code: 0 });
    const orders = await world.truth<{ client_order_ref: string }>('erp', 'sale.order');
    expect([orders.length, new Set(orders.map((order) => order.client_order_ref)).size]).toEqual([830, 830]);
  }, 180_000);

  it('asks before it sends everything again, and does nothing where nobody can be asked', async () => {
    await carry();
    const before = await world.tables();
    const ended = await world.causeway('restored');
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await world.tables()).toEqual(before);
  }, 120_000);
});
