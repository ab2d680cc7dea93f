import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { pauseConnection } from '../../src/store/connection-state.ts';
import { listQuestions } from '../../src/store/due.ts';
import { answerQuestion } from '../../src/sync/approve.ts';
import { fullScan, type Scanned } from '../../src/sync/full-scan.ts';
import { aMapping } from './journey.ts';
import { anotherWorker, between, closeAll, type Setting, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const mapping = (over: Partial<Mapping> = {}): Mapping =>
  aMapping({
    flow: 'accounts',
    whenDeleted: 'delete',
    ceiling: { removals: { count: 5, percent: null }, changes: null },
    ...over,
  });

async function carried(count: number, own = mapping()): Promise<Setting> {
  const setting = await between([own]);
  setting.source.pageSize = 7;
  for (let n = 0; n < count; n++) setting.source.put(`c${n}`, { name: `Company ${n}` });
  await setting.journey.carry();
  expect(setting.sink.records.size).toBe(count);
  return setting;
}

async function scan({ journey }: Pick<Setting, 'journey'>, own = mapping()): Promise<Scanned> {
  const scanned = await fullScan(journey.context, own, new AbortController().signal);
  if (scanned === null) throw new Error('another one scans');
  return scanned;
}

const answerIt = async ({ journey }: Setting, said: 'approved' | 'refused'): Promise<void> => {
  const [question] = await listQuestions(journey.context.database);
  if (question === undefined) throw new Error('nothing was asked');
  await answerQuestion(journey.context, mapping(), question, said, 'Ada');
};

describe('a full scan', () => {
  it('finds records that were deleted without a trace, and moves no cursor', async () => {
    const setting = await carried(20);
    const { source, sink, journey } = setting;
    for (const id of ['c3', 'c8']) source.purge(id);
    const cursors = (): Promise<unknown> =>
      sql(journey, 'select position, revision from causeway.source_cursor');
    const before = await cursors();
    expect(await scan(setting)).toMatchObject({ listed: 18, deleted: 2, asked: 0, problem: null });
    expect(await cursors()).toEqual(before);
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c3')]).toEqual([18, 'removed']);
    expect(await scan(setting)).toMatchObject({ deleted: 0 });
  });

  it('asks nothing of a connection that a person has paused', async () => {
    const setting = await carried(3);
    await pauseConnection(setting.journey.context.database, 'crm', 'a person paused it');
    const reads = setting.source.reads;
    expect(await scan(setting)).toMatchObject({ listed: 0, problem: 'a person paused it' });
    expect(setting.source.reads).toBe(reads);
  });

  it('believes nothing of a listing that was not read to its end', async () => {
    const setting = await carried(20);
    const { source, journey } = setting;
    source.purge('c3');
    const read = source.changesSince;
    source.changesSince = async (request, signal) => {
      if (request.cursor !== null) throw new Fault({ kind: 'transient', code: 'gone', message: 'no answer' });
      return read(request, signal);
    };
    expect(await scan(setting)).toMatchObject({
      deleted: 0,
      problem: 'the listing was not read to its end: no answer',
    });
    expect(await sql(journey, 'select 1 from causeway.mirror where deleted')).toEqual([]);
  });

  it('does not take a record for deleted that is found by its id', async () => {
    const setting = await carried(10);
    setting.source.lists = ({ id }) => id !== 'c4';
    expect(await scan(setting)).toMatchObject({ listed: 9, deleted: 0, problem: null });
    expect(await stateOf(setting.journey, 'c4')).toBe('synced');
  });

  it.each([
    ['is empty', (): boolean => false],
    ['lacks many', ({ id }: { id: string }): boolean => Number(id.slice(1)) >= 8],
  ])('does not believe a listing that %s while the records are there', async (_what, lists) => {
    const setting = await carried(20);
    setting.source.lists = lists;
    const scanned = await scan(setting);
    expect(scanned).toMatchObject({ deleted: 0, asked: 0 });
    expect(scanned.problem).toContain('the listing is not believed');
    expect(await sql(setting.journey, 'select 1 from causeway.mirror where deleted')).toEqual([]);
  });

  it('asks a person before it believes that more records are gone than the ceiling allows', async () => {
    const setting = await carried(20);
    const { source, sink, journey } = setting;
    for (let n = 0; n < 8; n++) source.purge(`c${n}`);
    const scanned = await scan(setting);
    expect(scanned).toMatchObject({ deleted: 0, asked: 8 });
    expect(await sql(journey, 'select 1 from causeway.mirror where deleted')).toEqual([]);
    const runs = await journey.carry();
    expect(runs[0]?.run.problem).toBe(
      `8 records that the source no longer lists wait for an answer: causeway approve ${scanned.runId}`,
    );
    source.put('c0', { name: 'seen again' });
    await journey.carry();
    await answerIt(setting, 'approved');
    await journey.carry();
    expect(sink.records.size).toBe(13);
    expect(await listQuestions(journey.context.database)).toEqual([]);
    expect(await stateOf(journey, 'c0')).toBe('synced');
  });

  it('asks a person about an empty listing even of few records', async () => {
    const setting = await carried(2);
    for (const id of ['c0', 'c1']) setting.source.purge(id);
    expect(await scan(setting)).toMatchObject({ listed: 0, deleted: 0, asked: 2 });
  });

  it('does not ask again about what a person refused', async () => {
    const setting = await carried(2);
    for (const id of ['c0', 'c1']) setting.source.purge(id);
    await scan(setting);
    await answerIt(setting, 'refused');
    expect(await scan(setting)).toMatchObject({ deleted: 0, asked: 0, problem: null });
    await setting.journey.carry();
    expect(setting.sink.records.size).toBe(2);
  });

  it('takes a record in again that the source lists, though it was deleted here', async () => {
    const setting = await carried(5);
    const { source, sink, journey } = setting;
    source.remove('c2');
    await journey.carry();
    expect(sink.records.size).toBe(4);
    source.put('c2', { name: 'restored' }, '2020-01-01T00:00:00Z');
    await journey.carry();
    expect(sink.records.size).toBe(4);
    expect(await scan(setting)).toMatchObject({ restored: 1 });
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c2')]).toEqual([5, 'synced']);
  });

  it('is made as part of a run when it is due, and not again before it is', async () => {
    const daily = mapping({ fullScanSeconds: 86_400 });
    const setting = await between([daily]);
    const { source, sink, journey } = setting;
    for (const id of ['a', 'b', 'c']) source.put(id, { name: id });
    await journey.carry();
    source.purge('b');
    await journey.carry();
    expect(sink.records.size).toBe(3);
    await sql(journey, `update causeway.full_scan set finished_at = now() - interval '25 hours'`);
    await journey.carry();
    expect(sink.records.size).toBe(2);
    const scans = await sql(journey, `select 1 from causeway.run where cause = 'sweep'`);
    expect(scans).toHaveLength(2);
  });

  it('is made by one process at a time', async () => {
    const setting = await carried(10);
    const other = await anotherWorker(setting);
    let second: unknown = 'not asked';
    const read = setting.source.changesSince;
    setting.source.changesSince = async (request, signal) => {
      setting.source.changesSince = read;
      second = await fullScan(other.context, mapping(), new AbortController().signal);
      return read(request, signal);
    };
    await scan(setting);
    expect(second).toBeNull();
  });
});
