import { describe, expect, it } from 'vitest';
import { bench } from './bench.ts';
import type { Bench } from './bench.ts';

const objects = '/crm/v3/objects';
const search = (own: Bench, body: object, type = 'companies') =>
  own.call('POST', `${objects}/${type}/search`, body);
const filter = (propertyName: string, operator: string, value?: unknown, more: object = {}) => ({
  filterGroups: [{ filters: [{ propertyName, operator, ...(value !== undefined && { value }), ...more }] }],
});

const repeat = <T>(times: number, value: T): T[] => Array.from({ length: times }, () => value);
const batch = (own: Bench, what: string, body: object, type = 'companies') =>
  own.call('POST', `${objects}/${type}/batch/${what}`, body);

describe("the sandbox's records", () => {
  it('come in the shape that @hubspot/api-client expects, with null for what is empty', async () => {
    const own = await bench({ seed: 'northwind' });
    const { body, headers } = await own.call(
      'GET',
      `${objects}/companies?limit=1&properties=name,domain,nonsense`,
    );
    expect(body).toEqual({
      results: [
        {
          id: expect.stringMatching(/^\d{11}$/),
          properties: {
            name: 'Alfreds Futterkiste',
            domain: null,
            hs_object_id: body.results[0]!.id,
            createdate: expect.stringMatching(/Z$/),
            hs_lastmodifieddate: expect.stringMatching(/Z$/),
          },
          createdAt: expect.any(String),
          updatedAt: expect.any(String),
          archived: false,
          url: expect.any(String),
        },
      ],
      paging: { next: { after: body.results[0]!.id, link: expect.any(String) } },
    });
    expect(headers['x-hubspot-ratelimit-max']).toBe('100');
    expect(headers['date']).toBe(new Date(Math.floor(own.clock.now().getTime() / 1000) * 1000).toUTCString());
  });

  it('page by id to the end', async () => {
    const own = await bench({ seed: 'northwind' });
    const ids: string[] = [];
    for (let after = ''; ;) {
      const { body } = await own.call('GET', `${objects}/deals?limit=100${after && `&after=${after}`}`);
      ids.push(...body.results.map(({ id }) => id));
      if (!body.paging) break;
      after = body.paging.next.after;
    }
    expect(new Set(ids).size).toBe(830);
    expect((await own.call('GET', `${objects}/deals?limit=101`)).status).toBe(400);
  });

  it('are made, read, changed and archived', async () => {
    const own = await bench();
    const made = await own.call('POST', `${objects}/contacts`, {
      properties: { email: 'a@b.example', firstname: 'A' },
    });
    expect(made.status).toBe(201);
    const byEmail = await own.call('GET', `${objects}/contacts/a@b.example?idProperty=email`);
    expect(byEmail.body.id).toBe(made.body.id);
    own.clock.advance(5000);
    const changed = await own.call('PATCH', `${objects}/contacts/${made.body.id}`, {
      properties: { firstname: '' },
    });
    expect(changed.body.updatedAt > made.body.updatedAt).toBe(true);
    const again = await own.call('GET', `${objects}/contacts/${made.body.id}?properties=firstname`);
    expect(again.body.properties['firstname']).toBeNull();
    expect(
      (await own.call('POST', `${objects}/contacts`, { properties: { email: 'a@b.example' } })).status,
    ).toBe(409);
    expect((await own.call('DELETE', `${objects}/contacts/${made.body.id}`)).status).toBe(204);
    expect((await own.call('GET', `${objects}/contacts/${made.body.id}`)).status).toBe(404);
    const archived = await own.call('GET', `${objects}/contacts?archived=true`);
    expect(archived.body.results).toMatchObject([
      { id: made.body.id, archived: true, archivedAt: expect.any(String) },
    ]);
    expect(archived.body.results[0]!.updatedAt).toBe(changed.body.updatedAt);
  });

  it('refuse wrong values with every property at fault, in both of the places where HubSpot names them', async () => {
    const own = await bench();
    const properties = {
      nonsense: '1',
      amount: 'much',
      dealstage: 'won',
      closedate: 'soon',
      required_date: '1772496000001',
      createdate: '1',
    };
    const { status, body } = await own.call('POST', `${objects}/deals`, { properties });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      status: 'error',
      category: 'VALIDATION_ERROR',
      correlationId: expect.any(String),
    });
    const named = body.errors.map(({ code, context }) => [context['propertyName']?.[0], code]);
    expect(Object.fromEntries(named)).toEqual({
      nonsense: 'PROPERTY_DOESNT_EXIST',
      amount: 'INVALID_INTEGER',
      dealstage: 'INVALID_OPTION',
      closedate: 'INVALID_DATE',
      required_date: 'INVALID_DATE',
      createdate: 'READ_ONLY_VALUE',
    });
    expect(body.message).toContain('"name":"nonsense"');
  });

  it('refuse a request without the token', async () => {
    const own = await bench();
    const reply = await fetch(`${own.sandbox.url}${objects}/companies`);
    expect(reply.status).toBe(401);
    expect(await reply.json()).toMatchObject({ category: 'INVALID_AUTHENTICATION' });
  });

  it('keep their old ids as names of the merged record, which companies and contacts get anew', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b] = await own.all('companies');
    const contactsOf = async (id: string) =>
      (await own.call('GET', `/crm/v4/objects/companies/${id}/associations/contacts`)).body.results.length;
    const { body } = await own.call('POST', `${objects}/companies/merge`, {
      primaryObjectId: a!.id,
      objectIdToMerge: b!.id,
    });
    expect(body.properties['hs_merged_object_ids']).toBe(`${a!.id};${b!.id}`);
    for (const old of [a!, b!]) {
      const { body: now } = await own.call('GET', `${objects}/companies/${old.id}`);
      expect(now.id).toBe(body.id);
    }
    expect(await contactsOf(body.id)).toBe(2);
    expect(
      (await search(own, filter('hs_object_id', 'IN', undefined, { values: [a!.id, b!.id] }))).body.total,
    ).toBe(0);
    expect((await own.call('GET', `${objects}/companies?archived=true`)).body.results).toEqual([]);
    const [deal, other] = await own.all('deals');
    const merged = await own.call('POST', `${objects}/deals/merge`, {
      primaryObjectId: deal!.id,
      objectIdToMerge: other!.id,
    });
    expect(merged.body.id).toBe(deal!.id);
  });
});

