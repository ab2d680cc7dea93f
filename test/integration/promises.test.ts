import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { beginRun } from '../../src/store/run.ts';
import { detect } from '../../src/sync/detect.ts';
import { explain } from '../../src/sync/explain.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import { aMapping, type Journey, type JourneyParts, startJourney } from './journey.ts';
import { type MemorySink, type MemorySource, memorySink, memorySource } from './memory-systems.ts';

let open: Journey[] = [];
afterEach(async () => {
  await Promise.all(open.map((journey) => journey.close()));
  open = [];
});

type Setting = { readonly source: MemorySource; readonly sink: MemorySink; readonly journey: Journey };

async function between(mappings: readonly Mapping[] = [aMapping({ flow: 'accounts' })], parts: Partial<JourneyParts> = {}): Promise<Setting> {
  const [source, sink] = [memorySource(), memorySink()];
  const journey = await startJourney({ connections: { crm: { source, sink: null }, erp: { source: null, sink } }, mappings, ...parts });
  open.push(journey);
  return { source, sink, journey };
}

/** A second worker on the same database and the same two systems. */
async function anotherWorker({ source, sink, journey }: Setting): Promise<Journey> {
  const connections = { crm: { source, sink: null }, erp: { source: null, sink } };
  const other = await startJourney({ connections, mappings: journey.context.mappings(), url: journey.url });
  open.unshift(other);
  return other;
}

const names = (sink: MemorySink): unknown[] => [...sink.records.values()].map((record) => record.fields['name']);
const explained = (journey: Journey, id: string, flow = 0) => {
  const mapping = journey.context.mappings()[flow];
  if (mapping === undefined) throw new Error('no such flow');
  return explain(journey.context, mapping, id, { nextRun: null, historyLimit: 20 });
};
const stateOf = async (journey: Journey, id: string, flow = 0): Promise<string | undefined> => (await explained(journey, id, flow))?.record.state;
const sql = async <T>(journey: Journey, text: string): Promise<T[]> => (await journey.context.database.query(text)).rows;
/** The source is read and its changes are queued; nothing is sent. */
const readChanges = async (journey: Journey): Promise<void> => {
  const mapping = journey.context.mappings()[0];
  if (mapping === undefined) throw new Error('no mapping');
  const runId = await beginRun(journey.context.database, mapping.flow, 'sync');
  expect(await detect(journey.context, mapping, runId, new AbortController().signal)).toEqual({ end: 'caught_up' });
};
const once = (action: () => void | Promise<void>): (() => void | Promise<void>) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    return action();
  };
};
/** Lets the lease of everything that is active run out now, as after a kill or a long stop. */
const expireLeases = async (journey: Journey): Promise<void> => {
  await sql(journey, `update causeway_jobs.job set heartbeat_on = now() - interval '1 hour' where state = 'active'`);
  await sql(journey, `update causeway_jobs.queue set monitor_on = null`);
  await journey.context.boss.supervise();
};

describe('a journey', () => {
  it('carries every record once, counts it, and then has nothing to send', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 250; n++) source.put(`c${n}`, { name: `Company ${n}` });
    const first = await journey.carry();
    expect(first.map(({ run }) => [run.read, run.created, run.updated, run.unchanged])).toEqual([[250, 250, 0, 0]]);
    const second = await journey.carry();
    expect(second.map(({ run }) => [run.read, run.created, run.updated])).toEqual([[0, 0, 0]]);
    expect(sink.records.size).toBe(250);
  });
});

