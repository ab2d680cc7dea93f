import { afterEach, describe, expect, it } from 'vitest';
import { audited, type Audited } from './audited.ts';
import { carriedBy, compiled } from './edited-mapping.ts';
import { auditFlow } from '../../src/sync/audit.ts';
import { closeAll, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const customers = (rest = '', fields = '') =>
  compiled([
    {
      path: 'mappings/customers.yaml',
      text: `flow: customers
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner, key: ref }
only_when: name != "Left out"
fields:
  name: { from: name, required: true }
  ref: { from: id }
  city: { from: city }
${fields}${rest}`,
    },
  ]);

type Carried = Audited & { readonly ids: readonly string[]; readonly targets: readonly string[] };

/** Companies that were carried, with their ids in both systems. */
async function carried(names: readonly string[], mappings = customers()): Promise<Carried> {
  const world = await audited(...mappings);
  const ids: string[] = [];
  for (const name of names)
    ids.push(String((await world.crm('POST', 'records/companies', { name, city: 'Berlin' }))['id']));
  await world.journey.carry();
  const partners = await world.partners();
  const targets = ids.map((id) => String(partners.find(({ ref }) => ref === id)?.id));
  return { ...world, ids, targets };
}

const anHourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();
const none = { missing: 0, extra: 0, stale: 0, changed: 0, duplicated: 0, gone: 0 };

describe('an audit', () => {
  it('finds nothing where everything was carried, and says how much it looked at', async () => {
    const world = await carried(['One', 'Two', 'Left out']);
    expect(await world.audit()).toMatchObject({
      findings: none,
      total: 0,
      missed: 0,
      looked: { source: 3, mirrored: 3, compared: 2, own: 2 },
      excused: [{ as: 'skipped', records: 1 }],
      unchecked: [],
      sample: [],
    });
  });

  it('finds a record whose ERP record is gone, and --fix has it created again', async () => {
    const world = await carried(['One', 'Two']);
    await world.erp('DELETE', `records/res.partner/${world.targets[0]}`);
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, missing: 1 });
    expect(found.sample).toMatchObject([{ kind: 'missing', id: world.ids[0], targetId: world.targets[0] }]);
    expect(await world.fix()).toEqual({ again: 0, created: 1, removed: 0, unknown: 0 });
    await world.journey.carry();
    expect(await world.partners()).toHaveLength(2);
    expect((await world.audit()).total).toBe(0);
  });

  it('finds what a person changed in the ERP, with who and when, and --fix writes our value again', async () => {
    const world = await carried(['One', 'Two']);
    await world.erp('PATCH', `records/res.partner/${world.targets[1]}?user=demo`, {
      city: 'Nowhere',
      phone: 'not ours',
    });
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, changed: 1 });
    expect(found.sample).toMatchObject([
      {
        id: world.ids[1],
        changedBy: 'Marc Demo',
        changedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        fields: [{ field: 'city', expected: 'Berlin', found: 'Nowhere' }],
      },
    ]);
    expect(await world.fix()).toMatchObject({ again: 1 });
    await world.journey.carry();
    const partner = (await world.partners()).find(({ id }) => String(id) === world.targets[1]);
    expect(partner).toMatchObject({ city: 'Berlin', phone: 'not ours' });
    expect((await world.audit()).total).toBe(0);
  });

  it('finds an ERP record of ours that nothing stands behind, and never deletes it', async () => {
    const world = await carried(['One', 'Two']);
    await world.crm('DELETE', `records/companies/${world.ids[0]}`);
    for (const table of ['link', 'mirror', 'payload'])
      await sql(world.journey, `delete from ${table} where source_id = '${world.ids[0]}'`);
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, extra: 1 });
    expect(found.sample).toMatchObject([
      { id: world.ids[0], targetId: world.targets[0], changedBy: 'Mitchell Admin' },
    ]);
    expect(await world.fix()).toEqual({ again: 0, created: 0, removed: 0, unknown: 0 });
    await world.journey.carry();
    expect(await world.partners()).toHaveLength(2);
  });

  it('finds two ERP records with one business key, once, whoever made the second', async () => {
    const world = await carried(['One', 'Two']);
    const twin = await world.erp('POST', 'records/res.partner', { name: 'One', ref: world.ids[0] });
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, duplicated: 1 });
    expect(found.sample[0]?.reason).toContain(`${world.targets[0]}, ${String(twin['id'])} hold the same ref`);
    expect(await world.fix()).toEqual({ again: 0, created: 0, removed: 0, unknown: 0 });
    expect(await world.partners()).toHaveLength(3);
  });

  it('finds two source records on one ERP record, and two ERP records for one key', async () => {
    const world = await carried(['One', 'Two']);
    const [one, two] = world.targets;
    await sql(world.journey, `update link set target_id = '${one}' where source_id = '${world.ids[1]}'`);
    const found = await world.audit();
    const duplicated = found.sample.filter(({ kind }) => kind === 'duplicated');
    expect(duplicated.map(({ reason }) => reason)).toEqual([
      expect.stringContaining(`the ERP record ${one} stands for ${world.ids[0]} and ${world.ids[1]}`),
      expect.stringContaining(`the ERP record ${two} bears the key of ${world.ids[1]}`),
    ]);
    expect(found.findings).toMatchObject({ duplicated: 2, extra: 0, missing: 0 });
  });

  it('finds a record that the CRM has no longer, and --fix takes it in as a delete', async () => {
    const world = await carried(['One', 'Two'], customers('when_deleted: deactivate\n'));
    // Long enough ago that no poll reads it: as a source that leaves no trace.
    await world.crm('DELETE', `records/companies/${world.ids[0]}`);
    await sql(
      world.journey,
      `update source_cursor set position = jsonb_set(position, '{archived}', '{"until": ${Date.now() + 3_600_000}, "restUntil": ${Date.now() + 3_600_000}}')`,
    );
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, gone: 1 });
    expect(await world.fix()).toEqual({ again: 0, created: 0, removed: 1, unknown: 0 });
    await world.journey.carry();
    expect(await stateOf(world.journey, world.ids[0] ?? '')).toBe('removed');
    const partner = (await world.partners()).find(({ id }) => String(id) === world.targets[0]);
    expect(partner).toMatchObject({ active: false });
    expect(await world.audit()).toMatchObject({ total: 0, excused: [{ as: 'removed', records: 1 }] });
  });
});

