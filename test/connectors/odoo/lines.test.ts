import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome, SinkItem } from '../../../src/connector/contract.ts';
import type { Value } from '../../../src/connector/value.ts';
import { anItem, type Bench, faultOf, never, openBench, type Row, targetOf } from './bench.ts';

const benches: Bench[] = [];
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

type LineFields = { readonly [field: string]: Value };

/** A bench with one product of list price 20. */
async function open(seed: string): Promise<Bench & { readonly product: string }> {
  const bench = await openBench({ seed });
  benches.push(bench);
  return { ...bench, product: String(await bench.add('product.product', { name: 'Chai', list_price: 20 })) };
}

function anOrder(
  number: number,
  lines: { readonly [key: string]: LineFields },
  more: Partial<SinkItem> = {},
  removed: 'delete' | 'keep' = 'delete',
): SinkItem {
  const rows = Object.entries(lines).map(([key, fields]) => ({ key, fields }));
  return anItem(number, { partner_id: '1' }, { lines: { order_line: { removed, rows } }, ...more });
}

const upsert = (bench: Bench, items: readonly SinkItem[]): Promise<readonly Outcome[]> =>
  bench.sink.upsertBatch('sale.order', items, never);

const linesOf = async (bench: Bench, order: string): Promise<Row[]> =>
  (await bench.rows('sale.order.line')).filter(
    ({ order_id }) => String((order_id as [number, string])[0]) === order,
  );

const quantities = (lines: readonly Row[]): unknown[] => lines.map((line) => line['product_uom_qty']);

