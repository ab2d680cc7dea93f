import { afterEach, describe, expect, it } from 'vitest';
import type { Answer, Lookup, Question } from '../../../src/mapping/lookup/lookup.ts';
import { lookups } from '../../mapping/lookup/shipped-lookups.ts';
import { type Bench, never, openBench, thrownFault } from './bench.ts';

const open: Bench[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.close()));
});

async function odoo(seed: string, transport: string): Promise<Bench> {
  const bench = await openBench({ seed, settings: { transport } });
  open.push(bench);
  return bench;
}

/** Asks the questions of a lookup of the record with this id, one after the other, and makes the reply. */
async function ask({ sink }: Bench, name: string, id: number): Promise<unknown> {
  const lookup = lookups.find((one) => one.name === name) as Lookup;
  const answers: { [question: string]: Answer } = {};
  for (const question of lookup.questions) answers[question.name] = await answerOf(question, String(id));
  const ending = lookup.run(answers, { now: '2026-01-31T09:30:00Z' });
  return ending.kind === 'reply' ? { ...ending.reply, cut: ending.cut } : ending;

  async function answerOf(question: Question, record: string): Promise<Answer> {
    const { entity, fields, optional } = question;
    if (question.kind === 'record') {
      const [found] = await sink.readByIds({ entity, ids: [record], fields, optional }, never);
      return { kind: 'record', record: found?.status === 'found' ? { id: record, ...found.record } : null };
    }
    const found = await sink.readWhere!(
      {
        entity,
        fields,
        optional,
        where: question.where.map((one) => ({
          field: one.field,
          values: 'isOneOf' in one ? one.isOneOf : [record],
        })),
        order: question.order,
        limit: question.atMost,
        mayBeAbsent: question.mayBeAbsent,
      },
      never,
    );
    const rows = found?.records.map(({ id, record: row }) => ({ id, ...row })) ?? null;
    return { kind: 'list', rows, more: found?.more ?? false };
  }
}

async function invoice(bench: Bench, partner: number, more: { readonly [field: string]: unknown }) {
  return bench.add('account.move', { state: 'posted', partner_id: partner, ...more });
}

