import { afterEach, describe, expect, it } from 'vitest';
import { anItem, type Bench, never, openBench, targetOf, thrownFault } from './bench.ts';

const open: Bench[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.close()));
});

const odoo = async (seed: string): Promise<Bench> => {
  const bench = await openBench({ seed });
  open.push(bench);
  return bench;
};

const own = (bench: Bench, entity = 'res.partner') =>
  bench.sink.pageOfOwn!({ entity, after: null, limit: 100 }, never);

describe.each(['fresh:19', 'fresh:16'])('the records that are ours, in %s', (seed) => {
  it('are told with who changed them last, and when', async () => {
    const bench = await odoo(seed);
    const outcomes = await bench.sink.upsertBatch(
      'res.partner',
      [anItem(1, { name: 'One' }), anItem(2, { name: 'Two' })],
      never,
    );
    const [one, two] = outcomes.map(targetOf);
    await bench.edit('res.partner', two ?? '', { city: 'Berlin' });
    const { items, next } = await own(bench);
    expect(next).toBeNull();
    expect(items).toEqual([
      { key: 'crm/things/1', targetId: one, changedAt: expect.any(String), changedBy: 'Mitchell Admin' },
      { key: 'crm/things/2', targetId: two, changedAt: expect.any(String), changedBy: 'Marc Demo' },
    ]);
    const read = { entity: 'res.partner', ids: [two ?? ''], fields: ['city'] };
    expect(await bench.sink.readByIds(read, never)).toMatchObject([
      { modifiedBy: 'Marc Demo', record: { city: 'Berlin' } },
    ]);
  });

  it('are not the lines of documents, and not what other modules have named', async () => {
    const bench = await odoo(seed);
    const product = await bench.add('product.product', { name: 'Chai' });
    const lines = {
      order_line: {
        removed: 'delete' as const,
        rows: [{ key: '7', fields: { product_id: String(product), product_uom_qty: '1', price_unit: '2' } }],
      },
    };
    await bench.sink.upsertBatch('sale.order', [anItem(1, { partner_id: '1' }, { lines })], never);
    expect((await own(bench, 'sale.order')).items).toHaveLength(1);
    expect((await own(bench, 'sale.order.line')).items).toEqual([]);
    expect((await own(bench, 'res.country')).items).toEqual([]);
  });

  it('are archived ones, too; a business key counts where the record is in use', async () => {
    const bench = await odoo(seed);
    const [outcome] = await bench.sink.upsertBatch(
      'res.partner',
      [anItem(1, { name: 'One', ref: 'ALFKI' })],
      never,
    );
    const find = () =>
      bench.sink.findByField!({ entity: 'res.partner', field: 'ref', values: ['ALFKI'] }, never);
    expect(await find()).toEqual([{ value: 'ALFKI', targetId: targetOf(outcome) }]);
    await bench.edit('res.partner', targetOf(outcome), { active: false });
    expect((await own(bench)).items).toHaveLength(1);
    expect(await find()).toEqual([]);
  });

  it('cannot be listed by a user who may not read external ids, and that is said plainly', async () => {
    const bench = await odoo(seed);
    await bench.misbehave({ restrictedUser: true });
    const fault = await thrownFault(own(bench));
    expect(fault).toMatchObject({ kind: 'config', code: 'odoo_external_ids_hidden' });
    expect(fault.message).toContain('Administration / Access Rights');
  });
});