describe("the sandbox's search", () => {
  it('compares texts, numbers and instants as HubSpot does', async () => {
    const own = await bench({ seed: 'northwind' });
    const total = async (...args: Parameters<typeof filter>) =>
      (await search(own, filter(...args), 'deals')).body.total;
    expect(await total('dealname', 'EQ', 'order 10248')).toBe(1);
    expect(await total('amount', 'GT', '10000')).toBe(10);
    expect(await total('closedate', 'LT', '1997-01-01')).toBe(152);
    expect(await total('closedate', 'GTE', String(Date.UTC(1997, 0, 1)))).toBe(830 - 152);
    expect(await total('closedate', 'BETWEEN', '1996-07-04', { highValue: '1996-07-05' })).toBe(2);
    expect(await total('erp_order_number', 'HAS_PROPERTY')).toBe(0);
    expect(await total('erp_order_number', 'NOT_HAS_PROPERTY')).toBe(830);
    expect(await total('dealname', 'CONTAINS_TOKEN', '1024*')).toBe(2);
    expect(await total('northwind_order_id', 'IN', undefined, { values: ['10248', '10249'] })).toBe(2);
    expect(await total('northwind_order_id', 'NOT_IN', undefined, { values: ['10248'] })).toBe(829);
    expect(await total('dealstage', 'NEQ', 'closedwon')).toBe(0);
    const [company] = await own.all('companies');
    expect(await total('associations.company', 'EQ', company!.id)).toBe(6);
  });

  it('sorts, pages by offset and names the next page', async () => {
    const own = await bench({ seed: 'northwind' });
    const sorts = [{ propertyName: 'name', direction: 'DESCENDING' }];
    const { body } = await search(own, { sorts, limit: 2, after: '1', properties: ['name'] }, 'products');
    expect(body.total).toBe(77);
    expect(body.results.map((result) => result.properties['name'])).toEqual([
      'Wimmers gute Semmelknödel',
      'Vegie-spread',
    ]);
    expect(body.paging).toEqual({ next: { after: '3' } });
    const rest = await search(own, { limit: 200, after: '0' }, 'products');
    expect(rest.body.paging).toBeUndefined();
    expect(rest.headers['x-hubspot-ratelimit-max']).toBeUndefined();
  });

  it('keeps to its limits', async () => {
    const own = await bench({ seed: 'companies:10300' });
    const status = async (body: object) => (await search(own, body)).status;
    const one = filter('name', 'EQ', 'x').filterGroups[0]!;
    expect(await status({ limit: 201 })).toBe(400);
    expect(await status({ limit: 200, after: '9800' })).toBe(200);
    expect(await status({ limit: 200, after: '9801' })).toBe(400);
    expect(await status({ filterGroups: repeat(6, one) })).toBe(400);
    expect(await status({ filterGroups: [{ filters: repeat(7, one.filters[0]) }] })).toBe(400);
    expect(await status({ filterGroups: repeat(4, { filters: repeat(5, one.filters[0]) }) })).toBe(400);
    expect(await status({ properties: repeat(300, 'a_long_name') })).toBe(400);
    expect(await status(filter('nonsense', 'EQ', 'x'))).toBe(400);
  });
});