describe.each(['fresh:16', 'fresh:19'])('order lines (%s)', (seed) => {
  it('are created with their order in one call, under external ids of their own', async () => {
    const bench = await open(seed);
    const line = (quantity: string): LineFields => ({
      product_id: bench.product,
      product_uom_qty: quantity,
      price_unit: '19.99',
    });
    const orders = [anOrder(1, { a: line('1'), b: line('2') }), anOrder(2, { a: line('3') })];
    const outcomes = await upsert(bench, orders);
    expect((await bench.calls())['sale.order.load']).toBe(1);
    expect(quantities(await linesOf(bench, targetOf(outcomes[0])))).toEqual([1, 2]);
    expect(quantities(await linesOf(bench, targetOf(outcomes[1])))).toEqual([3]);
    const stamped = (await bench.rows('ir.model.data')).filter(({ model }) => model === 'sale.order.line');
    expect(stamped.map(({ name }) => name)).toContain('crm_2Fthings_2F1__order_5Fline__b');
  });

  it('are read with the keys that they were written under; a line that somebody added has none', async () => {
    const bench = await open(seed);
    const line = (quantity: string): LineFields => ({
      product_id: bench.product,
      product_uom_qty: quantity,
      price_unit: '19.99',
    });
    const orders = [anOrder(1, { a: line('1'), b: line('2') }), anOrder(2, { a: line('3') }), anOrder(3, {})];
    const targets = (await upsert(bench, orders)).map(targetOf);
    await bench.add('sale.order.line', {
      order_id: Number(targets[1]),
      product_id: Number(bench.product),
      product_uom_qty: 7,
    });
    const items = orders.map(({ externalKey }, index) => ({
      targetId: targets[index] ?? '',
      externalKey,
      keys: ['a', 'b', 'gone'],
    }));
    const fields = ['product_uom_qty', 'price_unit', 'product_id'];
    const found = await bench.sink.readLines(
      { entity: 'sale.order', field: 'order_line', fields, items },
      never,
    );
    expect(
      found.map(({ targetId, lines }) => [
        targetId,
        lines.map(({ key, record }) => [key, record['product_uom_qty']]),
      ]),
    ).toEqual([
      [
        targets[0],
        [
          ['a', '1'],
          ['b', '2'],
        ],
      ],
      [
        targets[1],
        [
          ['a', '3'],
          [null, '7'],
        ],
      ],
      [targets[2], []],
    ]);
    expect(found[0]?.lines[0]?.record).toMatchObject({
      price_unit: '19.99',
      product_id: { id: bench.product },
    });
  });

  it('are updated in place, and new ones join them', async () => {
    const bench = await open(seed);
    const line = (quantity: string, price = '5'): LineFields => ({
      product_id: bench.product,
      product_uom_qty: quantity,
      price_unit: price,
    });
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line('1'), b: line('2') })])).map(targetOf);
    const before = await linesOf(bench, order);
    await upsert(bench, [
      anOrder(1, { a: line('10', '6'), b: line('2'), c: line('3') }, { targetId: order }),
    ]);
    const after = await linesOf(bench, order);
    expect(after.map(({ id }) => id).slice(0, 2)).toEqual(before.map(({ id }) => id));
    expect(after.map((each) => [each['product_uom_qty'], each['price_unit']])).toEqual([
      [10, 6],
      [2, 5],
      [3, 5],
    ]);
  });

  it('that are gone from the record are deleted, and those that a person added stay', async () => {
    const bench = await open(seed);
    const line = (quantity: string): LineFields => ({
      product_id: bench.product,
      product_uom_qty: quantity,
      price_unit: '5',
    });
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line('1'), b: line('2') })])).map(targetOf);
    await bench.add('sale.order.line', {
      order_id: Number(order),
      product_id: Number(bench.product),
      product_uom_qty: 7,
    });
    expect((await upsert(bench, [anOrder(1, { a: line('1') }, { targetId: order })]))[0]?.status).toBe(
      'updated',
    );
    expect(quantities(await linesOf(bench, order))).toEqual([1, 7]);
  });

  it('stay when the mapping keeps removed lines', async () => {
    const bench = await open(seed);
    const line: LineFields = { product_id: bench.product, product_uom_qty: '1', price_unit: '5' };
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line, b: line })])).map(targetOf);
    await upsert(bench, [anOrder(1, { a: line }, { targetId: order }, 'keep')]);
    expect((await linesOf(bench, order)).length).toBe(2);
  });

  it('all go when the record has none left, and the order keeps those that a person added', async () => {
    const bench = await open(seed);
    const line: LineFields = { product_id: bench.product, product_uom_qty: '1', price_unit: '5' };
    const [order = '', other = ''] = (
      await upsert(bench, [anOrder(1, { a: line, b: line }), anOrder(2, { a: line })])
    ).map(targetOf);
    await bench.add('sale.order.line', {
      order_id: Number(order),
      product_id: Number(bench.product),
      product_uom_qty: 7,
    });
    await upsert(bench, [anOrder(1, {}, { targetId: order }), anOrder(2, { a: line }, { targetId: other })]);
    expect(quantities(await linesOf(bench, order))).toEqual([7]);
    expect((await linesOf(bench, other)).length).toBe(1);
  });

  it('need no more than three calls for an update that removes none', async () => {
    const bench = await open(seed);
    const line: LineFields = { product_id: bench.product, product_uom_qty: '1', price_unit: '5' };
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line })])).map(targetOf);
    const before = await bench.calls();
    await upsert(bench, [anOrder(1, { a: { ...line, product_uom_qty: '2' } }, { targetId: order })]);
    const after = await bench.calls();
    const sent = Object.entries(after).filter(([call, count]) => count > (before[call] ?? 0));
    expect(sent.map(([call]) => call).sort()).toEqual(['sale.order.line.search_read', 'sale.order.load']);
  });

  it('of a confirmed order cannot be deleted, and only that order says so', async () => {
    const bench = await open(seed);
    const line = (quantity: string): LineFields => ({
      product_id: bench.product,
      product_uom_qty: quantity,
      price_unit: '5',
    });
    const [confirmed = '', draft = ''] = (
      await upsert(bench, [
        anOrder(1, { a: line('1'), b: line('1') }),
        anOrder(2, { a: line('1'), b: line('1') }),
      ])
    ).map(targetOf);
    await confirm(bench, confirmed);
    const outcomes = await upsert(bench, [
      anOrder(1, { a: line('4') }, { targetId: confirmed }),
      anOrder(2, { a: line('4') }, { targetId: draft }),
    ]);
    expect(faultOf(outcomes[0]).message).toMatch(
      /^The record was written, but the lines removed from it are still there: .*order line/,
    );
    expect(outcomes[1]?.status).toBe('updated');
    expect(quantities(await linesOf(bench, confirmed))).toEqual([4, 1]);
    expect(quantities(await linesOf(bench, draft))).toEqual([4]);
  });

  it('with different fields all arrive, and what a line leaves alone is computed by Odoo', async () => {
    const bench = await open(seed);
    const product_id = bench.product;
    const [outcome] = await upsert(bench, [
      anOrder(1, {
        a: { product_id, product_uom_qty: '1', price_unit: '5' },
        b: { product_id, product_uom_qty: '2', price_unit: '6', discount: '10' },
        c: { product_id, product_uom_qty: '3' },
      }),
    ]);
    const lines = await linesOf(bench, targetOf(outcome));
    expect(
      lines.map((each) => [each['product_uom_qty'], each['price_unit'], each['discount'], each['name']]),
    ).toEqual([
      [1, 5, 0, 'Chai'],
      [2, 6, 10, 'Chai'],
      [3, 20, 0, 'Chai'],
    ]);
  });

  it('with different fields can be bad one at a time: the record says so, and its neighbours arrive', async () => {
    const bench = await open(seed);
    const product_id = bench.product;
    const mixed = (discount: string): { readonly [key: string]: LineFields } => ({
      a: { product_id, product_uom_qty: '1', price_unit: '5' },
      b: { product_id, product_uom_qty: '2', price_unit: '6', discount },
    });
    const outcomes = await upsert(bench, [
      anOrder(1, mixed('10')),
      anOrder(2, mixed('a lot')),
      anOrder(3, mixed('20')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['created', 'failed', 'created']);
    expect(faultOf(outcomes[1]).fields.map(({ field }) => field)).toEqual(['order_line']);
    const again = await upsert(bench, [anOrder(2, mixed('15'))]);
    expect((await bench.rows('sale.order')).length).toBe(3);
    expect((await linesOf(bench, targetOf(again[0]))).map((each) => each['discount'])).toEqual([0, 15]);
  });

  it('are refused as a whole when a product is missing, and the message names field and product', async () => {
    const bench = await open(seed);
    const [outcome] = await upsert(bench, [
      anOrder(1, { a: { product_id: '4711', product_uom_qty: '1', price_unit: '5' } }),
    ]);
    expect(faultOf(outcome).message).toContain(
      "No matching record found for database id '4711' in field 'Order Lines/Product'",
    );
    expect(await bench.rows('sale.order')).toEqual([]);
  });

  it('can be removed by a user who may not read the table of external ids', async () => {
    const bench = await open(seed);
    const line: LineFields = { product_id: bench.product, product_uom_qty: '1', price_unit: '5' };
    await bench.misbehave({ restrictedUser: true });
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line, b: line })])).map(targetOf);
    await upsert(bench, [anOrder(1, { a: line }, { targetId: order })]);
    expect((await linesOf(bench, order)).length).toBe(1);
  });
});

