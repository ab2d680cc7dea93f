import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { sweep } from '../../src/sync/sweep.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import { aMapping, startJourney } from './journey.ts';
import { memorySink, memorySource } from './memory-systems.ts';
import {
  between,
  closeAll,
  closeLater,
  explained,
  names,
  once,
  readChanges,
  sql,
  stateOf,
} from './setting.ts';

afterEach(closeAll);

const never = new AbortController().signal;
const fault = (kind: Fault['kind'], code: string): Fault =>
  new Fault({ kind, code, message: `it said ${code}` });

describe('a record that comes back', () => {
  it('is created again after its ERP record was deleted with it', async () => {
    const { source, sink, journey } = await between([aMapping({ flow: 'accounts', whenDeleted: 'delete' })]);
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    source.remove('c1');
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c1')]).toEqual([0, 'removed']);
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    expect([names(sink), await stateOf(journey, 'c1')]).toEqual([['Acme'], 'synced']);
  });
});

describe('a create that was answered too late', () => {
  it('is written again when it is found, because how much of it was written is not known', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'whole' });
    sink.after = once(() => {
      for (const record of sink.records.values()) record.fields['name'] = 'half';
      throw fault('ambiguous', 'no_answer');
    });
    await journey.carry();
    expect([names(sink), await stateOf(journey, 'c1')]).toEqual([['whole'], 'synced']);
  });
});

describe('two flows of one entity', () => {
  it('both get a change that a resync of one of them brought in', async () => {
    const stream = { from: 'crm', entity: 'companies', with: [] };
    const mappings = ['accounts', 'ledgers'].map((flow) => aMapping({ flow, read: stream }));
    const { source, sink, journey } = await between(mappings);
    source.put('c1', { name: 'before' });
    await journey.carry();
    source.put('c1', { name: 'after' });
    const [accounts] = mappings;
    if (accounts === undefined) throw new Error('no mapping');
    await resyncIds(journey.context, accounts, ['c1'], never);
    const queued = await sql(
      journey,
      `select name from causeway_jobs.job where state = 'created' order by 1`,
    );
    expect(queued).toEqual([{ name: 'push/accounts' }, { name: 'push/ledgers' }]);
    // A job whose keeping is over is deleted by pg-boss's own housekeeping, whenever that comes by.
    expect(await sql(journey, 'select name from causeway_jobs.job where keep_until < now()')).toEqual([]);
    await journey.carry();
    expect(names(sink)).toEqual(['after', 'after']);
  });

  it('are not both sent again when one of them is asked for', async () => {
    const stream = { from: 'crm', entity: 'companies', with: [] };
    const mappings = ['accounts', 'ledgers'].map((flow) => aMapping({ flow, read: stream }));
    const { source, sink, journey } = await between(mappings);
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    const [accounts] = mappings;
    if (accounts === undefined) throw new Error('no mapping');
    await resyncIds(journey.context, accounts, ['c1'], never);
    expect(await stateOf(journey, 'c1', 1)).toBe('synced');
    await journey.carry();
    expect(sink.batches.map((batch) => batch.map(({ externalKey }) => externalKey))).toEqual([
      ['crm/companies/c1>accounts'],
      ['crm/companies/c1>ledgers'],
      ['crm/companies/c1>accounts'],
    ]);
  });
});

describe('a merge', () => {
  it('keeps saying that an ERP record of its own needs a person', async () => {
    const { source, journey } = await between();
    source.put('a', { name: 'A' });
    source.put('b', { name: 'B' });
    await journey.carry();
    source.merge('a', 'c');
    source.merge('b', 'c');
    source.put('c', { name: 'C' });
    await journey.carry();
    const reasons = [
      (await explained(journey, 'a'))?.record.reason,
      (await explained(journey, 'b'))?.record.reason,
    ];
    expect(reasons.filter((reason) => reason?.includes('needs a person'))).toHaveLength(1);
  });
});

describe('a system that answers for single items', () => {
  it('does not loop over an item whose rights are missing: it uses up attempts, and its neighbours are done', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 5; n++) source.put(`c${n}`, { name: n === 2 ? 'forbidden' : `Company ${n}` });
    sink.refuse = (item) => (item.fields['name'] === 'forbidden' ? fault('config', 'no_right') : null);
    let seen = 0;
    journey.at = (step) => {
      if (step === 'settled' && ++seen > 2) sink.refuse = () => null;
    };
    await journey.carry();
    expect(sink.batches.length).toBeLessThan(10);
    expect(sink.records.size).toBe(5);
  });

  it('sends a record that is never answered alone, and carries the others', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 10; n++) source.put(`c${n}`, { name: n === 4 ? 'poison' : `Company ${n}` });
    sink.before = (items) => {
      if (items.some((item) => item.fields['name'] === 'poison')) throw fault('ambiguous', 'timeout');
    };
    let rounds = 0;
    journey.at = (step) => {
      if (step === 'settled' && ++rounds > 8) sink.before = () => {};
    };
    await journey.carry();
    expect(sink.records.size).toBe(10);
    expect(
      await sql(
        journey,
        `select count(*)::int as twice from (select 1 from causeway.link group by target_id having count(*) > 1) as d`,
      ),
    ).toEqual([{ twice: 0 }]);
  });
});

describe('a write-back that the CRM refuses', () => {
  it('is put aside at once, is told in the history, and is made up for by a resync', async () => {
    const [source, crm, sink] = [memorySource(), memorySink(), memorySink()];
    const mapping = aMapping({ flow: 'accounts', writeBack: [{ to: 'crm', field: 'erp', from: 'id' }] });
    const journey = closeLater(
      await startJourney({
        connections: { crm: { source, sink: crm }, erp: { source: null, sink } },
        mappings: [mapping],
      }),
    );
    source.put('c1', { name: 'Acme' });
    crm.refuse = () => fault('invalid_record', 'no_such_property');
    await journey.carry();
    expect(crm.batches).toHaveLength(1);
    expect((await explained(journey, 'c1'))?.history.map(({ event }) => event)).toEqual([
      'write_back_failed',
      'created',
    ]);
    crm.refuse = () => null;
    crm.records.set('c1', { id: 'c1', externalKey: 'c1', fields: {}, lines: {}, writes: 0 });
    await resyncIds(journey.context, mapping, ['c1'], never);
    await journey.carry();
    expect(crm.records.get('c1')?.fields).toEqual({ erp: '1' });
  });
});

describe('a connection that speaks to another tenant', () => {
  it('is not written to, even if it did not answer when the process started', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    journey.context.verified.clear();
    sink.check = () => Promise.resolve({ identity: 'another', version: '1' });
    source.put('c1', { name: 'Changed' });
    const runs = await journey.carry();
    expect(runs.at(-1)?.stopped?.reason).toContain('now speaks to another');
    expect(names(sink)).toEqual(['Acme']);
  });
});

describe('the sweep', () => {
  it('leaves records alone that have a job, and queues those whose job is gone', async () => {
    const { source, journey } = await between();
    for (const id of ['a', 'b', 'c']) source.put(id, { name: id });
    await journey.carry();
    for (const id of ['a', 'b', 'c']) source.put(id, { name: `new ${id}` });
    await readChanges(journey);
    const [mapping] = journey.context.mappings();
    if (mapping === undefined) throw new Error('no mapping');
    expect(await sweep(journey.context, mapping)).toBe(0);
    await sql(journey, `delete from causeway_jobs.job where singleton_key = 'b'`);
    expect(await sweep(journey.context, mapping)).toBe(1);
    expect(await sweep(journey.context, mapping)).toBe(0);
  });
});