describe('a change that no poll delivered', () => {
  it('is an alarm, and --fix carries it', async () => {
    const world = await carried(['One', 'Two']);
    await sql(world.journey, `update mirror set modified_at = modified_at - interval '2 hours'`);
    // Committed late, with a stamp that lies behind the watermark.
    const late = { city: 'Potsdam', modifiedAt: anHourAgo() };
    await world.crm('PATCH', `records/companies/${world.ids[0]}`, late);
    await world.crm('POST', 'records/companies', { name: 'Three', modifiedAt: anHourAgo() });
    await world.journey.carry();
    const found = await world.audit();
    expect(found).toMatchObject({ findings: { ...none, stale: 1, missing: 1 }, missed: 2 });
    expect(found.sample.map(({ missed }) => missed)).toEqual([true, true]);
    expect(await world.fix()).toMatchObject({ again: 2 });
    await world.journey.carry();
    expect((await world.partners()).map(({ city }) => city).sort()).toEqual(['Berlin', 'Potsdam', false]);
    expect(await world.audit()).toMatchObject({ total: 0, missed: 0 });
  });

  it('is none where the flow does not use it, and none where the record is left out', async () => {
    const world = await carried(['One', 'Two']);
    await sql(world.journey, `update mirror set modified_at = modified_at - interval '2 hours'`);
    const late = { phone: '030', modifiedAt: anHourAgo() };
    await world.crm('PATCH', `records/companies/${world.ids[0]}`, late);
    await world.crm('POST', 'records/companies', { name: 'Left out', modifiedAt: anHourAgo() });
    const found = await world.audit();
    expect(found).toMatchObject({ total: 0, missed: 0 });
    expect(found.excused.map(({ as }) => as).sort()).toEqual(['skipped', 'unused']);
  });
});

