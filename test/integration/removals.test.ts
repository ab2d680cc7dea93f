import { afterEach, describe, expect, it } from 'vitest';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { listQuestions } from '../../src/store/due.ts';
import { listTasks } from '../../src/store/task.ts';
import { type Answer, answerQuestion } from '../../src/sync/approve.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import { sweep } from '../../src/sync/sweep.ts';
import { aMapping, type Journey } from './journey.ts';
import { anotherWorker, between, closeAll, explained, type Setting, sql, stateOf } from './setting.ts';
import { choose, redrive } from './letters.ts';

afterEach(closeAll);

const never = new AbortController().signal;

/** Records leave the filter when their name is "left"; a deleted one is deleted in the ERP, too. */
const flow = (over: Partial<Mapping> = {}): Mapping =>
  aMapping({
    flow: 'accounts',
    whenDeleted: 'delete',
    whenItLeaves: 'delete',
    ceiling: { removals: { count: 5, percent: null }, changes: null },
    run: (record) =>
      record['name'] === 'left'
        ? { kind: 'skipped', code: 'only_when', reason: 'it left' }
        : { kind: 'record', fields: record, lines: {}, createOnly: [], updateOnly: [] },
    ...over,
  });

/** Companies c0, c1 and so on, all in the ERP. */
async function carried(count: number, mapping = flow(), batch = 50): Promise<Setting> {
  const setting = await between([mapping], { batch });
  for (let n = 0; n < count; n++) setting.source.put(`c${n}`, { name: `Company ${n}` });
  await setting.journey.carry();
  expect(setting.sink.records.size).toBe(count);
  return setting;
}

const questions = ({ context }: Journey) => listQuestions(context.database);

async function answer(journey: Journey, said: Answer): Promise<number> {
  const [question] = await questions(journey);
  const [mapping] = journey.context.mappings();
  if (question === undefined || mapping === undefined) throw new Error('nothing was asked');
  return answerQuestion(journey.context, mapping, question, said, 'Ada');
}

/** The name that the ERP holds of a record, and nothing when it has no such record. */
const nameOf = ({ sink }: Setting, id: string): unknown =>
  [...sink.records.values()].find(({ fields }) => fields['id'] === id)?.fields['name'];

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `c${from + index}`);

describe('a ceiling on removals', () => {
  it('lets through what does not exceed it', async () => {
    const { source, sink, journey } = await carried(10);
    for (const id of ids(0, 5)) source.remove(id);
    const runs = await journey.carry();
    expect([sink.records.size, await questions(journey)]).toEqual([5, []]);
    expect(runs.reduce((sum, { run }) => sum + run.removed, 0)).toBe(5);
  });

  it('carries out none of too many, whatever the batches, says so in the run, and goes on with everything else', async () => {
    const { source, sink, journey } = await carried(20, flow(), 2);
    for (const id of ids(0, 4)) source.remove(id);
    for (const id of ids(4, 6)) source.put(id, { name: 'left' });
    source.put('c9', { name: 'changed' });
    source.put('new', { name: 'new' });
    const runs = await journey.carry();
    expect(sink.records.size).toBe(21);
    expect([...sink.records.values()].map(({ fields }) => fields['name'])).toContain('changed');
    const [question] = await questions(journey);
    expect(question).toMatchObject({ kind: 'removal', count: 6, reasons: { deleted: 4, left: 2 } });
    expect(question?.sample).toEqual(ids(0, 6));
    const ended = runs.at(-1);
    expect(ended?.questions).toHaveLength(1);
    expect(ended?.run.problem).toBe(
      `6 removals wait for an answer: causeway approve ${question?.runId ?? ''}`,
    );
    expect(await explained(journey, 'c0')).toMatchObject({
      record: {
        state: 'pending',
        code: 'needs_approval',
        reason: `6 removals were due at once, more than 5; a person answers with: causeway approve ${question?.runId ?? ''}`,
      },
      next: 'It goes on when a person has answered; causeway status names the command.',
    });
  });

  it('counts what several workers hold between them', async () => {
    const setting = await carried(
      40,
      flow({ ceiling: { removals: { count: 9, percent: null }, changes: null } }),
      3,
    );
    const other = await anotherWorker(setting);
    const { source, sink, journey } = setting;
    for (const id of ids(0, 10)) source.remove(id);
    await Promise.all([journey.carry(), other.carry()]);
    expect(sink.records.size).toBe(40);
    expect((await questions(journey)).map(({ count }) => count)).toEqual([10]);
  });

  it('counts what was removed within the hour, so that too many in a row are too many as well', async () => {
    const { source, sink, journey } = await carried(20);
    for (const id of ids(0, 4)) source.remove(id);
    await journey.carry();
    for (const id of ids(4, 6)) source.remove(id);
    await journey.carry();
    expect([sink.records.size, (await questions(journey))[0]?.count]).toEqual([16, 2]);
    await sql(
      journey,
      `update causeway.due set done_at = now() - interval '61 minutes' where done_at is not null`,
    );
    await answer(journey, 'approved');
    source.remove('c6');
    await journey.carry();
    expect([sink.records.size, await questions(journey)]).toEqual([13, []]);
  });

  it('takes the share of the linked records into account from 21 on', async () => {
    const tenth = flow({ ceiling: { removals: { count: 500, percent: 10 }, changes: null } });
    const { source, sink, journey } = await carried(60, tenth);
    for (const id of ids(0, 20)) source.remove(id);
    await journey.carry();
    expect(sink.records.size).toBe(40);
    source.remove('c20');
    await journey.carry();
    expect([sink.records.size, (await questions(journey))[0]?.count]).toEqual([40, 1]);
  });

  it('is forgotten for a record that comes back meanwhile', async () => {
    const setting = await carried(20);
    const { source, sink, journey } = setting;
    for (const id of ids(0, 6)) source.remove(id);
    await journey.carry();
    source.put('c0', { name: 'here again' });
    await journey.carry();
    expect(nameOf(setting, 'c0')).toBe('here again');
    expect((await questions(journey))[0]?.count).toBe(5);
    await answer(journey, 'approved');
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c0')]).toEqual([15, 'synced']);
  });

  it('leaves what waits for an answer to the person: it is no forgotten record', async () => {
    const { source, journey } = await carried(10);
    for (const id of ids(0, 6)) source.remove(id);
    await journey.carry();
    const [mapping] = journey.context.mappings();
    if (mapping === undefined) throw new Error('no mapping');
    expect(await sweep(journey.context, mapping)).toBe(0);
  });
});