describe("the sandbox's batches", () => {
  it('answer in an order of their own, and name what is missing', async () => {
    const own = await bench({ seed: 'northwind' });
    const ids = (await own.all('companies')).slice(0, 3).map(({ id }) => id);
    const { status, body } = await batch(own, 'read', {
      inputs: [...ids, '5'].map((id) => ({ id })),
      properties: ['name'],
    });
    expect(status).toBe(207);
    expect(body.results.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(body).toMatchObject({
      status: 'COMPLETE',
      numErrors: 1,
      errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['5'] } }],
    });
  });

  it('fail as a whole for one wrong row, unless every row carries a trace id', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b] = (await own.all('products')).map(({ id }) => id);
    const inputs = [
      { id: a, properties: { price: '1' } },
      { id: b, properties: { price: 'x' } },
    ];
    const whole = await batch(own, 'update', { inputs }, 'products');
    expect(whole.status).toBe(400);
    expect((await own.all('products'))[0]).toMatchObject({ price: '18.00' });
    const traced = await batch(
      own,
      'update',
      { inputs: inputs.map((input, index) => Object.assign(input, { objectWriteTraceId: `t${index}` })) },
      'products',
    );
    expect(traced.status).toBe(207);
    expect(traced.body.results).toMatchObject([{ id: a, objectWriteTraceId: 't0' }]);
    expect(traced.body.errors).toMatchObject([
      { category: 'VALIDATION_ERROR', context: { objectWriteTraceId: ['t1'] } },
    ]);
    expect((await own.all('products'))[0]).toMatchObject({ price: '1' });
  });

  it('create, upsert and archive up to 100 records', async () => {
    const own = await bench();
    const inputs = ['a@b.example', 'c@d.example'].map((email) => ({ properties: { email } }));
    const created = await batch(own, 'create', { inputs }, 'contacts');
    expect(created.status).toBe(201);
    const upserts = ['a@b.example', 'e@f.example'].map((id) => ({
      id,
      idProperty: 'email',
      properties: { firstname: 'X' },
    }));
    const upserted = await batch(own, 'upsert', { inputs: upserts }, 'contacts');
    const isNew = new Map(upserted.body.results.map((result) => [result.properties['email'], result.new]));
    expect(isNew).toEqual(
      new Map([
        ['a@b.example', false],
        ['e@f.example', true],
      ]),
    );
    expect(
      (
        await batch(
          own,
          'upsert',
          { inputs: [{ id: 'x', idProperty: 'firstname', properties: {} }] },
          'contacts',
        )
      ).status,
    ).toBe(400);
    const all = (await own.all('contacts')).map(({ id }) => ({ id }));
    expect((await batch(own, 'archive', { inputs: all }, 'contacts')).status).toBe(204);
    expect((await batch(own, 'read', { inputs: repeat(101, { id: '1' }) })).status).toBe(400);
    expect((await batch(own, 'update', { inputs: repeat(2, { id: '1', properties: {} }) })).status).toBe(400);
  });
});

