import { describe, expect, it, vi } from 'vitest';
import type { Change, Page } from '../../../src/connector/contract.ts';
import { bench, hourMs, minuteMs, never, secondMs } from './bench.ts';
import type { Bench } from './bench.ts';

const changesOf = (pages: readonly Page[]): Change[] => pages.flatMap((page) => page.changes);
const idsOf = (pages: readonly Page[], kind: Change['kind'] = 'upsert') =>
  changesOf(pages).flatMap((change) => (change.kind === kind ? [change.id] : []));
const cursorOf = (pages: readonly Page[]) => pages.at(-1)!.cursor;
const watermarkOf = (pages: readonly Page[]) => pages.at(-1)!.watermark;

/** An account that has been caught up with, and its cursor. */
async function caughtUp(entity: string, relations: readonly string[] = [], seed = 'northwind') {
  const own = await bench({ seed });
  const pages = await own.catchUp(entity, null, relations);
  own.clock.advance(hourMs);
  return { own, pages, cursor: cursorOf(await own.catchUp(entity, cursorOf(pages), relations)) };
}

/** Edits now, and reads an hour later. */
async function later(own: Bench, entity: string, cursor: Page['cursor'], relations: readonly string[] = []) {
  own.clock.advance(hourMs);
  return own.catchUp(entity, cursor, relations);
}