describe.each([
  ['fresh:19', 'json2'],
  ['fresh:19', 'jsonrpc'],
  ['fresh:16', 'jsonrpc'],
])('the shipped lookups on %s over %s', (seed, transport) => {
  it('tell what a customer may owe, owes now, and for which invoices', async () => {
    const bench = await odoo(seed, transport);
    const customer = await bench.add('res.partner', { name: 'Alfreds', ref: 'ALFKI', is_company: true });
    const contact = await bench.add('res.partner', { name: 'Maria', parent_id: customer });
    const other = await bench.add('res.partner', { name: 'Blauer See', is_company: true });
    const of = (partner: number, number: string, more: object) =>
      invoice(bench, partner, { name: number, amount_total: 100, ...more });
    await of(customer, 'INV/2', { invoice_date_due: '2026-02-28' });
    await of(contact, 'INV/1', {
      invoice_date_due: '2026-01-15',
      amount_residual: 40.5,
      payment_state: 'partial',
    });
    await of(customer, 'INV/0', { payment_state: 'paid' });
    await of(customer, 'draft', { state: 'draft' });
    await of(customer, 'RINV/1', { move_type: 'out_refund', amount_total: 20 });
    await of(other, 'INV/9', {});
    expect(await ask(bench, 'customer-credit', customer)).toEqual({
      number: 'ALFKI',
      name: 'Alfreds',
      currency: 'EUR',
      credit_limit: '5000.00',
      open_balance: '120.50',
      credit_left: '4879.50',
      overdue: '40.50',
      open_invoices: [
        { number: 'INV/1', due: '2026-01-15', currency: 'EUR', total: '100.00', open: '40.50' },
        { number: 'INV/2', due: '2026-02-28', currency: 'EUR', total: '100.00', open: '100.00' },
      ],
      cut: [],
    });
  });

  it('say that there are more invoices than they read', async () => {
    const bench = await odoo(seed, transport);
    const customer = await bench.add('res.partner', { name: 'Alfreds', is_company: true });
    for (let index = 0; index < 51; index += 1) await invoice(bench, customer, { amount_total: 1 });
    const reply = (await ask(bench, 'customer-credit', customer)) as {
      open_invoices: unknown[];
      cut: string[];
    };
    expect(reply.open_invoices).toHaveLength(50);
    expect(reply.cut.toSorted()).toEqual(['open_invoices', 'overdue']);
  });

  it('tell what an item costs, and how much of it is in each warehouse', async () => {
    const bench = await odoo(seed, transport);
    const item = await bench.add('product.product', { name: 'Chai', default_code: 'NW-1', list_price: 18 });
    const second = await bench.add('stock.warehouse', { name: 'Lyon', code: 'LY' });
    const shelf = await bench.add('stock.location', {
      name: 'A',
      complete_name: 'WH/Stock/A',
      warehouse_id: 1,
    });
    const lyon = await bench.add('stock.location', {
      name: 'Stock',
      complete_name: 'LY/Stock',
      warehouse_id: second,
    });
    const quant = (location: number, quantity: number, reserved = 0) =>
      bench.add('stock.quant', {
        product_id: item,
        location_id: location,
        quantity,
        reserved_quantity: reserved,
      });
    await quant(1, 20, 8.5);
    await quant(lyon, 4);
    await quant(shelf, 15);
    await quant(2, 99); // with a customer
    expect(await ask(bench, 'item-availability', item)).toEqual({
      sku: 'NW-1',
      name: 'Chai',
      price: '18.00',
      currency: 'EUR',
      for_sale: true,
      on_hand: '39',
      free: '30.5',
      warehouses: [
        { warehouse: 'My Company', on_hand: '35', free: '26.5' },
        { warehouse: 'Lyon', on_hand: '4', free: '4' },
      ],
      cut: [],
    });
  });

  it('tell what has become of an order, without its headings', async () => {
    const bench = await odoo(seed, transport);
    const item = await bench.add('product.product', { name: 'Chai', list_price: 18 });
    const order = await bench.add('sale.order', {
      partner_id: 1,
      date_order: '2026-01-15 10:00:00',
      order_line: [
        [0, 0, { display_type: 'line_section', name: 'Drinks', sequence: 1 }],
        [0, 0, { product_id: item, product_uom_qty: 2, qty_delivered: 1, sequence: 2 }],
      ],
    });
    await bench.add('stock.picking', {
      name: 'WH/OUT/1',
      sale_id: order,
      state: 'done',
      date_done: '2026-01-20 08:00:00',
    });
    expect(await ask(bench, 'order-status', order)).toMatchObject({
      number: expect.stringMatching(/^S\d+$/) as string,
      state: 'quotation',
      ordered_at: '2026-01-15T10:00:00Z',
      amount: '36.00',
      invoicing: 'nothing to invoice',
      items: [{ name: 'Chai', ordered: '2', delivered: '1', price: '18.00', amount: '36.00' }],
      deliveries: [{ number: 'WH/OUT/1', state: 'shipped', done_at: '2026-01-20T08:00:00Z' }],
      cut: [],
    });
    await bench.edit('sale.order', order, { state: 'sale', delivery_status: 'partial' });
    expect(await ask(bench, 'order-status', order)).toMatchObject({
      state: 'confirmed',
      invoicing: 'to be invoiced',
      delivery: 'in part',
    });
  });

  it('go on without what an Odoo without invoicing and stock does not have', async () => {
    const bench = await odoo(seed, transport);
    const customer = await bench.add('res.partner', { name: 'Alfreds', ref: 'ALFKI' });
    const item = await bench.add('product.product', { name: 'Chai' });
    const order = await bench.add('sale.order', { partner_id: 1 });
    await bench.misbehave({ withoutApps: ['account', 'stock'] });
    expect(await ask(bench, 'customer-credit', customer)).toMatchObject({
      number: 'ALFKI',
      currency: null,
      credit_limit: null,
      open_balance: null,
      overdue: null,
      open_invoices: null,
    });
    expect(await ask(bench, 'item-availability', item)).toMatchObject({
      name: 'Chai',
      on_hand: null,
      warehouses: null,
    });
    expect(await ask(bench, 'order-status', order)).toMatchObject({
      state: 'quotation',
      delivery: null,
      deliveries: null,
    });
  });

  it('ask what is missing once, and not at every reading', async () => {
    const bench = await odoo(seed, transport);
    const customer = await bench.add('res.partner', { name: 'Alfreds' });
    await bench.misbehave({ withoutApps: ['account', 'stock'] });
    // A model that is missing may mean another server, so that Odoo is greeted anew once.
    for (let times = 0; times < 2; times += 1) await ask(bench, 'customer-credit', customer);
    const before = await bench.calls();
    await ask(bench, 'customer-credit', customer);
    const after = await bench.calls();
    const more = Object.entries(after).filter(([call, count]) => count !== before[call]);
    expect(more.map(([call]) => call)).toEqual(['res.partner.search_read']);
  });

  it('take an app that is missing for a mistake where the question does not say that it may be', async () => {
    const bench = await odoo(seed, transport);
    await bench.misbehave({ withoutApps: ['account'] });
    const search = { entity: 'account.move', where: [], fields: ['name'], order: null, limit: 1 };
    expect(await thrownFault(bench.sink.readWhere!(search, never))).toMatchObject({
      kind: 'config',
      code: 'odoo_unknown_model',
    });
  });

  it('find through references, by numbers, dates, yes or no, and by what is empty', async () => {
    const bench = await odoo(seed, transport);
    const one = await bench.add('res.partner', { name: 'One', is_company: true, credit_limit: 12.5 });
    const two = await bench.add('res.partner', { name: 'Two', parent_id: one, ref: 'R2' });
    const order = await bench.add('sale.order', { partner_id: two, date_order: '2026-01-15 10:00:00' });
    const find = async (entity: string, where: { readonly [field: string]: readonly string[] }) => {
      const conditions = Object.entries(where).map(([field, values]) => ({ field, values }));
      const found = await bench.sink.readWhere!(
        { entity, where: conditions, fields: [], order: null, limit: 10 },
        never,
      );
      return found?.records.map(({ id }) => Number(id));
    };
    const own = { id: [String(one), String(two)] };
    expect(await find('res.partner', { ...own, is_company: ['true'] })).toEqual([one]);
    expect(await find('res.partner', { ...own, is_company: ['false'] })).toEqual([two]);
    expect(await find('res.partner', { ...own, credit_limit: ['12.50', '1'] })).toEqual([one]);
    expect(await find('res.partner', { ...own, ref: [''] })).toEqual([one]);
    expect(await find('res.partner', { ...own, ref: ['', 'R2'] })).toEqual([one, two]);
    expect(await find('res.partner', { parent_id: [String(one)] })).toEqual([two]);
    expect(await find('res.partner', { parent_id: ['One'] })).toEqual([]);
    expect(await find('res.partner', { credit_limit: ['much'] })).toEqual([]);
    expect(await find('sale.order', { 'partner_id.parent_id.name': ['One'] })).toEqual([order]);
    expect(await find('sale.order', { date_order: ['2026-01-15T10:00:00Z'] })).toEqual([order]);
  });

  it('do not find what is archived', async () => {
    const bench = await odoo(seed, transport);
    const id = await bench.add('res.partner', { name: 'Gone', ref: 'GONE', active: false });
    const where = [{ field: 'ref', values: ['GONE'] }];
    const search = { entity: 'res.partner', where, fields: ['name'], order: null, limit: 2 };
    expect(await bench.sink.readWhere!(search, never)).toEqual({ records: [], more: false });
    await bench.edit('res.partner', id, { active: true });
    expect((await bench.sink.readWhere!(search, never))?.records).toEqual([
      { id: String(id), record: { name: 'Gone' } },
    ]);
  });
});