describe('what is no finding', () => {
  it('is a change that the next run reads, and a delete that it reads', async () => {
    const world = await carried(['One', 'Two']);
    await world.crm('PATCH', `records/companies/${world.ids[0]}`, { city: 'Potsdam' });
    await world.crm('DELETE', `records/companies/${world.ids[1]}`);
    const found = await world.audit();
    expect(found).toMatchObject({ total: 0, missed: 0, excused: [{ as: 'unread', records: 2 }] });
  });

  it('is a line that the next run reads; one that no run reads is an alarm', async () => {
    const [orders] = compiled([
      {
        path: 'mappings/orders.yaml',
        text: `flow: orders
read: { from: crm, entity: deals, with: [line_items] }
write: { to: erp, entity: res.partner }
fields:
  name: { from: dealname }
  comment: { expr: 'line_items[0].quantity' }
`,
      },
    ]);
    const world = await audited(orders!);
    const deal = await world.crm('POST', 'records/deals', { dealname: 'One', modifiedAt: anHourAgo() });
    const line = await world.crm('POST', 'records/line_items', {
      name: 'a',
      quantity: '1',
      deal: deal['id'],
    });
    await world.journey.carry();
    expect(await world.audit()).toMatchObject({ total: 0, excused: [] });
    // The deal itself bears its old stamp.
    const path = `records/line_items/${String(line['id'])}`;
    await world.crm('PATCH', path, { quantity: '2' });
    expect(await world.audit()).toMatchObject({ total: 0, excused: [{ as: 'unread', records: 1 }] });
    await world.journey.carry();
    expect(await world.audit()).toMatchObject({ total: 0, excused: [] });
    await world.crm('PATCH', path, { quantity: '3', modifiedAt: anHourAgo() });
    expect(await world.audit()).toMatchObject({ findings: { ...none, stale: 1 }, missed: 1 });
  });

  it('is a record that is delivered while the audit looks at it', async () => {
    const [mapping] = customers();
    const { source, sink, journey, reading } = await carriedBy(mapping!);
    source.put('1', { name: 'One', city: 'Berlin' });
    await journey.carry();
    const read = sink.readByIds;
    sink.readByIds = async (request, signal) => {
      sink.readByIds = read;
      source.put('1', { name: 'One', city: 'Potsdam' });
      await journey.carry();
      return read(request, signal);
    };
    const options = {
      since: null,
      sample: 10,
      sleep: async () => {},
      onProgress: () => {},
      onFinding: () => {},
    };
    const found = await auditFlow(reading, mapping!, options, new AbortController().signal);
    expect(found).toMatchObject({
      total: 0,
      looked: { compared: 1 },
      excused: [{ as: 'pending', records: 1 }],
    });
    expect([...sink.records.values()][0]?.fields['city']).toBe('Potsdam');
  });

  it('is a record that waits to be sent, but one that no job carries is', async () => {
    const world = await carried(['One', 'Two']);
    await world.erp('PUT', 'misbehave', { unavailableEvery: 1 });
    await world.crm('PATCH', `records/companies/${world.ids[0]}`, { city: 'Potsdam' });
    await world.journey.carry().catch(() => {});
    await world.erp('PUT', 'misbehave', {});
    expect(await world.audit()).toMatchObject({ total: 0, excused: [{ as: 'pending', records: 1 }] });
    await sql(world.journey, `delete from causeway_jobs.job where singleton_key = '${world.ids[0]}'`);
    const found = await world.audit();
    expect(found.findings).toEqual({ ...none, stale: 1 });
    expect(found.sample[0]?.reason).toContain('no job carries it');
    expect(await world.fix()).toMatchObject({ again: 1 });
  });

  it('is a record that waits for another, or was put aside, each counted with since when', async () => {
    const [parents] = customers();
    const people = compiled([
      {
        path: 'mappings/people.yaml',
        text: `flow: people
read: { from: crm, entity: contacts, with: [company] }
write: { to: erp, entity: res.partner }
fields:
  name: { from: lastname, required: true }
  parent_id: { reference: customers, from: company.id }
`,
      },
      { path: 'mappings/customers.yaml', text: parents!.text },
    ]).find(({ flow }) => flow === 'people');
    const world = await carried(['One', 'Left out'], [parents!, people!]);
    const [one, leftOut] = world.ids;
    await world.crm('POST', 'records/contacts', { lastname: 'Waiting', company: leftOut });
    await world.crm('POST', 'records/contacts', { firstname: 'Nameless', company: one });
    await world.journey.carry();
    const found = await world.audit({ flow: 1 });
    expect(found.total).toBe(0);
    expect(found.excused.map(({ as, records }) => `${records} ${as}`).sort()).toEqual([
      '1 dead',
      '1 waiting',
    ]);
    expect(found.excused.every(({ since }) => since instanceof Date)).toBe(true);
  });

  it('is what an edited mapping would change: that is a matter of the plan', async () => {
    const world = await carried(['One']);
    world.edit(...customers('', '  comment: { value: hello }\n'));
    expect(await world.audit()).toMatchObject({
      total: 0,
      excused: [{ as: 'mapping_changed', records: 1 }],
    });
  });

  it('is said to be unchecked where the ERP does not let the user look', async () => {
    const world = await carried(['One']);
    await world.erp('PUT', 'misbehave', { restrictedUser: true });
    const found = await world.audit();
    expect(found).toMatchObject({ total: 0, looked: { own: null } });
    expect(found.unchecked).toEqual([expect.stringContaining('may not read external ids')]);
  });
});

describe('several ERP records of one source record', () => {
  it('are told apart by the part in their keys', async () => {
    const mappings = customers(
      'also:\n  office:\n    write: { to: erp, entity: res.partner }\n    fields:\n      name: { template: "{name} office" }\n',
    );
    const world = await carried(['One'], mappings);
    for (const flow of [0, 1])
      expect(await world.audit({ flow })).toMatchObject({ total: 0, looked: { compared: 1, own: 1 } });
    const office = (await world.partners()).find(({ name }) => name === 'One office');
    await world.erp('PATCH', `records/res.partner/${office?.id}`, { name: 'Other' });
    expect((await world.audit({ flow: 0 })).total).toBe(0);
    expect((await world.audit({ flow: 1 })).findings).toEqual({ ...none, changed: 1 });
    // The part is taken out of the file: what it made is left over.
    world.edit(...customers());
    await sql(world.journey, `delete from link where flow = 'customers.office'`);
    expect((await world.audit()).findings).toEqual({ ...none, extra: 1 });
  });
});

describe('--since', () => {
  it('judges only records that changed in the source from then on', async () => {
    const world = await carried(['One', 'Two']);
    await sql(
      world.journey,
      `update mirror set modified_at = modified_at - interval '1 day' where source_id = '${world.ids[0]}'`,
    );
    for (const target of world.targets)
      await world.erp('PATCH', `records/res.partner/${target}`, { city: 'X' });
    const found = await world.audit({ since: new Date(anHourAgo()) });
    expect(found).toMatchObject({ findings: { ...none, changed: 1 }, looked: { mirrored: 1 } });
    expect(found.sample.map(({ id }) => id)).toEqual([world.ids[1]]);
  });
});
