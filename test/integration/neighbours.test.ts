import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import { aMapping, startJourney } from './journey.ts';
import { type MemorySink, type MemorySource, memorySink, memorySource } from './memory-systems.ts';
import {
  type Setting,
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

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

describe('P4: one bad record holds up nobody', () => {
  const bad = new Fault({
    kind: 'invalid_record',
    code: 'memory_refused',
    message: 'name is not allowed',
    fields: [{ field: 'name', message: 'is not allowed' }],
  });

  it('delivers the neighbours of a refused record and says why it was refused', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 50; n++) source.put(`c${n}`, { name: n === 17 ? 'bad' : `Company ${n}` });
    sink.refuse = (item) => (item.fields['name'] === 'bad' ? bad : null);
    const [first] = await journey.carry();
    expect([first?.run.created, first?.run.dead]).toEqual([49, 1]);
    expect(sink.batches.map((batch) => batch.length)).toEqual([50, 49]);
    expect((await explained(journey, 'c17'))?.record).toMatchObject({
      state: 'dead',
      code: 'memory_refused',
      fields: [{ field: 'name', message: 'is not allowed' }],
    });
  });

  it('finds the culprit by halving when the whole batch is refused without naming one', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 64; n++) source.put(`c${n}`, { name: n === 17 ? 'bad' : `Company ${n}` });
    sink.before = (items) => {
      if (items.some((item) => item.fields['name'] === 'bad')) throw bad;
    };
    const [first] = await journey.carry();
    expect([first?.run.created, first?.run.dead]).toEqual([63, 1]);
    expect(sink.batches.length).toBeLessThanOrEqual(15);
    expect(new Set([...sink.records.values()].map((record) => record.writes))).toEqual(new Set([1]));
  });

  it('keeps the neighbours of a record on which the mapping crashes', async () => {
    const crashing = aMapping({
      flow: 'accounts',
      run: (record) => {
        if (record['name'] === 'bad') throw new TypeError('boom');
        return { kind: 'record', fields: record, lines: {}, createOnly: [], updateOnly: [] };
      },
    });
    const { source, sink, journey } = await between([crashing]);
    for (let n = 0; n < 10; n++) source.put(`c${n}`, { name: n === 3 ? 'bad' : `Company ${n}` });
    await journey.carry();
    expect(sink.records.size).toBe(9);
    expect((await explained(journey, 'c3'))?.record).toMatchObject({
      state: 'dead',
      code: 'mapping_crashed',
    });
  });

  it('treats an item that the sink did not answer as in doubt, not as written', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 10; n++) source.put(`c${n}`, { name: `Company ${n}` });
    const upsert = sink.upsertBatch;
    let quiet = true;
    sink.upsertBatch = async (entity, items, signal) => {
      const outcomes = await upsert(entity, items, signal);
      if (!quiet) return outcomes;
      quiet = false;
      return outcomes.filter(({ id }) => id !== 'c4').toReversed();
    };
    await journey.carry();
    expect(sink.lookUps.flat()).toEqual(['crm/accounts/c4>accounts']);
    expect(sink.records.size).toBe(10);
    const links = await sql<{ source_id: string; target_id: string }>(
      journey,
      'select source_id, target_id from causeway.link',
    );
    for (const { source_id, target_id } of links)
      expect(sink.records.get(target_id)?.fields['id']).toBe(source_id);
  });
});

