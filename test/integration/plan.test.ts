import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { countPlannedChanges } from '../../src/sync/planned-count.ts';
import { type Plan, planFlow } from '../../src/sync/plan-report.ts';
import { resyncChanged } from '../../src/sync/resync-changed.ts';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import { carriedBy, compiled, customers, type Edited } from './edited-mapping.ts';
import { closeAll, explained, once, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const never = new AbortController().signal;

const planned = (edited: Edited, mapping: CompiledMapping, live = false): Promise<Plan> => {
  const connection = edited.reading.connections.get('erp');
  const sink = connection?.sink;
  if (!connection || !sink) throw new Error('no ERP');
  const options = { sample: 10, live: live ? { connection, sink } : null, onProgress: () => {} };
  return planFlow(edited.reading, mapping, options, never);
};

const plain = customers('name: { from: name }\ncity: { from: city }');

async function threeCustomers(mapping = plain): Promise<Edited> {
  const edited = await carriedBy(mapping);
  edited.source.put('c1', { name: 'Alfreds', city: 'Berlin' });
  edited.source.put('c2', { name: 'Bottom', city: 'Tsawwassen' });
  edited.source.put('c3', { name: 'Chops', city: null });
  await edited.journey.carry();
  edited.sink.batches.length = 0;
  return edited;
}

describe('a plan', () => {
  it('finds nothing to change while the mapping is the one that made every delivery', async () => {
    const edited = await threeCustomers();
    expect(await planned(edited, plain)).toMatchObject({
      records: 3,
      changed: 0,
      endings: { unchanged: 3 },
      fields: [],
      sample: [],
    });
  });

  it('counts by ending and by field what an edit would change, with old and new values, and sends nothing', async () => {
    const edited = await threeCustomers();
    const upper = customers(
      'name: { from: name }\ncity: { template: "in {city}" }\nnote: { value: hello }',
      'only_when: name != "Chops"\nwhen_it_leaves: deactivate\n',
    );
    const plan = await planned(edited, upper);
    expect(plan).toMatchObject({
      records: 3,
      changed: 3,
      queuedAnyway: 0,
      endings: { update: 2, remove: 1, unchanged: 0 },
      fields: [
        { field: 'city', records: 2 },
        { field: 'note', records: 2 },
      ],
      unknownBefore: 0,
    });
    expect(plan.sample[0]).toMatchObject({
      id: 'c1',
      ending: 'update',
      was: 'synced',
      changes: [
        { field: 'city', old: 'Berlin', new: 'in Berlin' },
        { field: 'note', new: 'hello' },
      ],
    });
    expect(edited.sink.batches).toEqual([]);
    expect(await stateOf(edited.journey, 'c1')).toBe('synced');
  });

  it('names what would be rejected, and what would wait', async () => {
    const edited = await threeCustomers();
    const strict = customers('name: { from: name }\ncity: { from: city, required: true }');
    const plan = await planned(edited, strict);
    expect(plan.changedByEnding).toMatchObject({ rejected: 1, update: 0 });
    expect(plan.codes).toEqual([{ code: 'value_missing', records: 1 }]);
    expect(plan.sample).toMatchObject([
      { id: 'c3', ending: 'rejected', reason: '`city` is empty, and the field must have a value' },
    ]);
  });

  it('counts a record that changed in the source as one that goes anyway', async () => {
    const edited = await threeCustomers();
    edited.source.put('c1', { name: 'Alfreds', city: 'Bonn' });
    edited.sink.before = () => {
      throw new Fault({ kind: 'auth', code: 'memory_locked', message: 'the ERP takes nothing' });
    };
    await edited.journey.carry();
    expect(await planned(edited, plain)).toMatchObject({ changed: 1, queuedAnyway: 1 });
  });

  it('says of how many updates the former payload is not kept', async () => {
    const edited = await threeCustomers();
    await sql(edited.journey, 'delete from payload');
    const plan = await planned(edited, customers('name: { from: name }\ncity: { value: X }'));
    expect(plan).toMatchObject({ changed: 3, unknownBefore: 3, fields: [] });
    expect(plan.sample[0]?.changes).toBeNull();
  });

  it('holds lines against the lines that were delivered, each by its key', async () => {
    const lines = (price: string): CompiledMapping =>
      customers(
        'name: { from: name }',
        `lines:\n  order_line:\n    for_each: items\n    key: id\n    fields:\n      price: ${price}\n`,
      );
    const before = lines('{ from: price }');
    const edited = await carriedBy(before);
    edited.source.put('c1', {
      name: 'A',
      items: [
        { id: '7', price: '1.5' },
        { id: '8', price: '2.00' },
      ],
    });
    await edited.journey.carry();
    const plan = await planned(edited, lines('{ from: price, as: decimal, scale: 2 }'));
    expect(plan.fields).toEqual([{ field: 'order_line.price', records: 1 }]);
    expect(plan.sample[0]?.changes).toEqual([
      { field: 'order_line[7].price', group: 'order_line.price', old: '1.5', new: '1.50' },
    ]);
  });

  it('adds up over more pages than one, and tells how far it is', async () => {
    const edited = await carriedBy(plain);
    edited.source.pageSize = 1000;
    for (let n = 0; n < 2500; n++) edited.source.put(`c${n}`, { name: `Company ${n}`, city: 'Berlin' });
    await edited.journey.carry();
    const seen: number[] = [];
    const plan = await planFlow(
      edited.reading,
      customers(
        'name: { from: name }\ncity: { from: city, map: m, required: true }',
        'value_maps: { m: { Berlin: BE } }\n',
      ),
      { sample: 5, live: null, onProgress: (done, total) => seen.push(done / total) },
      never,
    );
    expect(plan).toMatchObject({ records: 2500, changed: 2500, endings: { update: 2500 } });
    expect(plan.sample).toHaveLength(5);
    expect(seen).toEqual([0.4, 0.8, 1]);
  });
});

describe('a plan against the values of the ERP', () => {
  it('shows what somebody changed there, and what is gone, and sends nothing', async () => {
    const edited = await threeCustomers();
    const named = (name: string) =>
      [...edited.sink.records.values()].find(({ fields }) => fields['name'] === name);
    Object.assign(named('Alfreds')?.fields ?? {}, { city: 'Nowhere' });
    edited.sink.records.delete(named('Bottom')?.id ?? '');
    const plan = await planned(edited, plain, true);
    expect(plan).toMatchObject({ comparedWith: 'live', changed: 0, drifted: 1, missing: 1 });
    expect(plan.sample).toMatchObject([
      { changes: [{ field: 'city', old: 'Nowhere', new: 'Berlin' }] },
      { reason: 'the ERP does not have it any more' },
    ]);
    expect(edited.sink.batches).toEqual([]);
  });
});

describe('resync --changed', () => {
  it('sends exactly the records of the plan, and then nothing is left to plan', async () => {
    const edited = await threeCustomers();
    const mapped = customers('name: { from: name }\ncity: { from: city, default: unknown }');
    const ids = (await planned(edited, mapped)).sample.map(({ id }) => id);
    edited.edit(mapped);
    expect(await resyncChanged(edited.journey.context, mapped, () => {}, never)).toBe(1);
    expect((await explained(edited.journey, 'c3'))?.record).toMatchObject({
      state: 'pending',
      reason: 'the mapping has changed, and it comes out differently',
    });
    await edited.journey.carry();
    expect(edited.sink.batches.flat().map(({ id }) => id)).toEqual(ids);
    expect(ids).toEqual(['c3']);
    expect(await planned(edited, mapped)).toMatchObject({ changed: 0 });
  });

  it('is not lost on a worker that has not seen the edit yet', async () => {
    const edited = await threeCustomers();
    const mapped = customers('name: { from: name }\ncity: { template: "in {city}" }');
    expect(await resyncChanged(edited.journey.context, mapped, () => {}, never)).toBe(2);
    // The worker still holds the old file, and finds the edit when it looks.
    edited.journey.looksAgain = () => edited.edit(mapped);
    await edited.journey.carry();
    expect(
      edited.sink.batches
        .flat()
        .map(({ fields }) => fields['city'])
        .sort(),
    ).toEqual(['in Berlin', 'in Tsawwassen']);
  });

  it('is not lost on a record that is being sent with the old mapping at that moment', async () => {
    const edited = await threeCustomers();
    const mapped = customers('name: { from: name }\ncity: { template: "in {city}" }');
    edited.source.put('c1', { name: 'Alfreds', city: 'Bonn' });
    edited.sink.after = once(async () => {
      edited.edit(mapped);
      await resyncChanged(edited.journey.context, mapped, () => {}, never);
    });
    await edited.journey.carry();
    expect([...edited.sink.records.values()].map(({ fields }) => fields['city']).sort()).toEqual([
      'in Bonn',
      'in Tsawwassen',
      undefined,
    ]);
    expect(await planned(edited, mapped)).toMatchObject({ changed: 0 });
  });

  it('sends a field that was for updates alone and is written always from now on', async () => {
    const rules = 'name: { from: name }\nsite: { value: x.example';
    const before = customers(`${rules}, write_on: update }`);
    const edited = await carriedBy(before);
    edited.source.put('a', { name: 'A' });
    await edited.journey.carry();
    const always = customers(`${rules} }`);
    expect(await planned(edited, always)).toMatchObject({
      changed: 1,
      fields: [{ field: 'site', records: 1 }],
    });
  });

  it('queues nothing when only a comment was edited', async () => {
    const edited = await threeCustomers();
    const same = customers('name: { from: name }\ncity: { from: city } # the city');
    expect(same.hash).not.toBe(plain.hash);
    edited.edit(same);
    expect(await resyncChanged(edited.journey.context, same, () => {}, never)).toBe(0);
  });

  it('takes up a dead letter that the edit has mended, and leaves one alone that the ERP refused', async () => {
    const strict = customers('name: { from: name }\nvat: { from: vat, as: integer }');
    const edited = await carriedBy(strict);
    edited.source.put('a', { name: 'A', vat: 'x' });
    edited.source.put('b', { name: 'B', vat: '1' });
    edited.sink.refuse = ({ id }) =>
      id === 'b' ? new Fault({ kind: 'invalid_record', code: 'memory_refused', message: 'no' }) : null;
    await edited.journey.carry();
    expect([await stateOf(edited.journey, 'a'), await stateOf(edited.journey, 'b')]).toEqual([
      'dead',
      'dead',
    ]);
    expect(await planned(edited, strict)).toMatchObject({ changed: 0 });

    const loose = customers('name: { from: name }\nvat: { from: vat }');
    edited.edit(loose);
    edited.sink.refuse = () => null;
    expect(await resyncChanged(edited.journey.context, loose, () => {}, never)).toBe(2);
    await edited.journey.carry();
    expect(await stateOf(edited.journey, 'a')).toBe('synced');
    expect(
      await sql(edited.journey, `select from causeway_jobs.job where name = 'push/customers/dead'`),
    ).toEqual([]);
  });

  it('wakes a record that waited for another which the mapping no longer asks for', async () => {
    const parents = {
      path: 'p.yaml',
      text: 'flow: parents\nread: { from: crm, entity: parents }\nwrite: { to: erp, entity: p }\nfields: { name: { from: name } }\n',
    };
    const waits = compiled([
      parents,
      {
        path: 'c.yaml',
        text: 'flow: children\nread: { from: crm, entity: children }\nwrite: { to: erp, entity: c }\nfields: { name: { from: name }, up: { reference: parents, from: up } }\n',
      },
    ]);
    const free = compiled([
      parents,
      {
        path: 'c.yaml',
        text: 'flow: children\nread: { from: crm, entity: children }\nwrite: { to: erp, entity: c }\nfields: { name: { from: name } }\n',
      },
    ]);
    const edited = await carriedBy(...waits);
    edited.source.put('k', { name: 'K', up: 'gone' });
    await edited.journey.carry(['children']);
    const index = edited.journey.context.mappings().findIndex(({ flow }) => flow === 'children');
    expect(await stateOf(edited.journey, 'k', index)).toBe('waiting');
    edited.edit(...free);
    const children = free.find(({ flow }) => flow === 'children') as CompiledMapping;
    expect(await resyncChanged(edited.journey.context, children, () => {}, never)).toBe(1);
    await edited.journey.carry(['children']);
    expect(await stateOf(edited.journey, 'k', index)).toBe('synced');
  });
});

describe('the status after an edit', () => {
  it('counts again when a run has decided about records since', async () => {
    const edited = await threeCustomers();
    const { context } = edited.journey;
    const commented = customers('name: { from: name }\ncity: { from: city } # the city');
    expect(await countPlannedChanges(context, commented, never)).toMatchObject({ records: 0 });
    const mapped = customers('name: { from: name }\ncity: { template: "in {city}" }');
    edited.edit(mapped);
    await resyncChanged(context, mapped, () => {}, never);
    await edited.journey.carry();
    expect(await countPlannedChanges(context, commented, never)).toMatchObject({ records: 2 });
  });

  it('says how many records a plan would touch, computed once for each version of the mapping', async () => {
    const edited = await threeCustomers();
    const { context } = edited.journey;
    expect(await countPlannedChanges(context, plain, never)).toBeNull();
    const mapped = customers('name: { from: name }\ncity: { from: city, default: unknown }');
    const first = await countPlannedChanges(context, mapped, never);
    expect(first).toMatchObject({ records: 1 });
    expect(await countPlannedChanges(context, mapped, never)).toEqual(first);
    const commented = customers('name: { from: name }\ncity: { from: city } # the city');
    expect(await countPlannedChanges(context, commented, never)).toMatchObject({ records: 0 });
  });
});

describe('dry means dry (P9)', () => {
  it('has a database that refuses to be written to', async () => {
    const { reading } = await threeCustomers();
    await expect(reading.database.query(`delete from link`)).rejects.toMatchObject({ code: '25006' });
  });

  it('has connections without any method that writes', async () => {
    const { reading } = await threeCustomers();
    for (const { sink } of reading.connections.values())
      for (const method of ['upsertBatch', 'remove']) expect(sink ?? {}).not.toHaveProperty(method);
  });
});
