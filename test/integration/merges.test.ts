import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { beginRun } from '../../src/store/run.ts';
import { finishTasks, listTasks } from '../../src/store/task.ts';
import { detect } from '../../src/sync/detect.ts';
import {
  anotherWorker,
  between,
  closeAll,
  explained,
  names,
  once,
  type Setting,
  stateOf,
} from './setting.ts';

afterEach(closeAll);

const tasksOf = async ({ journey }: Setting): Promise<string[]> =>
  (await listTasks(journey.context.database, null, 10)).map(({ sentence }) => sentence);

/** Has a change of the source read while a batch is in the hands of the ERP. */
async function meanwhile(setting: Setting, change: () => void): Promise<void> {
  const { context } = await anotherWorker(setting);
  const [mapping] = context.mappings();
  if (mapping === undefined) throw new Error('no mapping');
  const runId = await beginRun(context.database, mapping.flow, 'sync');
  setting.sink.after = once(async () => {
    change();
    let end = '';
    while (end !== 'caught_up')
      ({ end } = await detect(context, mapping, runId, new AbortController().signal));
  });
}

describe('a merge', () => {
  it('raises one task, when both records are in the ERP: the one of the loser needs a person', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('a', { name: 'A' });
    await journey.carry();
    source.put('b', { name: 'B' });
    await journey.carry();
    source.merge('a', 'b');
    await journey.carry();
    source.merge('a', 'b');
    source.put('b', { name: 'B again' });
    await journey.carry();
    expect(names(sink)).toEqual(['A', 'B again']);
    expect(await tasksOf(setting)).toEqual([
      'a was merged into b, and both have a record in the ERP: 1 stays beside 2. Merge or remove it there.',
    ]);
    const [task] = await listTasks(journey.context.database, 'accounts', 10);
    expect(await finishTasks(journey.context.database, [task?.id ?? ''], 'Ada')).toEqual([task?.id]);
    expect(await tasksOf(setting)).toEqual([]);
    expect(await finishTasks(journey.context.database, [task?.id ?? ''], 'Ada')).toEqual([]);
  });

  it('hands over whether the ERP record is ours, together with the record', async () => {
    const setting = await between();
    const { source, journey } = setting;
    source.put('a', { name: 'A' });
    await journey.carry();
    await journey.context.database.query('update causeway.link set ours = false');
    source.merge('a', 'b');
    source.put('b', { name: 'B' });
    await journey.carry();
    const { rows } = await journey.context.database.query(
      `select target_id, ours from causeway.link where source_id = 'b'`,
    );
    expect(rows).toEqual([{ target_id: '1', ours: false }]);
  });

  it.each([['in one page'], ['one after the other']])(
    'in a chain ends with the last survivor, read %s',
    async (how) => {
      const setting = await between();
      const { source, sink, journey } = setting;
      source.put('a', { name: 'A' });
      await journey.carry();
      source.merge('a', 'b');
      if (how !== 'in one page') await journey.carry();
      source.merge('b', 'c');
      source.put('c', { name: 'C' });
      await journey.carry();
      expect(names(sink)).toEqual(['C']);
      expect([await stateOf(journey, 'a'), await stateOf(journey, 'c')]).toEqual(['removed', 'synced']);
      expect(await tasksOf(setting)).toEqual([]);
    },
  );

  it('is told out of order in a chain, and ends with the last survivor all the same', async () => {
    const { source, sink, journey } = await between();
    source.put('a', { name: 'A' });
    await journey.carry();
    source.merge('b', 'c');
    source.put('c', { name: 'C' });
    source.merge('a', 'b');
    await journey.carry();
    expect(names(sink)).toEqual(['C']);
  });

  it('waits with the record for a survivor that is not read yet, and then updates it', async () => {
    const { source, sink, journey } = await between();
    source.put('a', { name: 'A' });
    await journey.carry();
    source.merge('a', 'b');
    await journey.carry();
    expect(names(sink)).toEqual(['A']);
    source.put('b', { name: 'B' });
    await journey.carry();
    expect([names(sink), sink.records.get('1')?.writes]).toEqual([['B'], 2]);
  });

  it('that is read before the loser was ever sent creates the survivor alone', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('a', { name: 'A' });
    source.merge('a', 'b');
    source.put('b', { name: 'B' });
    await journey.carry();
    expect([names(sink), await stateOf(journey, 'a')]).toEqual([['B'], 'removed']);
    expect(await tasksOf(setting)).toEqual([]);
  });

  it('that comes while the loser is being created hands its record over, and creates no second one', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('a', { name: 'A' });
    await meanwhile(setting, () => {
      source.merge('a', 'b');
      source.put('b', { name: 'B' });
    });
    await journey.carry();
    expect([names(sink), await stateOf(journey, 'b'), await stateOf(journey, 'a')]).toEqual([
      ['B'],
      'synced',
      'removed',
    ]);
    expect(await tasksOf(setting)).toEqual([]);
  });

  it('that comes while the create of the loser is in doubt waits until that is known', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('a', { name: 'A' });
    sink.after = once(() => {
      source.merge('a', 'b');
      source.put('b', { name: 'B' });
      throw new Fault({ kind: 'ambiguous', code: 'no_answer', message: 'no answer came' });
    });
    await journey.carry();
    await journey.carry();
    expect([names(sink), await stateOf(journey, 'b')]).toEqual([['B'], 'synced']);
    expect((await explained(journey, 'a'))?.record).toMatchObject({ state: 'removed', code: 'merged' });
  });

  it('into a record that is itself being created keeps both, and says so', async () => {
    const setting = await between();
    const { source, sink, journey } = setting;
    source.put('a', { name: 'A' });
    await journey.carry();
    source.put('b', { name: 'B' });
    await meanwhile(setting, () => source.merge('a', 'b'));
    await journey.carry();
    expect(names(sink)).toEqual(['A', 'B']);
    expect(await tasksOf(setting)).toHaveLength(1);
  });

  it('of many records asks nobody: it removes nothing from the ERP', async () => {
    const { source, sink, journey } = await between(undefined, {});
    for (let n = 0; n < 30; n++) source.put(`c${n}`, { name: `Company ${n}` });
    await journey.carry();
    for (let n = 0; n < 25; n++) source.merge(`c${n}`, 'c29');
    const runs = await journey.carry();
    expect(runs.at(-1)?.questions).toEqual([]);
    expect(sink.records.size).toBe(30);
    expect((await explained(journey, 'c0'))?.record).toMatchObject({ state: 'removed', code: 'merged' });
  });
});
