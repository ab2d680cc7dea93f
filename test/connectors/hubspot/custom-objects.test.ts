import { describe, expect, it } from 'vitest';
import type { Change, Page } from '../../../src/connector/contract.ts';
import { bench, hourMs, never } from './bench.ts';
import type { Bench } from './bench.ts';

const typeId = '2-31460077';
const names = ['machines', 'p4210077_machines', 'p_machines', typeId];

const changesOf = (pages: readonly Page[]): Change[] => pages.flatMap((page) => page.changes);
const recordsOf = (pages: readonly Page[]) =>
  changesOf(pages).flatMap((change) => (change.kind === 'upsert' ? [change.record] : []));

async function withMachine(options: Parameters<typeof bench>[0] = {}) {
  const own = await bench(options);
  const company = await own.add('companies', { name: 'Alfreds Futterkiste' });
  const machine = await own.add('machines', {
    name: 'Press 7',
    serial_number: 'P-007',
    power_kw: '7.50',
    commissioned_on: '2026-03-01',
    status: 'in_service',
    under_warranty: 'true',
    company: company.id,
  });
  own.clock.advance(hourMs);
  return { own, company, machine };
}

async function faultOf(work: Promise<unknown>): Promise<{ kind: string; code: string; message: string }> {
  return work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error as { kind: string; code: string; message: string },
  );
}

const schemasAsked = async (own: Bench) => (await own.stats()).operations['schemas'];

