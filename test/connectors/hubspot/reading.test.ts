import { describe, expect, it } from 'vitest';
import { bench, never } from './bench.ts';

describe('reading HubSpot by id', () => {
  it('says into which record an id was merged, also when a batch asks for several of them', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b, c] = await own.all('companies');
    const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', {
      primaryObjectId: a!.id,
      objectIdToMerge: b!.id,
    });
    const ids = [c!.id, b!.id, body.id, a!.id];
    const found = await own.source.readByIds({ entity: 'companies', with: [], ids }, never);
    expect(found).toMatchObject([
      { id: c!.id, status: 'found' },
      { id: b!.id, status: 'merged', into: body.id },
      { id: body.id, status: 'found' },
      { id: a!.id, status: 'merged', into: body.id },
    ]);
  });

  it('asks for an id alone where the batch answered it with a record that does not name it', async () => {
    const own = await bench({ seed: 'northwind' });
    const [a, b] = await own.all('deals');
    await own.call('POST', '/crm/v3/objects/deals/merge', { primaryObjectId: a!.id, objectIdToMerge: b!.id });
    await own.call('DELETE', '/crm/v3/properties/deals/hs_merged_object_ids');
    const found = await own.source.readByIds({ entity: 'deals', with: [], ids: [b!.id] }, never);
    expect(found).toEqual([{ id: b!.id, status: 'merged', into: a!.id }]);
    expect((await own.stats()).operations['get']).toBe(1);
  });

  it('calls archived and impossible ids missing', async () => {
    const own = await bench({ seed: 'northwind' });
    const [gone] = await own.all('companies');
    await own.remove('companies', gone!.id);
    const ids = [gone!.id, 'not-a-number', '77'];
    const found = await own.source.readByIds({ entity: 'companies', with: [], ids }, never);
    expect(found).toEqual(ids.map((id) => ({ id, status: 'missing' })));
  });

  it('gives a sink the fields that it asks for, and null for those that are empty', async () => {
    const own = await bench({ seed: 'northwind' });
    const [one] = await own.all('companies');
    const fields = ['name', 'erp_customer_number'];
    const [found] = await own.sink.readByIds({ entity: 'companies', ids: [one!.id], fields }, never);
    expect(found).toMatchObject({
      status: 'found',
      record: { name: one!['name'], erp_customer_number: null },
    });
  });

  it('knows no line items without their deals', async () => {
    const own = await bench();
    const request = { entity: 'line_items', with: [], ids: ['1'] };
    await expect(own.source.readByIds(request, never)).rejects.toMatchObject({
      kind: 'config',
      code: 'hubspot_unknown_entity',
    });
  });
});

describe('checking HubSpot', () => {
  it('names the account', async () => {
    const own = await bench();
    expect(await own.source.check(never)).toEqual({ identity: 'hubspot:4210077', version: 'v3' });
  });

  it('refuses a wrong token', async () => {
    const own = await bench();
    const { source } = own.connect({ token: 'pat-wrong' });
    await expect(source!.check(never)).rejects.toMatchObject({ kind: 'auth' });
  });

  it('names the host when the account does not tell, once it has read a company', async () => {
    const own = await bench();
    await own.misbehave({ answer: { status: 404 } });
    await expect(own.source.check(never)).rejects.toMatchObject({ kind: 'config' });
    const path = '/account-info/v3/details';
    await own.misbehave({ answer: { status: 403, only: path, body: { category: 'MISSING_SCOPES' } } });
    expect((await own.source.check(never)).identity).toBe(`hubspot:${new URL(own.sandbox.url).host}`);
  });
});