describe('the answer of a person', () => {
  it('lets exactly those go ahead that were counted; what came later is counted anew', async () => {
    const { source, sink, journey } = await carried(30);
    for (const id of ids(0, 8)) source.remove(id);
    await journey.carry();
    for (const id of ids(8, 11)) source.remove(id);
    await journey.carry();
    expect((await questions(journey)).map(({ count }) => count)).toEqual([8, 3]);
    expect(await answer(journey, 'approved')).toBe(8);
    const answers =
      'select answer, count(*)::int as n from due where run_id is null or answer is not null group by 1';
    expect(await sql(journey, `${answers} order by 1`)).toEqual([
      { answer: 'approved', n: 8 },
      { answer: null, n: 3 },
    ]);
    await journey.carry();
    expect([sink.records.size, await questions(journey)]).toEqual([19, []]);
  });

  it('counts a later accident of the same size again', async () => {
    const { source, sink, journey } = await carried(30);
    for (const id of ids(0, 8)) source.remove(id);
    await journey.carry();
    for (const id of ids(8, 16)) source.remove(id);
    await journey.carry();
    await answer(journey, 'approved');
    await journey.carry();
    expect([sink.records.size, (await questions(journey)).map(({ count }) => count)]).toEqual([22, [8]]);
  });

  it('keeps what is refused until it changes again', async () => {
    const { source, sink, journey } = await carried(10);
    for (const id of ids(0, 6)) source.put(id, { name: 'left' });
    await journey.carry();
    expect(await answer(journey, 'refused')).toBe(6);
    await journey.carry();
    expect(sink.records.size).toBe(10);
    expect((await explained(journey, 'c0'))?.record).toMatchObject({
      state: 'skipped',
      code: 'kept_by_a_person',
      reason: 'it left; a person decided that the ERP keeps it as it is',
    });
    const [mapping] = journey.context.mappings();
    if (mapping === undefined) throw new Error('no mapping');
    await resyncIds(journey.context, mapping, ['c0'], never);
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c0')]).toEqual([10, 'skipped']);
    source.remove('c0');
    await journey.carry();
    expect([sink.records.size, await stateOf(journey, 'c0')]).toEqual([9, 'removed']);
  });

  it('is not lost on a record that is being looked at in that moment', async () => {
    const { source, sink, journey } = await carried(10);
    for (const id of ids(0, 6)) source.remove(id);
    await journey.carry();
    source.put('c0', { name: 'left' });
    let answered = false;
    journey.at = async (step) => {
      if (step !== 'settling' || answered) return;
      answered = true;
      await answer(journey, 'approved');
    };
    await journey.carry();
    expect([answered, sink.records.size, await questions(journey)]).toEqual([true, 4, []]);
  });
});