describe('a custom object of HubSpot', () => {
  it.each(names)(
    'is read under the name %s, though its plain name stands in no path of HubSpot',
    async (entity) => {
      const { own, company, machine } = await withMachine();
      const pages = await own.catchUp(entity, null, ['company']);
      expect(recordsOf(pages)).toEqual([
        {
          id: machine.id,
          name: 'Press 7',
          serial_number: 'P-007',
          power_kw: '7.50',
          commissioned_on: '2026-03-01',
          status: 'in_service',
          under_warranty: 'true',
          erp_machine_number: null,
          hs_createdate: expect.stringMatching(/Z$/),
          company: expect.objectContaining({ id: company.id, name: 'Alfreds Futterkiste' }),
        },
      ]);
      const refused = await own.call('GET', '/crm/v3/objects/machines');
      expect([refused.status, refused.body.message]).toEqual([
        400,
        'Unable to infer object type from: machines',
      ]);
    },
  );

  it('is read over the dated paths as well', async () => {
    const { own } = await withMachine({ settings: { pathVersion: '2026-03' } });
    expect(recordsOf(await own.catchUp('machines', null, ['company']))).toHaveLength(1);
  });

  it('is described with its types, its options and the company', async () => {
    const { own } = await withMachine();
    const { entity, fields } = await own.source.describe('p_machines', never);
    expect(entity).toBe('machines');
    expect(fields).toMatchObject({
      id: { type: 'text', readOnly: true },
      name: { type: 'text', label: 'Name' },
      power_kw: { type: 'decimal' },
      commissioned_on: { type: 'date' },
      status: { type: 'enum', options: ['in_service', 'stopped', 'scrapped'] },
      under_warranty: { type: 'boolean' },
      hs_createdate: { type: 'datetime', readOnly: true },
      company: { type: 'record', fields: { name: { type: 'text' } } },
      contacts: { type: 'lines' },
      deals: { type: 'lines' },
    });
    expect(fields).not.toHaveProperty('hs_lastmodifieddate');
  });

  it('is described without the fields of related objects that the app may not look into', async () => {
    const { own } = await withMachine();
    const only = '/crm/v3/properties/deals';
    await own.misbehave({ answer: { status: 403, only, body: { category: 'MISSING_SCOPES' } } });
    const { fields } = await own.source.describe('machines', never);
    expect(fields['deals']).toEqual({ type: 'lines', label: 'deals', required: false, readOnly: true });
    expect(fields['name']).toBeDefined();
  });

  it('shows its edits, and its deletes', async () => {
    const { own, machine } = await withMachine();
    const first = await own.catchUp('machines', null);
    await own.edit('machines', machine.id, { status: 'stopped' });
    own.clock.advance(hourMs);
    const second = await own.catchUp('machines', first.at(-1)!.cursor);
    expect(recordsOf(second)).toMatchObject([{ id: machine.id, status: 'stopped' }]);
    await own.remove('machines', machine.id);
    own.clock.advance(hourMs);
    const third = await own.catchUp('machines', second.at(-1)!.cursor);
    expect(changesOf(third)).toMatchObject([{ kind: 'delete', id: machine.id }]);
  });

  it('takes write-back', async () => {
    const { own, machine } = await withMachine();
    const item = {
      id: 'a',
      externalKey: '',
      targetId: machine.id,
      fields: { erp_machine_number: '42' },
      lines: {},
    };
    expect(await own.sink.upsertBatch('machines', [item], never)).toEqual([
      { id: 'a', status: 'updated', targetId: machine.id },
    ]);
    const request = { entity: 'machines', ids: [machine.id], fields: ['erp_machine_number'] };
    expect(await own.sink.readByIds(request, never)).toMatchObject([
      { status: 'found', record: { erp_machine_number: '42' } },
    ]);
  });

  it('is read with more properties where the settings name it, whatever the mapping calls it', async () => {
    const { own } = await withMachine({ settings: { properties: { machines: ['hs_num_open_deals'] } } });
    const { fields } = await own.source.describe(typeId, never);
    expect(fields).toHaveProperty('hs_num_open_deals');
  });

  it('is looked up once, however often it is read', async () => {
    const { own } = await withMachine();
    const pages = await own.catchUp('machines', null);
    await own.catchUp('machines', pages.at(-1)!.cursor);
    await own.source.describe('machines', never);
    expect(await schemasAsked(own)).toBe(1);
    own.clock.advance(hourMs);
    await own.source.describe('machines', never);
    expect(await schemasAsked(own)).toBe(2);
  });

  it('that does not exist is refused with the names of those that do', async () => {
    const { own } = await withMachine();
    const fault = await faultOf(own.source.describe('machinez', never));
    expect(fault).toMatchObject({ kind: 'config', code: 'hubspot_unknown_entity' });
    expect(fault.message).toMatch(
      /^This HubSpot account has no object "machinez". Its custom objects are machines; the standard ones are companies, contacts, deals, products, tickets, /,
    );
    const request = { entity: '2-999', with: [], cursor: null, now: own.clock.now() };
    expect((await faultOf(own.source.changesSince(request, never))).code).toBe('hubspot_unknown_entity');
    const lines = await faultOf(own.source.describe('line_items', never));
    expect(lines.message).toContain('Line items are read with their deal: `with: [line_items]`.');
  });

  it('that is asked for again after it was refused is looked for again', async () => {
    const own = await bench();
    const only = '/crm-object-schemas/v3/schemas';
    await own.misbehave({ answer: { status: 200, only, body: { results: [] } } });
    expect((await faultOf(own.source.describe('machines', never))).message).toContain(
      'It has no custom objects; the standard ones are',
    );
    await own.misbehave({});
    expect((await own.source.describe('machines', never)).entity).toBe('machines');
  });

  it('that the app may not see names the scope that is missing', async () => {
    const own = await bench();
    const context = { requiredGranularScopes: ['crm.schemas.custom.read'] };
    const body = { category: 'MISSING_SCOPES', errors: [{ message: 'A scope is required.', context }] };
    const only = '/crm-object-schemas/v3/schemas';
    await own.misbehave({ answer: { status: 403, only, body } });
    const fault = await faultOf(own.source.describe('machines', never));
    expect(fault).toMatchObject({ kind: 'config', code: 'hubspot_missing_scope' });
    expect(fault.message).toContain('crm.schemas.custom.read');
  });

  it('that was deleted since it was looked up is a fault of the settings, and of no record', async () => {
    const { own } = await withMachine();
    const first = await own.catchUp('machines', null);
    const body = { status: 'error', message: `Unable to infer object type from: ${typeId}` };
    await own.misbehave({ answer: { status: 400, body, only: `/crm/v3/objects/${typeId}/search` } });
    const request = { entity: 'machines', with: [], cursor: first.at(-1)!.cursor, now: own.clock.now() };
    expect(await faultOf(own.source.changesSince(request, never))).toMatchObject({
      kind: 'config',
      code: 'hubspot_unknown_entity',
    });
  });
});