describe("the sandbox's associations and properties", () => {
  it('give ids as numbers on one side and text on the other, and 207 where there are none', async () => {
    const own = await bench({ seed: 'northwind' });
    const [deal] = await own.all('deals');
    const company = await own.add('companies', { name: 'Alone' });
    const read = await own.call('POST', '/crm/v4/associations/deals/companies/batch/read', {
      inputs: [{ id: deal!.id }],
    });
    expect(read.status).toBe(200);
    expect(read.body.results).toEqual([
      {
        from: { id: deal!.id },
        to: [
          {
            toObjectId: Number(deal!['company']),
            associationTypes: [
              { category: 'HUBSPOT_DEFINED', typeId: 341, label: null },
              { category: 'HUBSPOT_DEFINED', typeId: 5, label: 'Primary' },
            ],
          },
        ],
      },
    ]);
    const none = await own.call('POST', '/crm/v4/associations/companies/contacts/batch/read', {
      inputs: [{ id: company.id }],
    });
    expect(none.status).toBe(207);
    expect(none.body.errors).toMatchObject([
      { subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND', context: { fromObjectId: [company.id] } },
    ]);
  });

  it('are made and removed over v3, v4 and dated paths alike', async () => {
    const own = await bench();
    const [company, deal] = [
      await own.add('companies', { name: 'C' }),
      await own.add('deals', { dealname: 'D' }),
    ];
    const count = async (path: string) => (await own.call('GET', path)).body.results.length;
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 5 }];
    const pair = { from: { id: deal.id }, to: { id: company.id }, types };
    const made = await own.call('POST', '/crm/associations/2026-03/deals/companies/batch/create', {
      inputs: [pair],
    });
    expect(made.status).toBe(201);
    expect(await count(`/crm/v4/objects/companies/${company.id}/associations/deals`)).toBe(1);
    expect(await count(`/crm/v3/objects/deals/${deal.id}/associations/companies`)).toBe(1);
    expect(await count(`/crm/objects/2026-03/deals/${deal.id}/associations/companies`)).toBe(1);
    const listed = await own.call('GET', `${objects}/deals/${deal.id}?associations=companies`);
    expect(listed.body.associations['companies']?.results).toEqual([
      { id: company.id, type: 'deals_to_companies' },
    ]);
    await own.call('DELETE', `/crm/v4/objects/deals/${deal.id}/associations/companies/${company.id}`);
    expect(await count(`/crm/v4/objects/companies/${company.id}/associations/deals`)).toBe(0);
  });

  it('know the properties that the write-back needs, and take new ones', async () => {
    const own = await bench();
    const wanted = {
      companies: 'erp_customer_number',
      contacts: 'erp_contact_number',
      products: 'erp_product_number',
      deals: 'erp_order_number',
    };
    for (const [type, name] of Object.entries(wanted)) {
      const { body } = await own.call('GET', `/crm/v3/properties/${type}/${name}`);
      expect(body).toMatchObject({ name, type: 'string', modificationMetadata: { readOnlyValue: false } });
    }
    const made = await own.call('POST', '/crm/properties/2026-03/companies', {
      name: 'tax_id',
      label: 'Tax',
      type: 'string',
      fieldType: 'text',
      groupName: 'g',
    });
    expect(made.status).toBe(201);
    expect(
      (
        await own.call('POST', '/crm/v3/properties/companies', {
          name: 'tax_id',
          label: 'Tax',
          type: 'string',
        })
      ).status,
    ).toBe(409);
    await own.add('companies', { name: 'A', tax_id: 'T1' });
    expect((await own.call('DELETE', '/crm/v3/properties/companies/tax_id')).status).toBe(204);
    expect((await own.all('companies'))[0]).not.toHaveProperty('tax_id');
  });
});
