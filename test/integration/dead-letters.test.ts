import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { compileRecordCondition } from '../../src/mapping/record-condition.ts';
import { ensureQueues } from '../../src/queue/boss.ts';
import { groupLetters, readLetter } from '../../src/store/dead-letter.ts';
import { dropLetters } from '../../src/sync/drop.ts';
import { letterStory } from '../../src/sync/letter-story.ts';
import { mendLetters } from '../../src/sync/mend-letters.ts';
import { planPages } from '../../src/sync/plan.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import { aMapping } from './journey.ts';
import { choose, expectOneLetterEach, ids, never, redrive, refuseBad, withLetters } from './letters.ts';
import { between, closeAll, expireLeases, names, once, readChanges, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const accounts = aMapping({ flow: 'accounts' });
const stream = { connection: 'crm', entity: 'accounts' };

describe('a dead letter', () => {
  it('keeps what was sent and what was answered, with what is written on create only', async () => {
    const at = await between([
      aMapping({
        flow: 'accounts',
        run: ({ name }) => ({
          kind: 'record',
          fields: { name: name ?? null, origin: 'CRM' },
          lines: {},
          createOnly: ['origin'],
          updateOnly: [],
        }),
      }),
    ]);
    refuseBad(at);
    at.source.put('c1', { name: 'bad' });
    await at.journey.carry();
    expect(await readLetter(at.journey.context.database, 'accounts', 'c1')).toMatchObject({
      code: 'memory_refused',
      message: 'the name "bad" is not allowed',
      fields: [{ field: 'name', message: 'the name "bad" is not allowed' }],
      payload: { fields: { name: 'bad', origin: 'CRM' }, lines: {} },
      attempts: 1,
      version: '1',
      mappingHash: 'hash of accounts',
    });
  });

  it('has no payload when the mapping rejected the record, and tells what today’s mapping would do', async () => {
    const problems = [{ code: 'value_not_country', field: 'country', message: '"Atlantis" is no country' }];
    const at = await between([aMapping({ flow: 'accounts', run: () => ({ kind: 'rejected', problems }) })]);
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const options = { nextRun: null, historyLimit: 10 };
    const story = await letterStory(at.journey.context, accounts, 'c1', options);
    expect(story).toMatchObject({
      record: { state: 'dead' },
      sourceRecord: { id: 'c1', name: 'Acme' },
      letter: { payload: null, code: 'value_not_country', field: 'country', cause: '"…" is no country' },
      today: { would: 'create', payload: { fields: { name: 'Acme' } } },
      history: [{ event: 'dead' }],
    });
  });

  it('is written after the last attempt, too, and then counts the attempts', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    at.sink.refuse = () => new Fault({ kind: 'transient', code: 'locked', message: 'the record is locked' });
    await readChanges(at.journey);
    await sql(at.journey, `update causeway_jobs.job set retry_count = 10 where name = 'push/accounts'`);
    await at.journey.carry();
    await expectOneLetterEach(at.journey, ['c1']);
    expect(await readLetter(at.journey.context.database, 'accounts', 'c1')).toMatchObject({ attempts: 11 });
  });

  it('is not written for a record that was asked for while it was being sent', async () => {
    const at = await between();
    at.source.put('c1', { name: 'bad' });
    refuseBad(at);
    at.sink.after = once(async () => {
      at.sink.refuse = () => null;
      await resyncIds(at.journey.context, accounts, ['c1'], never);
    });
    await at.journey.carry();
    await expectOneLetterEach(at.journey, []);
    expect(await stateOf(at.journey, 'c1')).toBe('synced');
  });

  it('is superseded by a new change of its record, and again by a new letter', async () => {
    const at = await withLetters(2);
    const before = await readLetter(at.journey.context.database, 'accounts', 'c0');
    at.source.put('c0', { name: 'bad again' });
    at.source.put('c1', { name: 'mended' });
    await at.journey.carry();
    await expectOneLetterEach(at.journey, ['c0']);
    const after = await readLetter(at.journey.context.database, 'accounts', 'c0');
    expect(after).toMatchObject({ payload: { fields: { name: 'bad again' } }, version: '2' });
    expect(after?.id).not.toBe(before?.id);
  });
});