describe('P1: no change is lost', () => {
  it('commits neither cursor nor mirror when the jobs of a page cannot be inserted', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 120; n++) source.put(`c${n}`, { name: `Company ${n}` });
    const insert = journey.context.boss.insert.bind(journey.context.boss);
    journey.context.boss.insert = () => Promise.reject(new Error('the queue is gone'));
    await expect(journey.carry()).rejects.toThrow('the queue is gone');
    expect(await sql(journey, 'select position from causeway.source_cursor')).toEqual([{ position: null }]);
    expect(await sql(journey, 'select source_id from causeway.mirror')).toEqual([]);
    journey.context.boss.insert = insert;
    await journey.carry();
    expect(sink.records.size).toBe(120);
  });

  it('sends a change that arrives while the record is being sent', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    const other = await anotherWorker(setting);
    source.put('c1', { name: 'before' });
    const changeNow = once(async () => {
      source.put('c1', { name: 'after' });
      await readChanges(other);
    });
    journey.at = (step) => (step === 'batch_answered' ? changeNow() : undefined);
    await journey.carry();
    expect(names(sink)).toEqual(['after']);
    expect(await stateOf(journey, 'c1')).toBe('synced');
  });

  it('does not lose a wake-up between intake and settle, over many changes to few records and two workers', async () => {
    const setting = await between([aMapping({ flow: 'accounts' })], { batch: 10, concurrency: 2 });
    const { source, sink, journey } = setting;
    const other = await anotherWorker(setting);
    source.pageSize = 10;
    for (let round = 0; round < 15; round++) {
      for (let n = 0; n < 40; n++) source.put(`c${(round * 7 + n) % 20}`, { name: `round ${round} ${n}` });
      await Promise.all([journey.carry(), other.carry()]);
    }
    await journey.carry();
    const newest = await sql<{ source_id: string; name: string }>(journey, `select source_id, record->>'name' as name from causeway.mirror order by 1`);
    const erp = await sql<{ source_id: string; target_id: string }>(journey, 'select source_id, target_id from causeway.link order by 1');
    expect(erp.map(({ source_id, target_id }) => ({ source_id, name: sink.records.get(target_id)?.fields['name'] }))).toEqual(newest);
    expect(sink.records.size).toBe(20);
  }, 120_000);

  it('refuses a page that was read from a cursor that somebody has moved since', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    const other = await anotherWorker(setting);
    for (let n = 0; n < 10; n++) source.put(`c${n}`, { name: 'old' });
    // The first reader is stopped with its page in hand until its claim has run out; the second reads on.
    const overtake = once(async () => {
      await sql(journey, `update causeway.source_cursor set reader_until = now() - interval '1 second'`);
      source.put('c0', { name: 'new' });
      await readChanges(other);
    });
    journey.at = (step) => (step === 'page_read' ? overtake() : undefined);
    await journey.carry();
    expect(await sql(journey, 'select revision from causeway.source_cursor')).toEqual([{ revision: '1' }]);
    expect(names(sink)).toContain('new');
  });

  it('reads each page once, though two workers tick at the same time', async () => {
    const setting = await between();
    for (let n = 0; n < 500; n++) setting.source.put(`c${n}`, { name: `Company ${n}` });
    const other = await anotherWorker(setting);
    const runs = (await Promise.all([setting.journey.carry(), other.carry()])).flat();
    expect(runs.reduce((sum, { run }) => sum + run.read, 0)).toBe(500);
    expect(runs.reduce((sum, { run }) => sum + run.created, 0)).toBe(500);
    expect(setting.sink.records.size).toBe(500);
  });
});

describe('P2: nothing is created twice', () => {
  const unanswered = (): never => {
    throw new Fault({ kind: 'ambiguous', code: 'no_answer', message: 'the connection was lost before an answer came' });
  };

  it('looks up a create that was not answered, and finds it', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 30; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.after = once(unanswered);
    const runs = await journey.carry();
    expect(sink.records.size).toBe(30);
    expect(sink.lookUps.flat()).toHaveLength(30);
    expect(runs.reduce((sum, { run }) => sum + run.created, 0)).toBe(30);
    expect(await sql(journey, 'select * from causeway.intent')).toEqual([]);
  });

  it('sends it again when the look-up shows that it never arrived', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 30; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.before = once(unanswered);
    await journey.carry();
    expect(sink.records.size).toBe(30);
    expect(sink.lookUps.flat()).toHaveLength(30);
  });

  it('finds what a worker had created that died before it could settle', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    for (let n = 0; n < 30; n++) source.put(`c${n}`, { name: `Company ${n}` });
    journey.at = (step) => {
      if (step === 'batch_answered') throw new Error('killed here');
    };
    await expect(journey.carry()).rejects.toThrow('killed here');
    await expireLeases(journey);
    const other = await anotherWorker(setting);
    await other.carry();
    expect(sink.records.size).toBe(30);
    expect(sink.batches).toHaveLength(1);
    expect(await stateOf(other, 'c1')).toBe('synced');
  });
});

