import { describe, expect, it } from 'vitest';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { recordOf } from '../../../connectors/hubspot/records.ts';
import { bench, hourMs, never } from './bench.ts';

describe('the properties of HubSpot', () => {
  it('describes types, options, what cannot be written, and the nested records', async () => {
    const own = await bench();
    const { fields } = await own.source.describe('deals', never);
    expect(fields['amount']).toMatchObject({ type: 'decimal', label: 'Amount', readOnly: false });
    expect(fields['dealstage']).toMatchObject({
      type: 'enum',
      options: expect.arrayContaining(['closedwon']),
    });
    expect(fields['closedate']).toMatchObject({ type: 'datetime' });
    expect(fields['required_date']).toMatchObject({ type: 'date' });
    expect(fields['createdate']).toMatchObject({ readOnly: true });
    expect(fields['company']).toMatchObject({
      type: 'record',
      fields: { erp_customer_number: { type: 'text' } },
    });
    expect(fields['line_items']).toMatchObject({
      type: 'lines',
      fields: { hs_product_id: { type: 'reference', to: 'products' }, id: {} },
    });
    expect((await own.source.describe('products', never)).fields['discontinued']).toMatchObject({
      type: 'boolean',
    });
  });

  it('leaves out the statistics, the stamps and the bookkeeping, unless the settings ask for them', async () => {
    const own = await bench({ seed: 'northwind' });
    const { fields } = await own.source.describe('companies', never);
    for (const name of [
      'hs_num_open_deals',
      'num_notes',
      'hs_lastmodifieddate',
      'hs_object_id',
      'hs_merged_object_ids',
    ])
      expect(fields).not.toHaveProperty(name);
    const asking = own.connect({
      properties: { companies: ['hs_num_open_deals', 'hs_object_id', 'unheard_of'] },
    });
    const more = await asking.source!.describe('companies', never);
    expect(more.fields).toHaveProperty('hs_num_open_deals');
    expect(more.fields).toHaveProperty('unheard_of');
    expect(more.fields).not.toHaveProperty('hs_object_id');
  });

  it('notices a property that was made or removed, within minutes or when asked to describe', async () => {
    const own = await bench({ seed: 'northwind' });
    const read = async () => {
      const [found] = await own.source.readByIds(
        { entity: 'products', with: [], ids: [(await own.all('products'))[0]!.id] },
        never,
      );
      return found?.status === 'found' ? Object.keys(found.record) : [];
    };
    expect(await read()).not.toContain('shelf');
    await own.call('POST', '/crm/v3/properties/products', { name: 'shelf', label: 'Shelf', type: 'string' });
    await own.call('DELETE', '/crm/v3/properties/products/description');
    expect(await read()).toContain('description');
    own.clock.advance(hourMs);
    expect(await read()).toContain('shelf');
    expect(await read()).not.toContain('description');
    await own.call('DELETE', '/crm/v3/properties/products/shelf');
    expect((await own.source.describe('products', never)).fields).not.toHaveProperty('shelf');
  });

  it('asks once for the properties, however many records are read', async () => {
    const own = await bench({ seed: 'northwind' });
    await own.catchUp('companies', null);
    await own.catchUp('companies', null);
    expect((await own.stats()).operations['properties']).toBe(1);
  });

  it('reads the standard properties where the properties API does not exist', async () => {
    const own = await bench({ seed: 'northwind' });
    await own.misbehave({ answer: { status: 404, only: '/crm/v3/properties/companies' } });
    const pages = await own.catchUp('companies', null);
    expect(pages[0]!.changes[0]).toMatchObject({
      record: { name: 'Alfreds Futterkiste', country: 'Germany' },
    });
    expect(own.lines.join('')).toContain('the standard ones are read');
  });

  it('writes dates and instants in one form each, whichever form HubSpot gives', () => {
    const properties = {
      record: [
        { name: 'day', type: 'date' },
        { name: 'moment', type: 'datetime' },
        { name: 'odd', type: 'datetime' },
        { name: 'flag', type: 'bool' },
        { name: 'price', type: 'number' },
        { name: 'absent', type: 'string' },
      ],
      asked: [],
    };
    const of = (values: { [name: string]: string | number | boolean | null }) =>
      recordOf({ id: '1', properties: values }, properties);
    const day = Date.UTC(2026, 1, 3);
    expect(of({ day: String(day), moment: String(day + 5), odd: 'soon', flag: true, price: 12 })).toEqual({
      id: '1',
      day: '2026-02-03',
      moment: '2026-02-03T00:00:00.005Z',
      odd: 'soon',
      flag: 'true',
      price: '12',
      absent: null,
    });
    expect(
      of({ day: '2026-02-03', moment: '2026-02-03T00:00:00Z', price: '12.50', flag: null }),
    ).toMatchObject({
      day: '2026-02-03',
      moment: '2026-02-03T00:00:00.000Z',
      price: '12.50',
      flag: null,
    });
  });
});

const parse = (settings: object) => hubspot.settings.safeParse(settings);

describe('the settings of HubSpot', () => {
  it('need a token and nothing else', () => {
    const settings = hubspot.settings.parse({ token: 't' });
    expect(settings).toMatchObject({
      baseUrl: 'https://api.hubapi.com',
      pathVersion: 'v3',
      overlapSeconds: 60,
      settledSeconds: 15,
    });
    expect(hubspot.limits(settings)).toEqual({
      page: 200,
      batch: 100,
      concurrency: 4,
      rate: { requests: 90, perMs: 10_000 },
      settleMs: 0,
    });
    expect(hubspot.secrets).toEqual(['token', 'webhookSecret']);
  });

  it('refuse what they do not know, and take numbers as text', () => {
    expect(parse({ token: 't', overlap: 5 }).success).toBe(false);
    expect(parse({ token: 't', pathVersion: 'v4' }).success).toBe(false);
    expect(parse({ token: 't', properties: { tickets: 'a' } }).success).toBe(false);
    expect(hubspot.settings.parse({ token: 't', overlapSeconds: '120' }).overlapSeconds).toBe(120);
    expect(parse({ token: 't', overlapSeconds: 'long' }).success).toBe(false);
  });
});
