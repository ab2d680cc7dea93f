import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { anItem, type Bench, type BenchOptions, never, openBench, targetOf } from './bench.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function open(options: BenchOptions = {}): Promise<Bench> {
  const bench = await openBench(options);
  cleanups.push(() => bench.close());
  return bench;
}

const database = 'odoo';
const key = 'sandbox-api-key';

type Reply = { readonly status: number; readonly type: string; readonly body: unknown };

async function post(
  bench: Bench,
  path: string,
  body: unknown,
  headers: { readonly [name: string]: string } = {},
): Promise<Reply> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(`${bench.sandbox.url}${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const type = reply.headers.get('content-type') ?? '';
  return {
    status: reply.status,
    type,
    body: type.includes('json') ? await reply.json() : await reply.text(),
  };
}

const json2 = (
  bench: Bench,
  call: string,
  body: unknown,
  headers: { readonly [name: string]: string } = {},
): Promise<Reply> =>
  post(bench, `/json/2/${call.replace(':', '/')}`, body, { authorization: `bearer ${key}`, ...headers });

type RpcAnswer = {
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly data: { readonly name: string; readonly message: string; readonly debug: string };
  };
};

async function execute(
  bench: Bench,
  model: string,
  method: string,
  args: readonly unknown[],
  kwargs: object = {},
): Promise<RpcAnswer> {
  const params = {
    service: 'object',
    method: 'execute_kw',
    args: [database, 2, key, model, method, args, kwargs],
  };
  const { status, body } = await post(bench, '/jsonrpc', { jsonrpc: '2.0', method: 'call', id: 3, params });
  expect(status).toBe(200);
  return body as RpcAnswer;
}

const nameOf = (reply: Reply): unknown => (reply.body as { name?: unknown }).name;

const version = async (bench: Bench): Promise<number> =>
  (await fetch(`${bench.sandbox.url}/web/version`)).status;

describe('the protocols of the stand-in', () => {
  it('are both offered by version 19, and JSON-RPC alone by version 16', async () => {
    const [old, young] = [await open({ seed: 'fresh:16' }), await open({ seed: 'fresh:19' })];
    expect([await version(old), await version(young)]).toEqual([404, 200]);
    expect((await json2(old, 'res.users:context_get', {})).status).toBe(404);
    expect((await post(old, '/web/webclient/version_info', {})).status).toBe(200);
    for (const bench of [old, young])
      expect((await execute(bench, 'res.users', 'context_get', [])).result).toMatchObject({ uid: 2 });
  });

  it('answer a wrong password with `false` over JSON-RPC, and with 401 over JSON-2', async () => {
    const bench = await open();
    const params = { service: 'common', method: 'authenticate', args: [database, 'admin', 'wrong', {}] };
    expect((await post(bench, '/jsonrpc', { jsonrpc: '2.0', id: 1, params })).body).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: false,
    });
    expect((await json2(bench, 'res.users:context_get', {}, { authorization: 'bearer wrong' })).status).toBe(
      401,
    );
  });

  it('answer every failure of JSON-RPC with status 200, and with a code that depends on the version', async () => {
    for (const [seed, code] of [
      ['fresh:16', 200],
      ['fresh:19', 0],
    ] as const) {
      const { error } = await execute(await open({ seed }), 'res.partner', 'write', [[4711], { name: 'X' }]);
      expect([error?.code, error?.data.name]).toEqual([code, 'odoo.exceptions.MissingError']);
      expect(error?.data.debug).toContain('Traceback');
    }
  });

  it('give real statuses over JSON-2, also where a permanent failure is a 500', async () => {
    const bench = await open();
    const [missing, model, method, param, ids, field, invalid, elsewhere] = await Promise.all([
      json2(bench, 'res.partner:write', { ids: [4711], vals: { name: 'X' } }),
      json2(bench, 'res.nothing:search', { domain: [] }),
      json2(bench, 'res.partner:nothing', {}),
      json2(bench, 'res.partner:search', { filter: [] }),
      json2(bench, 'res.partner:search', { ids: [1], domain: [] }),
      json2(bench, 'res.partner:create', { vals_list: [{ name: 'A', nofield: 1 }] }),
      json2(bench, 'product.product:create', { vals_list: [{ list_price: 1 }] }),
      json2(bench, 'res.partner:search', { domain: [] }, { 'x-odoo-database': 'nope' }),
    ]);
    expect(
      [missing, model, method, param, ids, field, invalid, elsewhere].map((reply) => reply?.status),
    ).toEqual([404, 404, 404, 422, 422, 500, 422, 404]);
    expect([nameOf(missing), nameOf(field), nameOf(invalid)]).toEqual([
      'odoo.exceptions.MissingError',
      'builtins.ValueError',
      'odoo.exceptions.ValidationError',
    ]);
    expect(elsewhere?.type).toContain('text/html');
  });

  it('know an unknown field as ValueError on create and as KeyError on write', async () => {
    const bench = await open({ seed: 'fresh:16' });
    expect(
      (await execute(bench, 'res.partner', 'create', [[{ name: 'A', nofield: 1 }]])).error?.data.name,
    ).toBe('builtins.ValueError');
    expect((await execute(bench, 'res.partner', 'write', [[1], { nofield: 1 }])).error?.data.name).toBe(
      'builtins.KeyError',
    );
  });

  it('write floats as Python does', async () => {
    const bench = await open();
    const id = await bench.add('product.product', { name: 'A', list_price: 5 });
    const reply = await fetch(`${bench.sandbox.url}/_sandbox/records/product.product/${id}`);
    expect(await reply.text()).toContain('"list_price":5.0');
  });
});

const halfPastNoonSecond = (): Date => new Date('2026-03-01T12:00:00.500Z');

describe('the rules of the stand-in', () => {
  it('refuse a whole batch for one bad record, and put it down to the first as well', async () => {
    const bench = await open();
    await execute(bench, 'res.partner', 'load', [['id', 'name'], [['t.a', 'A']]]);
    const load = await execute(bench, 'res.partner', 'load', [
      ['id', 'name', 'type'],
      [
        ['x.a', 'A', ''],
        ['x.b', '', 'contact'],
        ['x.c', 'C', ''],
      ],
    ]);
    expect(load.result).toMatchObject({
      ids: false,
      messages: [{ record: 1, message: 'Contacts require a name' }],
    });
    await bench.misbehave({ refuse: { oneIn: 1, reason: 'no' } });
    const { result } = await execute(bench, 'res.partner', 'load', [
      ['id', 'name'],
      Array.from({ length: 15 }, (_, at) => [`y.${at}`, 'N']),
    ]);
    const { messages } = result as { messages: { type: string }[] };
    expect(messages.filter(({ type }) => type === 'error').length).toBe(10);
    expect(messages.at(-1)?.type).toBe('warning');
    expect((await bench.rows('res.partner')).filter(({ name }) => name === 'N')).toEqual([]);
  });

  it('read a datetime in the zone of the context when it is imported', async () => {
    const bench = await open();
    const rows = [['o.1', '1', '2026-07-01 12:00:00']];
    await execute(bench, 'sale.order', 'load', [['id', 'partner_id/.id', 'date_order'], rows], {
      context: { tz: 'Europe/Brussels' },
    });
    expect((await bench.rows('sale.order'))[0]?.['date_order']).toBe('2026-07-01 10:00:00');
  });

  it('take all lines away when an import leaves their columns empty', async () => {
    const bench = await open();
    const product = String(await bench.add('product.product', { name: 'A' }));
    const header = ['id', 'partner_id/.id', 'order_line/id', 'order_line/product_id/.id'];
    await execute(bench, 'sale.order', 'load', [header, [['o.1', '1', 'o.l', product]]]);
    await execute(bench, 'sale.order', 'load', [header, [['o.1', '1', '', '']]]);
    expect(await bench.rows('sale.order.line')).toEqual([]);
  });

  it('stamp a record that is written without a change, and show whole seconds', async () => {
    let now = new Date('2026-03-01T12:00:00.123Z');
    const bench = await open({ now: () => now });
    const id = await bench.add('res.partner', { name: 'A' });
    now = new Date('2026-03-01T12:00:05.999Z');
    await bench.edit('res.partner', id, { name: 'A' });
    expect((await bench.row('res.partner', id))['write_date']).toBe('2026-03-01 12:00:05');
  });

  it('compare stamps by the second in version 19, and by the microsecond in version 16', async () => {
    for (const [seed, found] of [
      ['fresh:16', 1],
      ['fresh:19', 0],
    ] as const) {
      const bench = await open({ seed, now: halfPastNoonSecond });
      await bench.add('res.partner', { name: 'A' });
      const { result } = await execute(bench, 'res.partner', 'search', [
        [['write_date', '>', '2026-03-01 12:00:00']],
      ]);
      expect((result as unknown[]).length).toBe(found);
    }
  });

  it('reset a price to the list price when the quantity is written alone; 19 spares one set by hand', async () => {
    for (const [seed, afterHand] of [
      ['fresh:16', 20],
      ['fresh:19', 7],
    ] as const) {
      const bench = await open({ seed });
      const product = await bench.add('product.product', { name: 'A', list_price: 20 });
      const order = await bench.add('sale.order', {
        partner_id: 1,
        order_line: [[0, 0, { product_id: product, product_uom_qty: 1, price_unit: 5 }]],
      });
      const [line] = await bench.rows('sale.order.line');
      await bench.edit('sale.order.line', line!.id, { product_uom_qty: 1 });
      expect((await bench.row('sale.order.line', line!.id))['price_unit']).toBe(20);
      await bench.edit('sale.order.line', line!.id, { price_unit: 7 });
      await bench.edit('sale.order.line', line!.id, { product_uom_qty: 2 });
      expect((await bench.row('sale.order.line', line!.id))['price_unit']).toBe(afterHand);
      expect((await bench.row('sale.order', order))['amount_untaxed']).toBe(2 * afterHand);
    }
  });

  it('let an address travel between a company and its contacts', async () => {
    const bench = await open();
    const company = await bench.add('res.partner', { name: 'Acme', is_company: true });
    const first = await bench.add('res.partner', { name: 'Ann', parent_id: company, city: 'Bonn' });
    const second = await bench.add('res.partner', { name: 'Bob', parent_id: company, city: 'Kiel' });
    const delivery = await bench.add('res.partner', {
      name: 'Dock',
      parent_id: company,
      city: 'Emden',
      type: 'delivery',
    });
    const cities = async (): Promise<unknown[]> =>
      Promise.all(
        [company, first, second, delivery].map(async (id) => (await bench.row('res.partner', id))['city']),
      );
    expect(await cities()).toEqual(['Bonn', 'Bonn', 'Bonn', 'Emden']);
    await bench.edit('res.partner', second, { city: 'Trier' });
    expect(await cities()).toEqual(['Trier', 'Trier', 'Trier', 'Emden']);
  });

  it('clear a many2one that is given a text in version 19, and refuse it when it creates', async () => {
    const bench = await open();
    const id = await bench.add('res.partner', { name: 'A', country_id: 57 });
    await bench.edit('res.partner', id, { country_id: 'Germany' });
    expect((await bench.row('res.partner', id))['country_id']).toBe(false);
    const reply = await json2(bench, 'res.partner:create', {
      vals_list: [{ name: 'B', country_id: 'Germany' }],
    });
    expect([reply.status, nameOf(reply)]).toEqual([500, 'psycopg2.errors.InvalidTextRepresentation']);
  });

  it('refuse a second confirmation in version 19 only', async () => {
    for (const [seed, error] of [
      ['fresh:16', undefined],
      ['fresh:19', 'odoo.exceptions.UserError'],
    ] as const) {
      const bench = await open({ seed });
      const order = await bench.add('sale.order', { partner_id: 1 });
      await execute(bench, 'sale.order', 'action_confirm', [[order]]);
      expect((await execute(bench, 'sale.order', 'action_confirm', [[order]])).error?.data.name).toBe(error);
    }
  });

  it('open a dialogue in version 16 when a confirmed order is cancelled without a word', async () => {
    const bench = await open({ seed: 'fresh:16' });
    const order = await bench.add('sale.order', { partner_id: 1, state: 'sale' });
    expect((await execute(bench, 'sale.order', 'action_cancel', [[order]])).result).toMatchObject({
      res_model: 'sale.order.cancel',
    });
    expect((await bench.row('sale.order', order))['state']).toBe('sale');
  });

  it('hide archived records unless they are asked for', async () => {
    const bench = await open();
    const id = await bench.add('res.partner', { name: 'Quiet', active: false });
    const found = async (domain: unknown, context = {}): Promise<unknown> =>
      (await execute(bench, 'res.partner', 'search', [domain], { context })).result;
    expect(await found([['id', '=', id]])).toEqual([]);
    expect(await found([['id', '=', id]], { active_test: false })).toEqual([id]);
    expect(
      await found([
        ['id', '=', id],
        ['active', '=', false],
      ]),
    ).toEqual([id]);
  });

  it('search with `|`, `!`, patterns and paths', async () => {
    const bench = await open();
    const ids = [
      await bench.add('res.partner', { name: 'Ann', country_id: 57 }),
      await bench.add('res.partner', { name: 'Bob' }),
      await bench.add('res.partner', { name: 'annabel' }),
    ];
    const found = async (domain: unknown): Promise<unknown> =>
      (await execute(bench, 'res.partner', 'search', [domain], { order: 'id' })).result;
    expect(await found(['|', ['name', '=', 'Bob'], ['country_id.code', '=', 'DE']])).toEqual([
      ids[0],
      ids[1],
    ]);
    expect(await found([['name', 'ilike', 'ann'], '!', ['country_id', '=', 57]])).toEqual([ids[2]]);
    expect(await found([['name', '=like', 'B%']])).toEqual([ids[1]]);
  });
});

describe('the state of the stand-in', () => {
  it('survives two restarts: records, external ids, numbers and deletes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'odoo-sandbox-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'journal');
    const before = await openBench({ file });
    const [kept, gone] = (
      await before.sink.upsertBatch(
        'res.partner',
        [anItem(1, { name: 'Kept' }), anItem(2, { name: 'Gone' })],
        never,
      )
    ).map(targetOf);
    await before.add('sale.order', { partner_id: 1 });
    await before.remove('res.partner', gone!);
    await before.edit('res.partner', 1, { name: 'Renamed' });
    await before.close();
    await (await openBench({ file })).close();
    const after = await open({ file });
    expect((await after.rows('res.partner')).map(({ name }) => name)).toEqual([
      'Renamed',
      'Mitchell Admin',
      'Kept',
    ]);
    expect(
      await after.sink.findByExternalKey(
        { entity: 'res.partner', keys: ['crm/things/1', 'crm/things/2'] },
        never,
      ),
    ).toEqual([{ key: 'crm/things/1', targetId: kept }]);
    expect(await after.add('res.partner', { name: 'Next' })).toBe(Number(gone) + 1);
    const order = await after.add('sale.order', { partner_id: 1 });
    expect((await after.row('sale.order', order))['name']).toBe('S00002');
  });

  it('keeps nothing of a call that failed', async () => {
    const bench = await open();
    const before = await bench.rows('res.partner');
    await json2(bench, 'res.partner:create', { vals_list: [{ name: 'A' }, { name: 'B', country_id: 9999 }] });
    expect(await bench.rows('res.partner')).toEqual(before);
  });

  it('takes no rule and no seed that it does not know', async () => {
    const bench = await open();
    await expect(bench.misbehave({ looseAnswers: 1 })).rejects.toThrow(/looseAnswers/);
    await expect(openBench({ seed: 'northwind' })).rejects.toThrow(/unknown seed "northwind"/);
  });

  it('takes in ten thousand records', async () => {
    const bench = await open();
    for (let batch = 0; batch < 50; batch += 1) {
      const items = Array.from({ length: 200 }, (_, at) =>
        anItem(batch * 200 + at, { name: `P ${batch} ${at}`, parent_id: '1' }),
      );
      await bench.sink.upsertBatch('res.partner', items, never);
    }
    expect((await execute(bench, 'res.partner', 'search_count', [[['parent_id', '=', 1]]])).result).toBe(
      10_001,
    );
  });
});
