import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome, Removal } from '../../../src/connector/contract.ts';
import { type Bench, type BenchOptions, anItem, faultOf, never, openBench, thrownFault } from './bench.ts';

const open = async (options: BenchOptions = {}): Promise<Bench> => {
  const bench = await openBench(options);
  cleanups.push(bench.close);
  return bench;
};
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const remove = async (bench: Bench, id: number, how: Removal): Promise<Outcome | undefined> => {
  const outcomes = await bench.sink.remove('x_machine', [{ id: 'a', targetId: String(id), how }], never);
  return outcomes[0];
};

describe('a model that somebody made in Odoo', () => {
  it('is described like any other', async () => {
    const bench = await open();
    const { fields } = await bench.sink.describe('x_machine', never);
    expect(Object.keys(fields).filter((name) => fields[name]?.required)).toEqual(['x_name']);
    expect(fields).toMatchObject({
      x_partner_id: { type: 'reference', to: 'res.partner' },
      x_commissioned_on: { type: 'date' },
      x_power_kw: { type: 'decimal' },
      x_under_warranty: { type: 'boolean' },
      x_state: { type: 'enum', options: ['running', 'stopped', 'scrapped'] },
    });
  });

  it.each(['auto', 'jsonrpc'])('is named when Odoo does not have it (%s)', async (transport) => {
    const bench = await open({ settings: { transport } });
    const fault = await thrownFault(bench.sink.describe('x_machin', never));
    expect(fault).toMatchObject({ kind: 'config', code: 'odoo_unknown_model' });
    expect(fault.message).toContain('x_machin');
  });

  it('refuses a record without its mandatory field, and names the field', async () => {
    const bench = await open();
    const [outcome] = await bench.sink.upsertBatch(
      'x_machine',
      [anItem(1, { x_serial_number: 'P-7' })],
      never,
    );
    expect(faultOf(outcome)).toMatchObject({ kind: 'invalid_record', fields: [{ field: 'x_name' }] });
  });

  it.each(['fresh:16', 'fresh:19'])(
    'is archived by its x_active, and can be written then all the same (%s)',
    async (seed) => {
      const bench = await open({ seed });
      const id = await bench.add('x_machine', { x_name: 'Press' });
      expect(await remove(bench, id, 'deactivate')).toMatchObject({ status: 'removed' });
      expect(await bench.row('x_machine', id)).toMatchObject({ x_active: false });
      const { url, settings } = bench.sandbox;
      const search = {
        service: 'object',
        method: 'execute_kw',
        args: ['odoo', 2, settings['apiKey'], 'x_machine', 'search', [[]]],
      };
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params: search });
      const answer = await fetch(`${url}/jsonrpc`, { method: 'POST', headers, body });
      expect(await answer.json()).toMatchObject({ result: [] });
      const item = anItem(1, { x_name: 'Press 7' }, { targetId: String(id) });
      expect(await bench.sink.upsertBatch('x_machine', [item], never)).toMatchObject([{ status: 'updated' }]);
    },
  );

  it.each(['fresh:16', 'fresh:19'])('cannot be cancelled, and pauses nothing for that (%s)', async (seed) => {
    const bench = await open({ seed });
    const id = await bench.add('x_machine', { x_name: 'Press' });
    expect(faultOf(await remove(bench, id, 'cancel'))).toMatchObject({
      kind: 'invalid_record',
      code: 'odoo_cannot_cancel',
      message: 'Records of x_machine cannot be cancelled in Odoo: deactivate or delete them instead.',
    });
  });
});

describe('the control surface of the stand-in', () => {
  it('takes texts, as a command line gives them, for what a person means by them', async () => {
    const bench = await open();
    const values = { x_name: 'Press', x_partner_id: '1', x_under_warranty: 'false', x_power_kw: '7.5' };
    const id = await bench.add('x_machine', values);
    await bench.edit('x_machine', id, { x_partner_id: '2', x_active: 'true' });
    expect(await bench.row('x_machine', id)).toMatchObject({
      x_partner_id: [2, 'My Company, Mitchell Admin'],
      x_under_warranty: false,
      x_active: true,
      x_power_kw: 7.5,
      display_name: 'Press',
    });
    await expect(bench.add('x_machine', { x_serial_number: 'P-007' })).rejects.toThrow('x_name');
  });
});