describe('the changes of HubSpot', () => {
  it('reads every company, contact, product and deal of an account, with what belongs to them', async () => {
    const own = await bench({ seed: 'northwind' });
    expect(new Set(idsOf(await own.catchUp('companies', null))).size).toBe(91);
    expect(new Set(idsOf(await own.catchUp('products', null))).size).toBe(77);
    const contacts = changesOf(await own.catchUp('contacts', null, ['company']));
    expect(contacts).toHaveLength(91);
    const deals = changesOf(await own.catchUp('deals', null, ['company', 'contacts', 'line_items']));
    expect(deals).toHaveLength(830);
    const records = deals.map((change) => (change.kind === 'upsert' ? change.record : {}));
    expect(records.flatMap((record) => record['line_items'])).toHaveLength(2155);
    expect(
      records.every((record) => typeof record['company'] === 'object' && record['company'] !== null),
    ).toBe(true);
  });

  it('reads more than 10,000 records of one window, though HubSpot lists no more for one query', async () => {
    const own = await bench({ seed: 'companies:10450' });
    const { body } = await own.call('POST', '/crm/v3/objects/companies/search', {
      limit: 200,
      after: '9900',
    });
    expect(body.category).toBe('VALIDATION_ERROR');
    const pages = await own.catchUp('companies', null);
    expect(new Set(idsOf(pages)).size).toBe(10_450);
    expect(pages[0]!.total).toBe(10_450);
    expect(pages[30]!.total).toBe(10_450);
    expect((await own.stats()).operations['batch/read']).toBeUndefined();
  });

  it('finds a change that the search index shows late', async () => {
    const { own, cursor } = await caughtUp('companies');
    await own.misbehave({ indexLagMs: 50 * secondMs });
    const [company] = await own.all('companies');
    await own.edit('companies', company!.id, { city: 'Bremen' });
    own.clock.advance(40 * secondMs);
    const tooEarly = await own.catchUp('companies', cursor);
    expect(idsOf(tooEarly)).toEqual([]);
    own.clock.advance(20 * secondMs);
    const found = changesOf(await own.catchUp('companies', cursorOf(tooEarly)));
    expect(found).toMatchObject([{ kind: 'upsert', id: company!.id, record: { city: 'Bremen' } }]);
  });

  it('leaves the last seconds to the next catch-up', async () => {
    const { own, cursor } = await caughtUp('companies');
    const { id } = await own.add('companies', { name: 'Half saved' });
    own.clock.advance(10 * secondMs);
    const before = await own.catchUp('companies', cursor);
    expect(idsOf(before)).toEqual([]);
    own.clock.advance(10 * secondMs);
    expect(idsOf(await own.catchUp('companies', cursorOf(before)))).toEqual([id]);
  });

  it('lets no stamp of the future push the watermark ahead, and carries that record in its time', async () => {
    const { own, cursor } = await caughtUp('companies');
    const tomorrow = new Date(own.clock.now().getTime() + 24 * hourMs).toISOString();
    const ahead = await own.add('companies', { name: 'From tomorrow', modifiedAt: tomorrow });
    const pages = await later(own, 'companies', cursor);
    expect(idsOf(pages)).toEqual([]);
    expect(Date.parse(watermarkOf(pages)!)).toBeLessThan(own.clock.now().getTime());
    const plain = await own.add('companies', { name: 'From today' });
    const next = await later(own, 'companies', cursorOf(pages));
    expect(idsOf(next)).toEqual([plain.id]);
    own.clock.advance(24 * hourMs);
    expect(idsOf(await own.catchUp('companies', cursorOf(next)))).toEqual([ahead.id]);
  });

  it("loses nothing when HubSpot's clock is behind ours", async () => {
    const { own } = await caughtUp('companies', [], 'empty');
    await own.misbehave({ clockSkewMs: -10 * minuteMs });
    const before = await own.catchUp('companies', null);
    const { id } = await own.add('companies', { name: 'Stamped in our past' });
    own.clock.advance(minuteMs);
    expect(idsOf(await own.catchUp('companies', cursorOf(before)))).toEqual([id]);
  });

  it('costs two requests when nothing happened', async () => {
    const { own, cursor } = await caughtUp('companies');
    const before = await own.stats();
    own.clock.advance(minuteMs);
    const pages = await own.catchUp('companies', cursor);
    const after = await own.stats();
    expect(pages).toHaveLength(1);
    expect(after.requests - before.requests).toBe(2);
  });

  it('reads the properties by batch when their list would make the search too long', async () => {
    const own = await bench({ seed: 'northwind' });
    for (let index = 0; index < 60; index += 1) {
      const name = `a_custom_property_with_a_rather_long_name_${index}`;
      await own.call('POST', '/crm/v3/properties/companies', { name, label: name, type: 'string' });
    }
    const pages = await own.catchUp('companies', null);
    expect(idsOf(pages)).toHaveLength(91);
    expect(changesOf(pages)[0]).toMatchObject({
      record: { name: 'Alfreds Futterkiste', a_custom_property_with_a_rather_long_name_59: null },
    });
    expect((await own.stats()).operations).toMatchObject({ search: 1, 'batch/read': 1 });
  });

  it('keeps the stamps out of the record, so that a save that changes nothing makes the same record', async () => {
    const { own, pages, cursor } = await caughtUp('companies');
    const [first] = changesOf(pages);
    await own.edit('companies', first!.id, {});
    const [again] = changesOf(await later(own, 'companies', cursor));
    expect(again!.modifiedAt > first!.modifiedAt).toBe(true);
    expect({ ...again, modifiedAt: '' }).toEqual({ ...first, modifiedAt: '' });
  });

  it('keeps the stamp of a contact out as well, which has a name of its own', async () => {
    const { own, pages, cursor } = await caughtUp('contacts');
    const [first] = changesOf(pages);
    await own.edit('contacts', first!.id, {});
    const [again] = changesOf(await later(own, 'contacts', cursor));
    expect(again!.modifiedAt > first!.modifiedAt).toBe(true);
    expect({ ...again, modifiedAt: '' }).toEqual({ ...first, modifiedAt: '' });
  });

  it('says which ids a merged record consumed, beside the record itself', async () => {
    const { own, cursor } = await caughtUp('companies');
    const [kept, gone] = await own.all('companies');
    const merge = { primaryObjectId: kept!.id, objectIdToMerge: gone!.id };
    const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', merge);
    expect([kept!.id, gone!.id]).not.toContain(body.id);
    const changes = changesOf(await later(own, 'companies', cursor));
    expect(changes).toMatchObject([
      { kind: 'upsert', id: body.id, record: { name: kept!['name'] } },
      { kind: 'merge', id: kept!.id, into: body.id },
      { kind: 'merge', id: gone!.id, into: body.id },
    ]);
  });

  it('finds a deleted deal soon, though the lines of deals are listed, too', async () => {
    const { own, cursor } = await caughtUp('deals', ['line_items']);
    const [one] = await own.all('deals');
    await own.remove('deals', one!.id);
    own.clock.advance(30 * secondMs);
    const found = await own.catchUp('deals', cursor, ['line_items']);
    expect(changesOf(found)).toContainEqual(expect.objectContaining({ kind: 'delete', id: one!.id }));
  });

  it('reports an archived record once, though HubSpot lists it for 90 days', async () => {
    const { own, cursor } = await caughtUp('companies');
    const [one] = await own.all('companies');
    await own.remove('companies', one!.id);
    const found = await later(own, 'companies', cursor);
    expect(changesOf(found)).toMatchObject([{ kind: 'delete', id: one!.id }]);
    expect(changesOf(await later(own, 'companies', cursorOf(found)))).toEqual([]);
  });

  it('says which ids were consumed, when the merged record was archived before anybody saw it', async () => {
    const { own, cursor } = await caughtUp('companies');
    const [kept, gone] = await own.all('companies');
    const merge = { primaryObjectId: kept!.id, objectIdToMerge: gone!.id };
    const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', merge);
    await own.remove('companies', body.id);
    expect(changesOf(await later(own, 'companies', cursor))).toMatchObject([
      { kind: 'delete', id: body.id },
      { kind: 'merge', id: kept!.id, into: body.id },
      { kind: 'merge', id: gone!.id, into: body.id },
    ]);
  });

  it('reports no deletes of the time before the first catch-up', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    await own.remove('companies', one!.id);
    own.clock.advance(hourMs);
    const pages = await own.catchUp('companies', null);
    expect(idsOf(pages, 'delete')).toEqual([]);
    expect(idsOf(pages)).toHaveLength(90);
  });

  it('deletes nothing when the listing of archived records overlooks its filter', async () => {
    const { own, cursor } = await caughtUp('companies');
    const live = await own.call('GET', '/crm/v3/objects/companies?limit=50');
    await own.misbehave({ answer: { status: 200, only: '/crm/v3/objects/companies', body: live.body } });
    expect(changesOf(await later(own, 'companies', cursor))).toEqual([]);
  });

  it('pages through many archived records, then rests, and still finds what was archived meanwhile', async () => {
    const own = await bench({ seed: 'companies:320' });
    const first = await own.catchUp('companies', null);
    const ids = idsOf(first);
    for (const start of [0, 100, 200]) {
      const inputs = ids.slice(start, start + 100).map((id) => ({ id }));
      await own.call('POST', '/crm/v3/objects/companies/batch/archive', { inputs });
    }
    own.clock.advance(5 * minuteMs);
    const deletes = await own.catchUp('companies', cursorOf(first));
    expect(new Set(idsOf(deletes, 'delete'))).toEqual(new Set(ids.slice(0, 300)));
    await own.remove('companies', ids.at(-1)!);
    own.clock.advance(minuteMs);
    const resting = await own.catchUp('companies', cursorOf(deletes));
    expect(idsOf(resting, 'delete')).toEqual([]);
    own.clock.advance(10 * minuteMs);
    expect(idsOf(await own.catchUp('companies', cursorOf(resting)), 'delete')).toEqual([ids.at(-1)]);
  });

  it('stops in the middle of a request when it is aborted', async () => {
    const own = await bench({ seed: 'northwind' });
    await own.misbehave({ delayMs: hourMs });
    const stop = new AbortController();
    const request = { entity: 'companies', with: [], cursor: null, now: own.clock.now() };
    const reading = own.source.changesSince(request, stop.signal).catch((error: unknown) => error);
    while ((await own.stats()).requests === 0);
    stop.abort(new Error('enough'));
    expect(await reading).toMatchObject({ message: 'enough' });
  });

  it('refuses answers that are not in the order asked for, rather than skip records', async () => {
    const own = await bench();
    const properties = { hs_lastmodifieddate: '2026-01-01T00:00:00Z' };
    const results = ['20', '3'].map((id) => ({ id, properties }));
    await own.source.describe('companies', never);
    await own.misbehave({ answer: { status: 200, body: { total: 2, results } } });
    await expect(own.catchUp('companies', null)).rejects.toMatchObject({
      kind: 'bug',
      code: 'hubspot_out_of_order',
    });
  });

  it('spaces its searches as the settings say', async () => {
    const own = await bench({ seed: 'northwind', settings: { searchesPerSecond: 1 } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const [first, second] = ['companies', 'products'].map((entity) => own.catchUp(entity, null));
      await first;
      expect((await own.stats()).operations['search']).toBe(1);
      await vi.advanceTimersByTimeAsync(1100);
      expect(idsOf(await second!)).toHaveLength(77);
    } finally {
      vi.useRealTimers();
    }
  });

  it('reads over the dated paths as well', async () => {
    const own = await bench({ seed: 'northwind', settings: { pathVersion: '2026-03' } });
    const deals = changesOf(await own.catchUp('deals', null, ['company', 'line_items']));
    expect(deals).toHaveLength(830);
    expect(own.lines.join('')).toContain('/crm/objects/2026-03/deals/search');
    expect(own.lines.join('')).not.toMatch(/\/v[34]\//);
  });
});

describe('the deals of HubSpot', () => {
  const relations = ['company', 'contacts', 'line_items'];

  it('reads a deal again when one of its lines was edited, added or removed, though its own stamp stands still', async () => {
    const { own, cursor } = await caughtUp('deals', relations);
    const lines = await own.all('line_items');
    const deals = await own.all('deals');
    const [edited, added, removed] = deals;
    const lineOf = (deal: string) => lines.find((line) => line['deal'] === deal)!.id;
    await own.edit('line_items', lineOf(edited!.id), { quantity: '99' });
    await own.add('line_items', { name: 'One more', quantity: '1', price: '5.00', deal: added!.id });
    await own.remove('line_items', lineOf(removed!.id));
    const changes = changesOf(await later(own, 'deals', cursor, relations));
    const byId = new Map(changes.map((change) => [change.id, change]));
    expect(new Set(byId.keys())).toEqual(new Set([edited!.id, added!.id, removed!.id]));
    const linesIn = (id: string) => {
      const change = byId.get(id);
      return change?.kind === 'upsert' ? (change.record['line_items'] as { [field: string]: string }[]) : [];
    };
    expect(linesIn(edited!.id).map((line) => line['quantity'])).toContain('99');
    expect(linesIn(added!.id).at(-1)).toMatchObject({ name: 'One more' });
    expect(linesIn(removed!.id)).toHaveLength(
      lines.filter((line) => line['deal'] === removed!.id).length - 1,
    );
  });

  it('looks at no lines where a flow asks for none', async () => {
    const { own, cursor } = await caughtUp('deals', ['company']);
    const [line] = await own.all('line_items');
    await own.edit('line_items', line!.id, { quantity: '99' });
    expect(changesOf(await later(own, 'deals', cursor, ['company']))).toEqual([]);
  });

  it('takes the primary company of a deal, and the first where none is primary', async () => {
    const own = await bench();
    const [a, b] = [await own.add('companies', { name: 'A' }), await own.add('companies', { name: 'B' })];
    const deal = await own.add('deals', { dealname: 'D' });
    const company = async () => {
      const [found] = await own.source.readByIds(
        { entity: 'deals', with: ['company'], ids: [deal.id] },
        never,
      );
      return found?.status === 'found' ? found.record['company'] : undefined;
    };
    expect(await company()).toBeNull();
    for (const { id } of [a, b])
      await own.call('PUT', `/crm/v4/objects/deals/${deal.id}/associations/default/companies/${id}`);
    expect(await company()).toMatchObject({ name: 'A', id: a.id });
    const primary = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 5 }];
    await own.call('PUT', `/crm/v4/objects/deals/${deal.id}/associations/companies/${b.id}`, primary);
    expect(await company()).toMatchObject({ name: 'B' });
  });

  it('puts the lines in the order of the quote, and those without a position after them by id', async () => {
    const own = await bench();
    const deal = await own.add('deals', { dealname: 'D' });
    for (const [name, position] of [
      ['last', null],
      ['second', '10'],
      ['first', '9'],
    ] as const)
      await own.add('line_items', {
        name,
        deal: deal.id,
        ...(position && { hs_position_on_quote: position }),
      });
    await own.add('line_items', { name: 'very last', deal: deal.id });
    const [found] = await own.source.readByIds(
      { entity: 'deals', with: ['line_items'], ids: [deal.id] },
      never,
    );
    const lines = found?.status === 'found' ? (found.record['line_items'] as { name: string }[]) : [];
    expect(lines.map((line) => line.name)).toEqual(['first', 'second', 'last', 'very last']);
  });

  it('follows the pages of a record with very many associations', async () => {
    const own = await bench();
    const deal = await own.add('deals', { dealname: 'D' });
    const inputs = Array.from({ length: 100 }, (_, index) => ({
      properties: { name: `L${index}` },
      associations: [
        { to: { id: deal.id }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 20 }] },
      ],
    }));
    for (let batch = 0; batch < 6; batch += 1)
      await own.call('POST', '/crm/v3/objects/line_items/batch/create', { inputs });
    const [found] = await own.source.readByIds(
      { entity: 'deals', with: ['line_items'], ids: [deal.id] },
      never,
    );
    expect(found).toMatchObject({ status: 'found' });
    expect(found?.status === 'found' && found.record['line_items']).toHaveLength(600);
  });
});