describe('P6: what did not change is not sent', () => {
  it('sends nothing when a change does not touch what the mapping delivers', async () => {
    const nameOnly = aMapping({
      flow: 'accounts',
      run: (record) => ({
        kind: 'record',
        fields: { name: record['name'] ?? null },
        lines: {},
        createOnly: [],
        updateOnly: [],
      }),
    });
    const { source, sink, journey } = await between([nameOnly]);
    source.put('c1', { name: 'Acme', visits: '1' });
    await journey.carry();
    source.put('c1', { name: 'Acme', visits: '2' });
    const [second] = await journey.carry();
    expect([second?.run.unchanged, second?.run.updated]).toEqual([1, 0]);
    expect(sink.batches).toHaveLength(1);
  });

  it('does not even queue a record that was read again unchanged', async () => {
    const { source, journey } = await between();
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    source.put('c1', { name: 'Acme' });
    const [second] = await journey.carry();
    expect([second?.run.read, second?.run.unchanged]).toEqual([1, 0]);
  });

  it('sends an unchanged record when a person asks for it', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Acme' });
    await journey.carry();
    const mapping = journey.context.mappings()[0];
    if (mapping === undefined) throw new Error('no mapping');
    const { queued, unknown } = await resyncIds(
      journey.context,
      mapping,
      ['c1', 'nowhere'],
      new AbortController().signal,
    );
    expect([queued, unknown]).toEqual([['c1'], ['nowhere']]);
    await journey.carry();
    expect(sink.batches).toHaveLength(2);
  });
});

