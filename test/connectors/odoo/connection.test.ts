import { afterEach, describe, expect, it } from 'vitest';
import type { FieldDescription, Removal } from '../../../src/connector/contract.ts';
import {
  anItem,
  type Bench,
  type BenchOptions,
  faultOf,
  never,
  openBench,
  targetOf,
  thrownFault,
} from './bench.ts';

const benches: Bench[] = [];
const open = async (options: BenchOptions = {}): Promise<Bench> => {
  const bench = await openBench(options);
  benches.push(bench);
  return bench;
};
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

const check = (bench: Bench, settings: { readonly [name: string]: unknown } = {}): Promise<unknown> =>
  bench.connect(settings).check(never);

describe('the connection to Odoo', () => {
  it('speaks JSON-2 to version 19 and JSON-RPC to version 16', async () => {
    const [old, young] = [await open({ seed: 'fresh:16' }), await open({ seed: 'fresh:19' })];
    expect(await check(old)).toMatchObject({ version: '16.0 (JSON-RPC)' });
    expect(await check(young)).toMatchObject({ version: '19.0 (JSON-2)' });
  });

  it('falls back to JSON-RPC where version 19 does not offer JSON-2', async () => {
    const bench = await open();
    await bench.misbehave({ withoutJson2: true });
    expect(await check(bench)).toMatchObject({ version: '19.0 (JSON-RPC)' });
    expect((await thrownFault(check(bench, { transport: 'json2' }))).kind).toBe('config');
    expect((await thrownFault(check(bench, { username: undefined }))).kind).toBe('config');
  });

  it('needs a user name for JSON-RPC only', async () => {
    const [old, young] = [await open({ seed: 'fresh:16' }), await open({ seed: 'fresh:19' })];
    expect((await thrownFault(check(old, { username: undefined }))).code).toBe('odoo_username_missing');
    expect(await check(young, { username: undefined })).toMatchObject({ version: '19.0 (JSON-2)' });
  });

  it.each(['fresh:16', 'fresh:19'])(
    'says that the key is refused, and that the database is not there (%s)',
    async (seed) => {
      const bench = await open({ seed });
      expect((await thrownFault(check(bench, { apiKey: 'wrong' }))).kind).toBe('auth');
      expect((await thrownFault(check(bench, { database: 'nope' }))).kind).toBe('config');
    },
  );

  it('recovers by itself once the key is accepted again', async () => {
    const bench = await open({ seed: 'fresh:16' });
    await bench.sink.check(never);
    await bench.misbehave({ wrongPassword: true });
    expect((await thrownFault(bench.sink.describe('res.partner', never))).kind).toBe('auth');
    await bench.misbehave({});
    expect((await bench.sink.describe('res.partner', never)).entity).toBe('res.partner');
  });

  it('names the database by its UUID, or by its address where the user may not read that', async () => {
    const bench = await open();
    expect(await check(bench)).toMatchObject({ identity: 'odoo:5f7c1a52-0d5e-11f1-9f3a-0242ac120002' });
    await bench.misbehave({ restrictedUser: true });
    expect(await check(bench)).toMatchObject({ identity: `odoo:${new URL(bench.sandbox.url).host}|odoo` });
  });

  it('is unreachable while the server is down, and reachable afterwards', async () => {
    let now = new Date('2026-03-01T12:00:00Z');
    const bench = await open({ now: () => now });
    await bench.misbehave({ downForMs: 60_000 });
    expect((await thrownFault(check(bench))).kind).toBe('transient');
    now = new Date('2026-03-01T12:01:00Z');
    expect(await check(bench)).toMatchObject({ version: '19.0 (JSON-2)' });
  });
});

const type = (field: FieldDescription | undefined): string =>
  [field?.type, field?.to].filter(Boolean).join(' ');

describe('what Odoo describes', () => {
  it('are types, codes, choices and lines', async () => {
    const bench = await open();
    const partner = (await bench.sink.describe('res.partner', never)).fields;
    const order = (await bench.sink.describe('sale.order', never)).fields;
    expect([
      type(partner['country_id']),
      type(partner['parent_id']),
      type(partner['credit_limit']),
      type(partner['active']),
    ]).toEqual(['country', 'reference res.partner', 'decimal', 'boolean']);
    expect(partner['type']?.options).toEqual(['contact', 'invoice', 'delivery', 'other']);
    expect([type(order['currency_id']), type(order['date_order']), type(order['order_line'])]).toEqual([
      'currency',
      'datetime',
      'lines',
    ]);
    expect(type(order['order_line']?.fields?.['price_unit'])).toBe('decimal');
    expect(order['amount_total']?.readOnly).toBe(true);
  });

  it('asks only for mandatory fields that Odoo does not fill by itself', async () => {
    const bench = await open();
    const { fields } = await bench.sink.describe('sale.order', never);
    expect(Object.keys(fields).filter((name) => fields[name]?.required)).toEqual(['partner_id']);
  });

  it('is nothing for a model that is not there', async () => {
    const [old, young] = [await open({ seed: 'fresh:16' }), await open()];
    for (const bench of [old, young])
      expect((await thrownFault(bench.sink.describe('res.nothing', never))).kind).toBe('config');
  });
});