describe('link, letter and queue agree', () => {
  it('when a job lost its lease so often that pg-boss put it aside itself, and its record was sent later', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await readChanges(at.journey);
    await sql(at.journey, `update causeway_jobs.job set retry_count = 10 where name = 'push/accounts'`);
    await at.journey.context.boss.fetch('push/accounts');
    await expireLeases(at.journey);
    expect(
      await sql(at.journey, `select from causeway_jobs.job where name = 'push/accounts/dead'`),
    ).toHaveLength(1);
    await at.journey.carry();
    expect(await stateOf(at.journey, 'c1')).toBe('synced');
    await expectOneLetterEach(at.journey, []);
  });

  it('for what an older program left: letters without a row, twice, or lost in the queue', async () => {
    const at = await withLetters(3);
    await sql(at.journey, `delete from dead_letter where source_id = 'c0'`);
    await sql(at.journey, `delete from causeway_jobs.job where name like '%/dead' and singleton_key = 'c1'`);
    await at.journey.context.boss.insert('push/accounts/dead', [
      { data: { flow: 'accounts', sourceId: 'c2' }, singletonKey: 'c2' },
    ]);
    expect(await mendLetters(at.journey.context, accounts)).toBe(3);
    await expectOneLetterEach(at.journey, ['c0', 'c1', 'c2']);
    expect(await readLetter(at.journey.context.database, 'accounts', 'c2')).toMatchObject({
      payload: { fields: { name: 'bad 2' } },
    });
    expect(await readLetter(at.journey.context.database, 'accounts', 'c0')).toMatchObject({
      code: 'memory_refused',
      payload: null,
    });
    expect(await mendLetters(at.journey.context, accounts)).toBe(0);
  });

  it('when the record was merged away', async () => {
    const at = await withLetters(1);
    at.source.merge('c0', 'good');
    await at.journey.carry();
    expect(await stateOf(at.journey, 'c0')).toBe('removed');
    await expectOneLetterEach(at.journey, []);
  });

  it('for years: pg-boss is told not to clear letters away, also in a queue of an older program', async () => {
    const at = await between();
    await sql(
      at.journey,
      'update causeway_jobs.queue set retention_seconds = 86400, deletion_seconds = 86400',
    );
    await ensureQueues(at.journey.context.boss, 'accounts', 3600);
    refuseBad(at);
    at.source.put('c0', { name: 'bad' });
    at.source.put('c1', { name: 'good' });
    await at.journey.carry();
    const jobs = await sql(
      at.journey,
      `select name, extract(year from age(keep_until, now()))::int > 50 as for_years, deletion_seconds as finished from causeway_jobs.job
       where name in ('push/accounts', 'push/accounts/dead') group by 1, 2, 3 order by 1`,
    );
    expect(jobs).toEqual([
      { name: 'push/accounts', for_years: false, finished: 3600 },
      { name: 'push/accounts/dead', for_years: true, finished: 0 },
    ]);
  });
});

describe('a list of dead letters', () => {
  it('tells 500 letters of one cause in one line, with an exact count and a sample', async () => {
    const at = await between();
    for (let n = 0; n < 500; n++) {
      at.source.put(`c${n}`, { name: `bad ${n}` });
      // Were nearly all refused alike, the flow would be paused.
      at.source.put(`c${n} beside`, { name: 'good' });
    }
    at.source.put('other', { name: 'worse' });
    at.sink.refuse = ({ id, fields }) => {
      if (fields['name'] === 'good') return null;
      const message = id === 'other' ? 'is too short' : `${JSON.stringify(fields['name'])} is no name`;
      const faulty = [{ field: 'name', message }];
      return new Fault({
        kind: 'invalid_record',
        code: 'memory_refused',
        message: 'refused',
        fields: faulty,
      });
    };
    await at.journey.carry();
    const groups = await groupLetters(at.journey.context.database, 'accounts', stream);
    expect(groups).toMatchObject([
      { count: 500, code: 'memory_refused', field: 'name', message: '"…" is no name' },
      { count: 1, message: 'is too short', sample: 'other' },
    ]);
    expect(await choose(at, { group: groups[1]?.group ?? '' })).toMatchObject([{ sourceId: 'other' }]);
  });

  it('is narrowed by code, field, condition and age', async () => {
    const at = await withLetters(4);
    const condition = compileRecordCondition('country == "DE"');
    if (!('holds' in condition)) throw new Error('no condition');
    expect(ids(await choose(at, { condition }))).toEqual(['c1', 'c3']);
    expect(ids(await choose(at, { field: 'name', code: 'memory_refused' }))).toHaveLength(4);
    expect(ids(await choose(at, { field: 'city' }))).toEqual([]);
    await sql(at.journey, `update link set since = now() - interval '3 days' where source_id = 'c2'`);
    expect(ids(await choose(at, { before: new Date(Date.now() - 86_400_000) }))).toEqual(['c2']);
  });
});

