import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './processes.ts';

const mapping = `flow: machines
about: A machine at a customer becomes a machine in the ERP.
read: { from: crm, entity: machines, with: [company] }
write: { to: erp, entity: x_machine, key: x_serial_number }
fields:
  x_name: { from: name, required: true }
  x_serial_number: { from: serial_number }
  x_partner_id: { reference: accounts, from: company.id }
  x_commissioned_on: { from: commissioned_on, as: date }
  x_power_kw: { from: power_kw, as: decimal, scale: 2 }
  x_state: { from: status, map: states }
  x_under_warranty: { from: under_warranty, as: boolean }
when_deleted: deactivate
value_maps:
  states: { in_service: running, stopped: stopped, scrapped: scrapped }
write_back:
  - { to: crm, field: erp_machine_number, from: id }
`;

let world: World;
beforeAll(async () => {
  world = await startWorld({ crm: 'empty', erp: 'empty' });
  await writeFile(join(world.mappings, 'machines.yaml'), mapping);
}, 120_000);
afterAll(() => world.close());

type Machine = { readonly id: string; readonly erp_machine_number: string | null };
type Created = { readonly id: string };

const create = async (entity: string, ...values: string[]): Promise<string> => {
  const ended = await world.causeway('sandbox', 'create', 'crm', entity, ...values, '--json');
  expect(ended).toMatchObject({ code: 0 });
  return (JSON.parse(ended.stdout) as Created).id;
};

describe('a custom object of the CRM', () => {
  it('becomes a record of a custom model in the ERP, after the company that it belongs to', async () => {
    const company = await create('companies', 'name=Alfreds Futterkiste');
    const values = ['name=Press 7', 'serial_number=P-007', 'power_kw=7.505', 'commissioned_on=2026-03-01'];
    const machine = await create(
      'machines',
      ...values,
      'status=in_service',
      'under_warranty=true',
      `company=${company}`,
    );
    expect(await world.causeway('check', '--online')).toMatchObject({ code: 0 });
    expect(await world.causeway('start', '--once')).toMatchObject({ code: 0 });
    const [partner] = await world.truth<{ id: number; name: string }>('erp', 'res.partner');
    const [made, ...others] = await world.truth<{ id: number }>('erp', 'x_machine');
    expect(others).toEqual([]);
    expect(made).toMatchObject({
      x_name: 'Press 7',
      x_serial_number: 'P-007',
      x_partner_id: [partner?.id, 'Alfreds Futterkiste'],
      x_commissioned_on: '2026-03-01',
      x_power_kw: 7.5,
      x_state: 'running',
      x_under_warranty: true,
    });
    const [source] = await world.truth<Machine>('crm', 'machines');
    expect(source).toMatchObject({ id: machine, erp_machine_number: String(made?.id) });
  }, 120_000);

  it('is updated in place when it is edited, and archived when it is deleted', async () => {
    const [machine] = await world.truth<Machine>('crm', 'machines');
    await world.control('crm', 'PATCH', `records/machines/${machine?.id}`, { status: 'stopped' });
    expect(await world.causeway('sync', 'machines')).toMatchObject({ code: 0 });
    expect(await world.truth('erp', 'x_machine')).toMatchObject([{ x_state: 'stopped', x_active: true }]);
    await world.control('crm', 'DELETE', `records/machines/${machine?.id}`);
    expect(await world.causeway('sync', 'machines')).toMatchObject({ code: 0 });
    expect(await world.truth('erp', 'x_machine')).toMatchObject([{ x_active: false }]);
  }, 120_000);
});
