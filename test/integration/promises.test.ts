import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { aMapping } from './journey.ts';
import {
  anotherWorker,
  between,
  closeAll,
  expireLeases,
  names,
  once,
  readChanges,
  sql,
  stateOf,
} from './setting.ts';

afterEach(closeAll);

describe('a journey', () => {
  it('carries every record once, counts it, and then has nothing to send', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 250; n++) source.put(`c${n}`, { name: `Company ${n}` });
    const first = await journey.carry();
    expect(first.map(({ run }) => [run.read, run.created, run.updated, run.unchanged])).toEqual([
      [250, 250, 0, 0],
    ]);
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
    const newest = await sql<{ source_id: string; name: string }>(
      journey,
      `select source_id, record->>'name' as name from causeway.mirror order by 1`,
    );
    const erp = await sql<{ source_id: string; target_id: string }>(
      journey,
      'select source_id, target_id from causeway.link order by 1',
    );
    expect(
      erp.map(({ source_id, target_id }) => ({
        source_id,
        name: sink.records.get(target_id)?.fields['name'],
      })),
    ).toEqual(newest);
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
    expect(await sql(journey, 'select sum(read)::int as read from causeway.run')).toEqual([{ read: 11 }]);
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
    throw new Fault({
      kind: 'ambiguous',
      code: 'no_answer',
      message: 'the connection was lost before an answer came',
    });
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
    const again = sink.batches.slice(1).flat();
    expect(again.filter(({ targetId }) => targetId === null)).toEqual([]);
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