describe('P3: older never overwrites newer', () => {
  it('sends only the newest state of a record that changed several times before it was sent', async () => {
    const { source, sink, journey } = await between();
    for (const name of ['first', 'second', 'third']) source.put('c1', { name });
    await journey.carry();
    expect(sink.batches.map((batch) => batch.map((item) => item.fields['name']))).toEqual([['third']]);
  });

  it('leaves an older state aside that a lagging index shows later', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'newer' }, '2026-01-02T00:00:00.000Z');
    await journey.carry();
    source.put('c1', { name: 'older' }, '2026-01-01T00:00:00.000Z');
    await journey.carry();
    expect(names(sink)).toEqual(['newer']);
  });

  it('mends an older state that a worker sent after its lease was gone', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('c1', { name: 'original' });
    await journey.carry();
    const other = await anotherWorker(setting);
    source.put('c1', { name: 'older' });
    // The first worker is stopped with its request on the wire; the second takes over and sends the newer state.
    sink.before = once(async () => {
      await expireLeases(journey);
      source.put('c1', { name: 'newer' });
      await other.carry();
    });
    await journey.carry();
    await journey.carry();
    expect(names(sink)).toEqual(['newer']);
    expect(await stateOf(journey, 'c1')).toBe('synced');
  }, 120_000);

  it('never has one record in flight twice', async () => {
    const setting = await between([aMapping({ flow: 'accounts' })], { batch: 5, concurrency: 2 });
    const other = await anotherWorker(setting);
    const inFlight = new Set<string>();
    let overlaps = 0;
    setting.sink.before = async (items) => {
      for (const { id } of items) overlaps += inFlight.has(id) ? 1 : 0;
      for (const { id } of items) inFlight.add(id);
      await new Promise((resolve) => setImmediate(resolve));
      for (const { id } of items) inFlight.delete(id);
    };
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 30; n++) setting.source.put(`c${n % 10}`, { name: `${round} ${n}` });
      await Promise.all([setting.journey.carry(), other.carry()]);
    }
    expect(overlaps).toBe(0);
  }, 120_000);
});

describe('P4: one bad record holds up nobody', () => {
  const bad = new Fault({ kind: 'invalid_record', code: 'memory_refused', message: 'name is not allowed', fields: [{ field: 'name', message: 'is not allowed' }] });

  it('delivers the neighbours of a refused record and says why it was refused', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 50; n++) source.put(`c${n}`, { name: n === 17 ? 'bad' : `Company ${n}` });
    sink.refuse = (item) => (item.fields['name'] === 'bad' ? bad : null);
    const [first] = await journey.carry();
    expect([first?.run.created, first?.run.dead]).toEqual([49, 1]);
    expect(sink.batches.map((batch) => batch.length)).toEqual([50, 49]);
    expect((await explained(journey, 'c17'))?.record).toMatchObject({ state: 'dead', code: 'memory_refused', fields: [{ field: 'name', message: 'is not allowed' }] });
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
        return { kind: 'record', fields: record, lines: {}, createOnly: [] };
      },
    });
    const { source, sink, journey } = await between([crashing]);
    for (let n = 0; n < 10; n++) source.put(`c${n}`, { name: n === 3 ? 'bad' : `Company ${n}` });
    await journey.carry();
    expect(sink.records.size).toBe(9);
    expect((await explained(journey, 'c3'))?.record).toMatchObject({ state: 'dead', code: 'mapping_crashed' });
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
      return outcomes.filter(({ id }) => id !== 'c4').reverse();
    };
    await journey.carry();
    expect(sink.lookUps.flat()).toEqual(['crm/accounts/c4>accounts']);
    expect(sink.records.size).toBe(10);
    const links = await sql<{ source_id: string; target_id: string }>(journey, 'select source_id, target_id from causeway.link');
    for (const { source_id, target_id } of links) expect(sink.records.get(target_id)?.fields['id']).toBe(source_id);
  });
});