describe('P7: children wait for parents, and wake by themselves', () => {
  const contacts = aMapping({
    flow: 'contacts',
    refersTo: ['accounts'],
    references: (record) => [{ flow: 'accounts', id: textOf(record['company']) }],
    run: (record, given) => {
      const parent = { flow: 'accounts', id: textOf(record['company']) };
      const linked = given.linked(parent);
      if (linked === null) return { kind: 'waiting', for: [parent] };
      return {
        kind: 'record',
        fields: { name: record['name'] ?? null, parent: linked },
        lines: {},
        createOnly: [],
        updateOnly: [],
      };
    },
  });

  /** One memory source for each entity would be the same: the flows read different ids from two sources. */
  async function familySetting(
    over: Partial<Mapping> = {},
  ): Promise<Setting & { readonly people: MemorySource }> {
    const [companies, people, sink] = [memorySource(), memorySource(), memorySink()];
    const mappings = [
      aMapping({ flow: 'accounts', ...over }),
      { ...contacts, read: { from: 'people', entity: 'contacts', with: [] } },
    ];
    const journey = await startJourney({
      connections: {
        crm: { source: companies, sink: null },
        people: { source: people, sink: null },
        erp: { source: null, sink },
      },
      mappings,
    });
    closeLater(journey);
    return { source: companies, people, sink, journey };
  }

  it('parks a child without using an attempt and sends it when the parent is linked', async () => {
    const { source, people, sink, journey } = await familySetting();
    people.put('p1', { name: 'Ada', company: 'c1' });
    await journey.carry(['contacts']);
    expect(await explained(journey, 'p1', 1)).toMatchObject({
      record: { state: 'waiting', attempts: 0, waitingFor: [{ flow: 'accounts', id: 'c1' }] },
    });
    expect(
      await sql(
        journey,
        `select 1 from causeway_jobs.job where name = 'push/contacts' and state in ('created', 'retry', 'active')`,
      ),
    ).toEqual([]);
    source.put('c1', { name: 'Acme' });
    await journey.carry(['accounts']);
    expect(
      await sql(
        journey,
        `select state::text from causeway_jobs.job where name = 'push/contacts' and singleton_key = 'p1' and state <> 'completed'`,
      ),
    ).toEqual([{ state: 'created' }]);
    await journey.carry(['contacts']);
    const parent = [...sink.records.values()].find((record) => record.fields['name'] === 'Acme');
    const child = [...sink.records.values()].find((record) => record.fields['name'] === 'Ada');
    expect(child?.fields['parent']).toBe(parent?.id);
    expect(await stateOf(journey, 'p1', 1)).toBe('synced');
  });

  const childOf = (sink: MemorySink) => {
    const [survivor, child] = ['Survivor', 'Ada'].map((name) =>
      [...sink.records.values()].find((record) => record.fields['name'] === name),
    );
    return { parent: child?.fields['parent'], survivor: survivor?.id };
  };

  it('gives a child of a record that was merged away the one that survives', async () => {
    const { source, people, sink, journey } = await familySetting();
    source.put('c1', { name: 'Loser' });
    source.put('c2', { name: 'Survivor' });
    await journey.carry(['accounts']);
    source.merge('c1', 'c2');
    await journey.carry(['accounts']);
    people.put('p1', { name: 'Ada', company: 'c1' });
    await journey.carry(['contacts']);
    expect(childOf(sink).parent).toBe(childOf(sink).survivor);
    expect(await stateOf(journey, 'p1', 1)).toBe('synced');
  });

  it('wakes a child whose parent is merged away before it was ever linked', async () => {
    const { source, people, sink, journey } = await familySetting();
    people.put('p1', { name: 'Ada', company: 'c1' });
    await journey.carry(['contacts']);
    source.put('c2', { name: 'Survivor' });
    source.merge('c1', 'c2');
    await journey.carry(['accounts']);
    await journey.carry(['contacts']);
    expect(childOf(sink).parent).toBe(childOf(sink).survivor);
  });

  it('has a child wait for the record that survives, along a chain of merges', async () => {
    const { source, people, sink, journey } = await familySetting();
    people.put('p1', { name: 'Ada', company: 'c1' });
    source.merge('c1', 'c2');
    source.merge('c2', 'c3');
    await journey.carry(['accounts']);
    await journey.carry(['contacts']);
    expect((await explained(journey, 'p1', 1))?.record.waitingFor).toMatchObject([{ id: 'c3' }]);
    source.put('c3', { name: 'Survivor' });
    await journey.carry(['accounts']);
    await journey.carry(['contacts']);
    expect(childOf(sink).parent).toBe(childOf(sink).survivor);
  });

  it('are no dead letters where the parent has just left the ERP, though nobody has said so yet', async () => {
    const { source, people, sink, journey } = await familySetting({ whenDeleted: 'delete' });
    source.put('c1', { name: 'Acme' });
    people.put('p1', { name: 'Ada', company: 'c1' });
    await journey.carry();
    source.remove('c1');
    await readChanges(journey);
    people.put('p1', { name: 'Ada again', company: 'c1' });
    sink.refuse = ({ id }) =>
      id === 'p1'
        ? new Fault({ kind: 'invalid_record', code: 'memory_no_parent', message: 'There is no parent.' })
        : null;
    const trying = journey.carry(['contacts']);
    await expect
      .poll(async () => (await explained(journey, 'p1', 1))?.record)
      .toMatchObject({
        state: 'retrying',
        reason: 'There is no parent. It refers to accounts c1, which is leaving: it is tried again.',
      });
    await journey.carry(['accounts']);
    await trying;
    expect(await stateOf(journey, 'p1', 1)).toBe('waiting');
  });

  it('are dead letters where the ERP refuses them for a reason of their own', async () => {
    const { source, people, sink, journey } = await familySetting({ whenDeleted: 'delete' });
    source.put('c1', { name: 'Acme' });
    people.put('p1', { name: 'Ada', company: 'c1' });
    sink.refuse = ({ id }) =>
      id === 'p1' ? new Fault({ kind: 'invalid_record', code: 'memory_no', message: 'No.' }) : null;
    await journey.carry();
    expect(await stateOf(journey, 'p1', 1)).toBe('dead');
  });

  it('does not miss a parent that is linked while the child is being parked', async () => {
    const { source, people, sink, journey } = await familySetting();
    people.put('p1', { name: 'Ada', company: 'c1' });
    const parentArrives = once(async () => {
      source.put('c1', { name: 'Acme' });
      await journey.carry(['accounts']);
    });
    journey.at = (step, flow) => (step === 'settling' && flow === 'contacts' ? parentArrives() : undefined);
    await journey.carry(['contacts']);
    expect(names(sink).toSorted()).toEqual(['Acme', 'Ada']);
    expect(await stateOf(journey, 'p1', 1)).toBe('synced');
  });
});