describe('a ceiling on changes', () => {
  const few = flow({
    ceiling: { removals: { count: 500, percent: 10 }, changes: { count: 5, percent: null } },
  });

  it('stops a mass change that the source caused, and lets creates go on', async () => {
    const { source, sink, journey } = await carried(10, few, 3);
    for (const id of ids(0, 6)) source.put(id, { name: 'overwritten' });
    source.put('new', { name: 'new' });
    await journey.carry();
    const names = [...sink.records.values()].map(({ fields }) => fields['name']);
    expect([names.length, names.includes('overwritten')]).toEqual([11, false]);
    expect(await questions(journey)).toMatchObject([{ kind: 'change', count: 6, reasons: { changed: 6 } }]);
    await answer(journey, 'approved');
    await journey.carry();
    expect([...sink.records.values()].filter(({ fields }) => fields['name'] === 'overwritten')).toHaveLength(
      6,
    );
  });

  it('keeps refused changes out of the ERP', async () => {
    const setting = await carried(10, few);
    const { source, sink, journey } = setting;
    for (const id of ids(0, 6)) source.put(id, { name: 'overwritten' });
    await journey.carry();
    await answer(journey, 'refused');
    await journey.carry();
    expect([...sink.records.values()].filter(({ fields }) => fields['name'] === 'overwritten')).toEqual([]);
    source.put('c0', { name: 'mended' });
    await journey.carry();
    expect(nameOf(setting, 'c0')).toBe('mended');
  });

  it('does not count what a person asked for', async () => {
    const { source, sink, journey } = await carried(10, few);
    for (const id of ids(0, 8)) source.put(id, { name: 'wanted' });
    await resyncIds(journey.context, few, ids(0, 8), never);
    await journey.carry();
    expect([...sink.records.values()].filter(({ fields }) => fields['name'] === 'wanted')).toHaveLength(8);
    expect(await questions(journey)).toEqual([]);
  });
});

describe('a record that Causeway did not create', () => {
  /** As if the ERP record had been there before, and only been found. */
  const adopt = (journey: Journey): Promise<unknown> =>
    sql(journey, `update causeway.link set ours = false where source_id = 'c0'`);

  it('is never removed: it is skipped with the reason, and a task is raised once', async () => {
    const setting = await carried(2);
    const { source, sink, journey } = setting;
    await adopt(journey);
    source.remove('c0');
    source.remove('c1');
    await journey.carry();
    expect([sink.records.size, nameOf(setting, 'c0')]).toEqual([1, 'Company 0']);
    const target = [...sink.records.keys()][0] ?? '';
    const said = { state: 'skipped', code: 'not_created_here', targetId: target };
    expect((await explained(journey, 'c0'))?.record).toMatchObject(said);
    await sql(journey, `update causeway.link set version = 0 where source_id = 'c0'`);
    await journey.carry();
    const tasks = await listTasks(journey.context.database, null, 10);
    expect(tasks).toMatchObject([{ sourceId: 'c0', code: 'not_created_here', about: target }]);
    expect(tasks[0]?.sentence).toBe(
      `c0 was deleted in the source; the ERP record ${target} stays, because Causeway did not create it: a person must decide about it.`,
    );
  });

  it('is no task any more when the record comes back', async () => {
    const { source, journey } = await carried(1);
    await adopt(journey);
    source.remove('c0');
    await journey.carry();
    source.put('c0', { name: 'back' });
    await journey.carry();
    expect(await listTasks(journey.context.database, null, 10)).toEqual([]);
  });

  it('is told from one of a create that was not answered: that one is ours', async () => {
    const setting = await between([flow()]);
    const { source, sink, journey } = setting;
    source.put('c0', { name: 'Acme' });
    let lost = false;
    const upsert = sink.upsertBatch;
    sink.upsertBatch = async (entity, items, signal) => {
      const outcomes = await upsert(entity, items, signal);
      if (lost) return outcomes;
      lost = true;
      return [];
    };
    await journey.carry();
    source.remove('c0');
    await journey.carry();
    expect([lost, sink.records.size]).toEqual([true, 0]);
  });

  it('is told by the history of a link from before that was noted; where that is silent, it is not ours', async () => {
    const setting = await carried(2);
    const { source, sink, journey } = setting;
    await sql(journey, `update causeway.link set ours = null`);
    await sql(journey, `delete from causeway.history where source_id = 'c0'`);
    source.remove('c0');
    source.remove('c1');
    await journey.carry();
    expect([sink.records.size, nameOf(setting, 'c0')]).toEqual([1, 'Company 0']);
  });

  it('becomes ours when it is created anew after it was deleted in the ERP', async () => {
    const at = await carried(1);
    const { source, sink, journey } = at;
    await adopt(journey);
    sink.records.clear();
    source.put('c0', { name: 'changed' });
    await journey.carry();
    await redrive(at, await choose(at));
    await journey.carry();
    expect(sink.records.size).toBe(1);
    source.remove('c0');
    await journey.carry();
    expect(sink.records.size).toBe(0);
  });
});