describe('totals of orders', () => {
  const half = { product_uom_qty: '1', price_unit: '1.005' };

  it.each([
    ['fresh:16', [1.01, 1.01], 2.02, [1.01, 1.01]],
    ['fresh:19', [1.005, 1.005], 2.01, [1.01, 1.01]],
  ])('are rounded as %s does it', async (seed, prices, total, subtotals) => {
    const bench = await open(seed);
    const line = { ...half, product_id: bench.product };
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line, b: line })])).map(targetOf);
    const lines = await linesOf(bench, order);
    expect(lines.map((each) => each['price_unit'])).toEqual(prices);
    expect(lines.map((each) => each['price_subtotal'])).toEqual(subtotals);
    expect((await bench.row('sale.order', order))['amount_untaxed']).toBe(total);
  });

  it('come back as the decimals they are', async () => {
    const bench = await open('fresh:19');
    const line = { product_id: bench.product, product_uom_qty: '3', price_unit: '19.99' };
    const [order = ''] = (await upsert(bench, [anOrder(1, { a: line })])).map(targetOf);
    const [found] = await bench.sink.readByIds(
      { entity: 'sale.order', ids: [order], fields: ['amount_total', 'name', 'order_line', 'currency_id'] },
      never,
    );
    expect(found).toMatchObject({
      status: 'found',
      record: {
        amount_total: '59.97',
        name: 'S00001',
        order_line: ['1'],
        currency_id: { id: '1', name: 'EUR', code: 'EUR' },
      },
    });
  });
});

async function confirm(bench: Bench, order: string): Promise<void> {
  await bench.edit('sale.order', order, { state: 'sale' });
}
