import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome, SinkItem } from '../../../src/connector/contract.ts';
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

const upsert = (
  bench: Bench,
  items: readonly SinkItem[],
  model = 'res.partner',
): Promise<readonly Outcome[]> => bench.sink.upsertBatch(model, items, never);

const people = (count: number): SinkItem[] =>
  Array.from({ length: count }, (_, number) => anItem(number, { name: `Person ${number}` }));
const statuses = (outcomes: readonly Outcome[]): string[] => outcomes.map(({ status }) => status);

describe.each(['fresh:16', 'fresh:19'])('writing to Odoo (%s)', (seed) => {
  it('creates 200 records in one call', async () => {
    const bench = await open({ seed });
    await upsert(bench, people(1));
    const before = await bench.calls();
    const outcomes = await upsert(bench, people(200));
    expect(new Set(statuses(outcomes))).toEqual(new Set(['created']));
    const after = await bench.calls();
    expect(after['res.partner.load']).toBe((before['res.partner.load'] ?? 0) + 1);
    expect(total(after)).toBe(total(before) + 1);
  });

  it('updates 200 records in one call', async () => {
    const bench = await open({ seed });
    const created = await upsert(bench, people(200));
    const before = total(await bench.calls());
    const items = created.map((outcome, number) =>
      anItem(number, { name: `Renamed ${number}` }, { targetId: targetOf(outcome) }),
    );
    expect(new Set(statuses(await upsert(bench, items)))).toEqual(new Set(['updated']));
    expect(total(await bench.calls())).toBe(before + 1);
    expect((await bench.row('res.partner', targetOf(created[7])))['name']).toBe('Renamed 7');
  });

  it('stamps each record with its external id in the transaction that creates it', async () => {
    const bench = await open({ seed });
    const [outcome] = await upsert(bench, [
      anItem(1, { name: 'A' }, { externalKey: 'crm/deals/123>sale.order' }),
    ]);
    const stamps = (await bench.rows('ir.model.data')).filter(({ module }) => module === '__causeway__');
    expect(stamps.map(({ name, model, res_id }) => [name, model, String(res_id)])).toEqual([
      ['crm_2Fdeals_2F123_3Esale_2Eorder', 'res.partner', targetOf(outcome)],
    ]);
  });

  it('creates records with different fields together, and leaves defaults to Odoo', async () => {
    const bench = await open({ seed });
    const items = [
      anItem(1, { name: 'A', city: 'Bonn' }),
      anItem(2, { name: 'B' }),
      anItem(3, { name: 'C', type: 'invoice' }),
    ];
    const outcomes = await upsert(bench, items);
    const rows = await Promise.all(outcomes.map((outcome) => bench.row('res.partner', targetOf(outcome))));
    expect(rows.map(({ city, type, lang }) => [city, type, lang])).toEqual([
      ['Bonn', 'contact', 'en_US'],
      [false, 'contact', 'en_US'],
      [false, 'invoice', 'en_US'],
    ]);
    expect((await bench.calls())['res.partner.load']).toBe(2);
  });

  it('leaves what an update does not mention alone, whatever its neighbours write', async () => {
    const bench = await open({ seed });
    const [one, other] = (
      await upsert(bench, [anItem(1, { name: 'A', city: 'Bonn' }), anItem(2, { name: 'B', city: 'Kiel' })])
    ).map(targetOf);
    await upsert(bench, [
      anItem(1, { street: 'New' }, { targetId: one! }),
      anItem(2, { city: null, street: 'Old' }, { targetId: other! }),
    ]);
    const rows = [await bench.row('res.partner', one!), await bench.row('res.partner', other!)];
    expect(rows.map(({ city, street }) => [city, street])).toEqual([
      ['Bonn', 'New'],
      [false, 'Old'],
    ]);
  });

  it('updates a record that was linked by hand, and puts no external id on it', async () => {
    const bench = await open({ seed });
    const id = String(await bench.add('res.partner', { name: 'By hand' }));
    expect(await upsert(bench, [anItem(1, { name: 'Linked' }, { targetId: id })])).toEqual([
      { id: 'item-1', status: 'updated', targetId: id },
    ]);
    expect((await bench.row('res.partner', id))['name']).toBe('Linked');
    expect((await bench.rows('ir.model.data')).filter(({ module }) => module === '__causeway__')).toEqual([]);
  });

  it('updates an archived record, and can bring it back', async () => {
    const bench = await open({ seed });
    const [archived = '', plain = ''] = (await upsert(bench, people(2))).map(targetOf);
    await bench.edit('res.partner', archived, { active: false });
    const items = [
      anItem(0, { active: true, name: 'Back' }, { targetId: archived }),
      anItem(1, { active: true, name: 'There' }, { targetId: plain }),
    ];
    expect(statuses(await upsert(bench, items))).toEqual(['updated', 'not_applied']);
    expect(statuses(await upsert(bench, items.slice(1)))).toEqual(['updated']);
    const row = await bench.row('res.partner', archived);
    expect([row['active'], row['name']]).toEqual([true, 'Back']);
  });

  it('never creates a record again whose external id is still there', async () => {
    const bench = await open({ seed });
    const [order = ''] = (await upsert(bench, [anItem(1, { partner_id: '1' })], 'sale.order')).map(targetOf);
    await bench.remove('sale.order', order);
    const [outcome] = await upsert(
      bench,
      [anItem(1, { client_order_ref: 'X' }, { targetId: order })],
      'sale.order',
    );
    expect(faultOf(outcome).kind).toBe('not_found');
    expect(await bench.rows('sale.order')).toEqual([]);
  });

  it('blames the records that Odoo refuses while saving, and not the first of the batch', async () => {
    const refuse = { oneIn: 5, reason: 'The VAT number is not valid' };
    const [alone, together] = [await open({ seed }), await open({ seed })];
    for (const bench of [alone, together]) await bench.misbehave({ refuse });
    const each: Outcome[] = [];
    for (const item of people(12)) each.push(...(await upsert(alone, [item])));
    const outcomes = await upsert(together, people(12));
    expect(each[0]?.status).toBe('created');
    expect(statuses(outcomes)).toEqual(
      each.map(({ status }) => (status === 'created' ? 'not_applied' : 'failed')),
    );
    const failed = outcomes.find(({ status }) => status === 'failed');
    expect(faultOf(failed).message).toBe('Odoo refused the record: The VAT number is not valid.');
    const again = people(12).filter((_, index) => outcomes[index]?.status === 'not_applied');
    expect(new Set(statuses(await upsert(together, again)))).toEqual(new Set(['created']));
  });

  it('finds every bad record in time although Odoo gives up after ten', async () => {
    const bench = await open({ seed });
    await bench.misbehave({ refuse: { oneIn: 2 } });
    let left = people(60);
    const failed: string[] = [];
    for (let calls = 0; left.length > 0 && calls < 20; calls += 1) {
      const outcomes = await upsert(bench, left);
      failed.push(...outcomes.flatMap(({ id, status }) => (status === 'failed' ? [id] : [])));
      const again = new Set(outcomes.flatMap(({ id, status }) => (status === 'not_applied' ? [id] : [])));
      left = left.filter(({ id }) => again.has(id));
    }
    expect(left).toEqual([]);
    const named = (await bench.rows('res.partner')).filter(({ name }) => String(name).startsWith('Person'));
    expect(named.length + failed.length).toBe(60);
  });

  it('names the field and the reason of a cell that Odoo cannot read', async () => {
    const bench = await open({ seed });
    const [bad, good] = await upsert(bench, [
      anItem(1, { name: 'A', type: 'nonsense' }),
      anItem(2, { name: 'B', type: 'invoice' }),
    ]);
    expect(faultOf(bad).fields.map(({ field }) => field)).toEqual(['type']);
    expect(faultOf(bad).message).toContain(
      "Value 'nonsense' not found in selection field 'Address Type' (possible: Contact, Invoice Address",
    );
    expect(good?.status).toBe('not_applied');
  });

  it('knows what is wrong before it sends, says all of it, and sends the neighbours', async () => {
    const bench = await open({ seed });
    const outcomes = await upsert(bench, [
      anItem(1, { name: 'A', country_id: 'XX', nonsense: '1' }),
      anItem(2, { name: 'B', country_id: 'DE' }),
    ]);
    expect(faultOf(outcomes[0]).fields.map(({ field }) => field)).toEqual(['country_id', 'nonsense']);
    expect(outcomes[1]?.status).toBe('created');
  });

  it('takes a race for what it is, although Odoo reports it as an error of each record', async () => {
    const bench = await open({ seed });
    await bench.misbehave({ serializationFailureEvery: 1 });
    expect((await thrownFault(upsert(bench, people(3)))).kind).toBe('transient');
  });

  it('says of each record what is known when a later import of the batch is not answered', async () => {
    const bench = await open({ seed });
    const [id = ''] = (await upsert(bench, [anItem(9, { name: 'Old' })])).map(targetOf);
    await bench.misbehave({ loseAnswerEvery: 2 });
    const items = [
      anItem(1, { name: 'New' }),
      anItem(9, { name: 'Renamed' }, { targetId: id }),
      anItem(10, { street: 'S' }, { targetId: '1' }),
    ];
    const outcomes = await upsert(bench, items);
    expect(statuses(outcomes)).toEqual(['created', 'failed', 'not_applied']);
    expect(faultOf(outcomes[1]).kind).toBe('ambiguous');
  });

  it('keeps what was written, and leaves the rest to be sent again, when Odoo goes away in between', async () => {
    const bench = await open({ seed });
    await upsert(bench, people(1));
    await bench.misbehave({ unavailableEvery: 2 });
    const outcomes = await upsert(bench, [
      anItem(1, { name: 'New' }),
      anItem(2, { street: 'S' }, { targetId: '1' }),
    ]);
    expect(statuses(outcomes)).toEqual(['created', 'not_applied']);
  });

  it('sends datetimes in UTC, whatever zone the settings ask for', async () => {
    const bench = await open({ seed, settings: { context: { tz: 'Asia/Tokyo' } } });
    const [outcome] = await upsert(
      bench,
      [anItem(1, { partner_id: '1', date_order: '2026-03-01T10:00:00Z' })],
      'sale.order',
    );
    expect((await bench.row('sale.order', targetOf(outcome)))['date_order']).toBe('2026-03-01 10:00:00');
  });
});

const total = (calls: { readonly [call: string]: number }): number =>
  Object.values(calls).reduce((sum, count) => sum + count, 0);