describe('P6: what did not change is not sent', () => {
  it('sends nothing when a change does not touch what the mapping delivers', async () => {
    const nameOnly = aMapping({
      flow: 'accounts', run: (record) => ({ kind: 'record', fields: { name: record['name'] ?? null }, lines: {}, createOnly: [] }),
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
    const { queued, unknown } = await resyncIds(journey.context, mapping, ['c1', 'nowhere'], new AbortController().signal);
    expect([queued, unknown]).toEqual([['c1'], ['nowhere']]);
    await journey.carry();
    expect(sink.batches).toHaveLength(2);
  });
});

describe('P7: children wait for parents, and wake by themselves', () => {
  const contacts = aMapping({
    flow: 'contacts',
    refersTo: ['accounts'],
    references: (record) => [{ flow: 'accounts', id: String(record['company']) }],
    run: (record, given) => {
      const parent = { flow: 'accounts', id: String(record['company']) };
      const linked = given.linked(parent);
      if (linked === null) return { kind: 'waiting', for: [parent] };
      return { kind: 'record', fields: { name: record['name'] ?? null, parent: linked }, lines: {}, createOnly: [] };
    },
  });
  const family = [aMapping({ flow: 'accounts' }), contacts];

  /** One memory source for each entity would be the same: the flows read different ids from two sources. */
  async function familySetting(): Promise<Setting & { readonly people: MemorySource }> {
    const [companies, people, sink] = [memorySource(), memorySource(), memorySink()];
    const mappings = [family[0], { ...contacts, read: { from: 'people', entity: 'contacts', with: [] } }].filter((m) => m !== undefined);
    const journey = await startJourney({
      connections: { crm: { source: companies, sink: null }, people: { source: people, sink: null }, erp: { source: null, sink } }, mappings,
    });
    open.push(journey);
    return { source: companies, people, sink, journey };
  }

  it('parks a child without using an attempt and sends it when the parent is linked', async () => {
    const { source, people, sink, journey } = await familySetting();
    people.put('p1', { name: 'Ada', company: 'c1' });
    await journey.carry(['contacts']);
    expect(await explained(journey, 'p1', 1)).toMatchObject({ record: { state: 'waiting', attempts: 0, waitingFor: [{ flow: 'accounts', id: 'c1' }] } });
    expect(await sql(journey, `select 1 from causeway_jobs.job where name = 'push/contacts' and state in ('created', 'retry', 'active')`)).toEqual([]);
    source.put('c1', { name: 'Acme' });
    await journey.carry(['accounts']);
    expect(await sql(journey, `select state::text from causeway_jobs.job where name = 'push/contacts' and singleton_key = 'p1' and state <> 'completed'`)).toEqual([{ state: 'created' }]);
    await journey.carry(['contacts']);
    const parent = [...sink.records.values()].find((record) => record.fields['name'] === 'Acme');
    const child = [...sink.records.values()].find((record) => record.fields['name'] === 'Ada');
    expect(child?.fields['parent']).toBe(parent?.id);
    expect(await stateOf(journey, 'p1', 1)).toBe('synced');
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
    expect(names(sink).sort()).toEqual(['Acme', 'Ada']);
    expect(await stateOf(journey, 'p1', 1)).toBe('synced');
  });
});