describe('another standard object of HubSpot', () => {
  it('is read with the properties that people fill in, and with its primary company', async () => {
    const own = await bench();
    const [first, primary] = [
      await own.add('companies', { name: 'A' }),
      await own.add('companies', { name: 'B' }),
    ];
    const ticket = await own.add('tickets', {
      subject: 'It leaks',
      hs_pipeline_stage: '2',
      company: primary.id,
    });
    await own.call('PUT', `/crm/v4/objects/tickets/${ticket.id}/associations/default/companies/${first.id}`);
    own.clock.advance(hourMs);
    const [record] = recordsOf(await own.catchUp('tickets', null, ['company']));
    expect(record).toMatchObject({
      id: ticket.id,
      subject: 'It leaks',
      hs_pipeline_stage: '2',
      hs_ticket_priority: null,
      company: { id: primary.id, name: 'B' },
    });
    expect(record).not.toHaveProperty('hs_time_to_close');
    expect(await schemasAsked(own)).toBeUndefined();
  });

  it('that is not switched on in the account is refused', async () => {
    const own = await bench();
    await own.misbehave({ answer: { status: 404, only: '/crm/v3/properties/0-410' } });
    expect(await faultOf(own.source.describe('courses', never))).toMatchObject({
      kind: 'config',
      message: 'HubSpot lists no properties for courses (0-410): is this object switched on in the account?',
    });
  });
});

describe("the sandbox's custom object", () => {
  it('stands in every account, empty, and is told of by the schemas API under each of its addresses', async () => {
    for (const seed of ['empty', 'northwind']) {
      const own = await bench({ seed });
      expect(await own.all('machines')).toEqual([]);
      for (const path of [
        '/crm/v3/schemas',
        '/crm-object-schemas/v3/schemas',
        '/crm-object-schemas/2026-03/schemas',
      ]) {
        const { status, body } = await own.call('GET', path);
        expect(status).toBe(200);
        expect(body.results).toMatchObject([
          {
            name: 'machines',
            fullyQualifiedName: 'p4210077_machines',
            objectTypeId: '2-31460077',
            labels: { singular: 'Machine', plural: 'Machines' },
            associations: [
              { fromObjectTypeId: '2-31460077', toObjectTypeId: '0-2' },
              { fromObjectTypeId: '0-2', toObjectTypeId: '2-31460077' },
            ],
          },
        ]);
      }
      expect((await own.call('GET', '/crm/v3/schemas/p_machines')).body).toMatchObject({ name: 'machines' });
      expect((await own.call('GET', '/crm/v3/schemas/machines')).status).toBe(400);
      expect((await own.call('GET', '/crm/v3/schemas/companies')).status).toBe(404);
    }
  });

  it('takes records over the protocol, with their company, and refuses values that do not fit', async () => {
    const own = await bench();
    const company = await own.add('companies', { name: 'A' });
    const { body } = await own.call('POST', '/crm/v3/objects/2-31460077', {
      properties: { name: 'Press', power_kw: '7.5' },
      associations: [{ to: { id: company.id }, types: [{ associationTypeId: 41 }] }],
    });
    expect(await own.all('machines')).toMatchObject([{ id: body.id, name: 'Press', company: company.id }]);
    const read = await own.call('GET', `/crm/v3/objects/p_machines/${body.id}?associations=companies`);
    expect(read.body.associations).toEqual({
      companies: { results: [{ id: company.id, type: 'p4210077_machines_to_companies' }] },
    });
    const refused = await own.call('POST', '/crm/v3/objects/p4210077_machines', {
      properties: { status: 'broken', power_kw: 'much' },
    });
    expect(refused.body.errors.map(({ code }) => code)).toEqual(['INVALID_OPTION', 'INVALID_INTEGER']);
  });
});
