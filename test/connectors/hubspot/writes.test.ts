import { describe, expect, it } from 'vitest';
import type { SinkItem } from '../../../src/connector/contract.ts';
import type { Value } from '../../../src/connector/value.ts';
import { bench, never } from './bench.ts';

const item = (id: string, targetId: string | null, fields: { [field: string]: Value }): SinkItem => ({
  id,
  targetId,
  externalKey: `k-${id}`,
  fields,
  lines: {},
});

describe('writing back to HubSpot', () => {
  it('answers each item by its id, whatever order HubSpot answers in', async () => {
    const own = await bench({ seed: 'northwind' });
    const companies = (await own.all('companies')).slice(0, 5);
    const items = companies.map(({ id }, index) =>
      item(`s${index}`, id, { erp_customer_number: `C${index}` }),
    );
    const outcomes = await own.sink.upsertBatch('companies', items, never);
    expect(outcomes).toEqual(
      companies.map(({ id }, index) => ({ id: `s${index}`, status: 'updated', targetId: id })),
    );
    const after = await own.all('companies');
    expect(after.slice(0, 5).map((company) => company['erp_customer_number'])).toEqual([
      'C0',
      'C1',
      'C2',
      'C3',
      'C4',
    ]);
  });

  it('clears with null, leaves absent fields alone, and writes lists and booleans in words', async () => {
    const own = await bench({ seed: 'northwind' });
    const [product] = await own.all('products');
    const fields = { erp_product_number: null, discontinued: true, name: ['a', 'b'] };
    await own.edit('products', product!.id, { erp_product_number: 'old' });
    await own.sink.upsertBatch('products', [item('p', product!.id, fields)], never);
    const [after] = await own.all('products');
    expect(after).toMatchObject({
      erp_product_number: null,
      discontinued: 'true',
      name: 'a;b',
      price: product!['price'],
    });
  });

  it('keeps the good records when one is refused, one is gone and one cannot be written at all', async () => {
    const own = await bench({ seed: 'northwind' });
    const [good, wrong, gone] = await own.all('products');
    await own.remove('products', gone!.id);
    const outcomes = await own.sink.upsertBatch(
      'products',
      [
        item('wrong', wrong!.id, { price: 'dear' }),
        item('gone', gone!.id, { price: '1' }),
        item('new', null, { price: '1' }),
        item('nested', good!.id, { name: { a: 'b' } }),
        item('good', good!.id, { price: '2.50' }),
      ],
      never,
    );
    expect(outcomes).toMatchObject([
      { id: 'wrong', fault: { kind: 'invalid_record', fields: [{ field: 'price' }] } },
      { id: 'gone', fault: { kind: 'not_found' } },
      { id: 'new', fault: { kind: 'config' } },
      { id: 'nested', fault: { kind: 'invalid_record', fields: [{ field: 'name' }] } },
      { id: 'good', status: 'updated', targetId: good!.id },
    ]);
    expect((await own.all('products')).find(({ id }) => id === good!.id)).toMatchObject({ price: '2.50' });
  });

  it('leaves the second change of a record for the next batch, because HubSpot refuses both in one', async () => {
    const own = await bench({ seed: 'northwind' });
    const [deal] = await own.all('deals');
    const items = [
      item('a', deal!.id, { erp_order_number: 'S1' }),
      item('b', deal!.id, { description: 'sent' }),
    ];
    const outcomes = await own.sink.upsertBatch('deals', items, never);
    const byId = new Map(outcomes.map(({ id, status }) => [id, status]));
    expect(byId).toEqual(
      new Map([
        ['a', 'updated'],
        ['b', 'not_applied'],
      ]),
    );
    expect((await own.all('deals'))[0]).toMatchObject({ erp_order_number: 'S1', description: null });
  });

  it('follows a record that was merged meanwhile, and says its new id', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b] = await own.all('companies');
    const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', {
      primaryObjectId: a!.id,
      objectIdToMerge: b!.id,
    });
    const outcomes = await own.sink.upsertBatch(
      'companies',
      [item('x', a!.id, { erp_customer_number: 'C1' })],
      never,
    );
    expect(outcomes).toEqual([{ id: 'x', status: 'updated', targetId: body.id }]);
  });

  it('knows a merged record by its new id alone, where no trace id comes back', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b] = await own.all('companies');
    const merge = { primaryObjectId: a!.id, objectIdToMerge: b!.id };
    const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', merge);
    const only = '/crm/v3/objects/companies/batch/update';
    const results = [{ id: body.id, properties: {} }];
    await own.misbehave({ answer: { status: 200, only, body: { status: 'COMPLETE', results } } });
    const outcomes = await own.sink.upsertBatch('companies', [item('x', b!.id, { city: 'X' })], never);
    expect(outcomes).toEqual([{ id: 'x', status: 'updated', targetId: body.id }]);
  });

  it('calls an item that HubSpot does not answer neither written nor refused', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one, other] = await own.all('companies');
    const results = [{ id: other!.id, properties: {} }];
    const path = '/crm/v3/objects/companies/batch/update';
    await own.misbehave({ answer: { status: 200, only: path, body: { status: 'COMPLETE', results } } });
    const items = [item('one', one!.id, { city: 'X' }), item('other', other!.id, { city: 'X' })];
    const outcomes = await own.sink.upsertBatch('companies', items, never);
    expect(outcomes).toMatchObject([
      { id: 'one', status: 'failed', fault: { kind: 'transient', code: 'hubspot_item_unanswered' } },
      { id: 'other', status: 'updated' },
    ]);
  });

  it('finds out which record is gone when HubSpot refuses the whole batch for it', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one, gone] = await own.all('companies');
    await own.remove('companies', gone!.id);
    const only = '/crm/v3/objects/companies/batch/update';
    await own.misbehave({ answer: { status: 404, only, body: { message: 'resource not found' } } });
    const items = [item('one', one!.id, { city: 'X' }), item('gone', gone!.id, { city: 'X' })];
    expect(await own.sink.upsertBatch('companies', items, never)).toMatchObject([
      { id: 'one', status: 'not_applied' },
      { id: 'gone', status: 'failed', fault: { kind: 'not_found' } },
    ]);
    const batch = own.sink.upsertBatch('companies', items.slice(0, 1), never);
    await expect(batch).rejects.toMatchObject({ kind: 'config' });
  });

  it('throws what is wrong with the whole batch, so that it is split', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    const only = '/crm/v3/objects/companies/batch/update';
    await own.misbehave({
      answer: { status: 400, only, body: { message: 'Property values were not valid' } },
    });
    const batch = own.sink.upsertBatch('companies', [item('one', one!.id, { city: 'X' })], never);
    await expect(batch).rejects.toMatchObject({ kind: 'invalid_record' });
  });

  it('may be repeated when the answer was lost after the write', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    await own.misbehave({ loseAnswerEvery: 1 });
    const items = [item('one', one!.id, { erp_customer_number: 'C9' })];
    await expect(own.sink.upsertBatch('companies', items, never)).rejects.toMatchObject({
      kind: 'transient',
    });
    expect((await own.all('companies'))[0]).toMatchObject({ erp_customer_number: 'C9' });
    await own.misbehave({});
    expect(await own.sink.upsertBatch('companies', items, never)).toMatchObject([{ status: 'updated' }]);
  });

  it('tells errors of one row by the only error there is, when HubSpot names no input', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    const errors = [{ status: 'error', category: 'VALIDATION_ERROR', message: 'Something is wrong' }];
    const path = '/crm/v3/objects/companies/batch/update';
    await own.misbehave({ answer: { status: 207, only: path, body: { results: [], numErrors: 1, errors } } });
    const outcomes = await own.sink.upsertBatch('companies', [item('one', one!.id, { city: 'X' })], never);
    expect(outcomes).toMatchObject([{ id: 'one', status: 'failed', fault: { kind: 'invalid_record' } }]);
  });

  it('creates and removes nothing, and knows no external keys', async () => {
    const own = await bench();
    expect(await own.sink.findByExternalKey({ entity: 'companies', keys: ['k'] }, never)).toEqual([]);
    await expect(own.sink.remove('companies', [], never)).rejects.toMatchObject({ kind: 'config' });
  });
});