describe('a redrive', () => {
  it('sends the newest state that the CRM has, read by id', async () => {
    const at = await withLetters(2);
    const letters = await choose(at);
    at.source.put('c0', { name: 'mended' });
    const reads = at.source.reads;
    expect(await redrive(at, letters)).toEqual({ queued: ['c0', 'c1'], changed: [], unknown: [] });
    expect(at.source.reads).toBe(reads);
    await expectOneLetterEach(at.journey, []);
    await at.journey.carry();
    expect(names(at.sink)).toEqual(['good', 'mended']);
    await expectOneLetterEach(at.journey, ['c1']);
  });

  it('from the mirror asks the CRM nothing', async () => {
    const at = await withLetters(1);
    at.source.readByIds = () => Promise.reject(new Error('it was asked'));
    expect(await redrive(at, await choose(at), 'mirror')).toMatchObject({ queued: ['c0'] });
    at.sink.refuse = () => null;
    await at.journey.carry();
    expect(names(at.sink)).toEqual(['good', 'bad 0']);
  });

  it('leaves the letter of a record that the CRM does not have any more', async () => {
    const at = await withLetters(1);
    at.source.remove('c0');
    expect(await redrive(at, await choose(at))).toEqual({ queued: [], changed: [], unknown: ['c0'] });
    await expectOneLetterEach(at.journey, ['c0']);
  });

  it('touches exactly what was listed: not what changed since, died again since, or came later', async () => {
    const at = await withLetters(3);
    const listed = await choose(at);
    at.source.put('c0', { name: 'changed' });
    await readChanges(at.journey);
    await redrive(at, await choose(at, { ids: ['c1'] }), 'mirror');
    at.source.put('c9', { name: 'bad 9' });
    await at.journey.carry();
    // c0 was carried meanwhile, c1 has died again, and c9 is new.
    await expectOneLetterEach(at.journey, ['c1', 'c2', 'c9']);
    expect(await redrive(at, listed)).toEqual({ queued: ['c2'], changed: ['c0', 'c1'], unknown: [] });
    await expectOneLetterEach(at.journey, ['c1', 'c9']);
  });

  it('leaves a record out that a change waits for, and the change is carried', async () => {
    const at = await withLetters(1);
    const listed = await choose(at);
    at.source.put('c0', { name: 'changed' });
    await readChanges(at.journey);
    expect(await redrive(at, listed)).toMatchObject({ queued: [], changed: ['c0'] });
    await at.journey.carry();
    expect(names(at.sink)).toEqual(['good', 'changed']);
  });

  it('of the same letters by two people at once sends each once', async () => {
    const at = await withLetters(19);
    const listed = await choose(at);
    const [one, two] = await Promise.all([redrive(at, listed), redrive(at, listed)]);
    expect([...one.queued, ...two.queued].sort()).toEqual(ids(listed));
    await expectOneLetterEach(at.journey, []);
    at.sink.batches.length = 0;
    await at.journey.carry();
    expect(at.sink.batches.flat().filter(({ id }) => id === 'c7').length).toBe(1);
  });
});

describe('a drop', () => {
  const told = { reason: 'duplicate of 12', by: 'ana' };

  it('leaves the record out with the reason and who gave it, and asks no system', async () => {
    const at = await withLetters(2);
    at.sink.batches.length = 0;
    const listed = await choose(at, { ids: ['c0'] });
    const { context } = at.journey;
    expect(await dropLetters(context, accounts, listed, told, never)).toEqual({
      dropped: ['c0'],
      changed: [],
    });
    await expectOneLetterEach(at.journey, ['c1']);
    const story = await letterStory(context, accounts, 'c0', { nextRun: null, historyLimit: 1 });
    expect(story).toMatchObject({
      record: { state: 'skipped', code: 'dropped', reason: 'duplicate of 12 (dropped by ana)' },
      letter: null,
      history: [{ event: 'dropped', message: 'ana: duplicate of 12' }],
    });
    await at.journey.carry();
    expect(at.sink.batches).toEqual([]);
  });

  it('is not undone by `resync --changed` after an edit of the mapping', async () => {
    const at = await withLetters(2);
    await dropLetters(at.journey.context, accounts, await choose(at, { ids: ['c0'] }), told, never);
    const planned = [];
    const edited = { ...accounts, hash: 'another' };
    for await (const page of planPages(at.journey.context, edited, never)) planned.push(...page);
    expect(planned.filter(({ changed }) => changed).map(({ id }) => id)).toEqual(['c1']);
  });

  it('ends when the record changes in the source', async () => {
    const at = await withLetters(1);
    await dropLetters(at.journey.context, accounts, await choose(at), told, never);
    at.source.put('c0', { name: 'mended' });
    await at.journey.carry();
    expect([await stateOf(at.journey, 'c0'), names(at.sink)]).toEqual(['synced', ['good', 'mended']]);
  });

  it('leaves what has changed since it was listed', async () => {
    const at = await withLetters(2);
    const listed = await choose(at);
    at.source.put('c1', { name: 'changed' });
    await readChanges(at.journey);
    expect(await dropLetters(at.journey.context, accounts, listed, told, never)).toEqual({
      dropped: ['c0'],
      changed: ['c1'],
    });
    await at.journey.carry();
    expect(names(at.sink)).toEqual(['good', 'changed']);
  });
});