describe('reading from Odoo', () => {
  it('finds archived records, and takes an impossible id for missing', async () => {
    const bench = await open();
    const id = String(await bench.add('res.partner', { name: 'Gone quiet', active: false }));
    const found = await bench.sink.readByIds(
      { entity: 'res.partner', ids: [id, '99999999999', 'abc'], fields: ['name', 'ref', 'parent_id'] },
      never,
    );
    expect(found.map(({ status }) => status)).toEqual(['found', 'missing', 'missing']);
    expect(found[0]).toMatchObject({ record: { name: 'Gone quiet', ref: null, parent_id: null } });
  });

  it('gives the instants of Odoo in UTC', async () => {
    const bench = await open({ now: () => new Date('2026-03-01T12:00:00.500Z') });
    const id = String(await bench.add('sale.order', { partner_id: 1, date_order: '2026-02-01 10:00:00' }));
    const [found] = await bench.sink.readByIds(
      { entity: 'sale.order', ids: [id], fields: ['date_order'] },
      never,
    );
    expect(found).toMatchObject({
      modifiedAt: '2026-03-01T12:00:00Z',
      record: { date_order: '2026-02-01T10:00:00Z' },
    });
  });

  it('says which field is not there', async () => {
    const bench = await open();
    const reading = bench.sink.readByIds(
      { entity: 'res.partner', ids: ['1'], fields: ['name', 'nothing'] },
      never,
    );
    expect((await thrownFault(reading)).message).toContain('res.partner has no field nothing');
  });

  it.each([false, true])(
    'finds external keys of the model asked for (user restricted: %s)',
    async (restrictedUser) => {
      const bench = await open();
      const [partner = ''] = (
        await bench.sink.upsertBatch('res.partner', [anItem(1, { name: 'A' })], never)
      ).map(targetOf);
      await bench.edit('res.partner', partner, { active: false });
      await bench.misbehave({ restrictedUser });
      const keys = ['crm/things/1', 'crm/things/2'];
      expect(await bench.sink.findByExternalKey({ entity: 'res.partner', keys }, never)).toEqual([
        { key: 'crm/things/1', targetId: partner },
      ]);
      expect(await bench.sink.findByExternalKey({ entity: 'product.product', keys }, never)).toEqual([]);
    },
  );

  it('does not find a record that the database deleted beside its external id', async () => {
    const bench = await open();
    const product = String(await bench.add('product.product', { name: 'Chai' }));
    const lines = {
      order_line: {
        removed: 'keep' as const,
        rows: [{ key: 'a', fields: { product_id: product, product_uom_qty: '1', price_unit: '1' } }],
      },
    };
    const [order = ''] = (
      await bench.sink.upsertBatch('sale.order', [anItem(1, { partner_id: '1' }, { lines })], never)
    ).map(targetOf);
    await bench.remove('sale.order', order);
    const left = (await bench.rows('ir.model.data')).filter(({ model }) => model === 'sale.order.line');
    expect(left.length).toBe(1);
    await bench.edit('ir.model.data', left[0]!.id, { name: 'lost' });
    expect(await bench.sink.findByExternalKey({ entity: 'sale.order.line', keys: ['lost'] }, never)).toEqual(
      [],
    );
  });
});

const remove = (
  bench: Bench,
  model: string,
  how: Removal,
  ids: readonly string[],
): ReturnType<Bench['sink']['remove']> =>
  bench.sink.remove(
    model,
    ids.map((targetId) => ({ id: targetId, targetId, how })),
    never,
  );

describe('removing from Odoo', () => {
  it('archives partners, and the next update finds them', async () => {
    const bench = await open();
    const id = String(await bench.add('res.partner', { name: 'A' }));
    expect((await remove(bench, 'res.partner', 'deactivate', [id]))[0]?.status).toBe('removed');
    expect((await bench.row('res.partner', id))['active']).toBe(false);
    expect((await remove(bench, 'res.partner', 'deactivate', [id]))[0]?.status).toBe('removed');
  });

  it.each(['fresh:16', 'fresh:19'])('cancels orders without the dialogue of Odoo (%s)', async (seed) => {
    const bench = await open({ seed });
    const orders = [
      await bench.add('sale.order', { partner_id: 1 }),
      await bench.add('sale.order', { partner_id: 1 }),
    ].map(String);
    await bench.edit('sale.order', orders[1]!, { state: 'sale' });
    expect((await remove(bench, 'sale.order', 'cancel', orders)).map(({ status }) => status)).toEqual([
      'removed',
      'removed',
    ]);
    expect((await bench.rows('sale.order')).map(({ state }) => state)).toEqual(['cancel', 'cancel']);
  });

  it('deletes what can be deleted, and says why the rest stays', async () => {
    const bench = await open();
    const orders = [
      await bench.add('sale.order', { partner_id: 1 }),
      await bench.add('sale.order', { partner_id: 1 }),
    ].map(String);
    await bench.edit('sale.order', orders[0]!, { state: 'sale' });
    const outcomes = await remove(bench, 'sale.order', 'delete', orders);
    expect(faultOf(outcomes[0]).message).toContain('You must first cancel it.');
    expect(outcomes[1]?.status).toBe('removed');
    expect((await bench.rows('sale.order')).length).toBe(1);
  });

  it('counts a record that is gone already as removed', async () => {
    const bench = await open();
    expect((await remove(bench, 'res.partner', 'delete', ['4711']))[0]).toEqual({
      id: '4711',
      status: 'removed',
      targetId: '4711',
    });
  });

  it('cannot archive what has no such state, and says what to do instead', async () => {
    const bench = await open();
    const id = String(await bench.add('sale.order', { partner_id: 1 }));
    expect(faultOf((await remove(bench, 'sale.order', 'deactivate', [id]))[0]).message).toContain(
      'cancel or delete',
    );
  });
});
