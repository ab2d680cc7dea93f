import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { readHints } from '../../src/schedule/hints.ts';
import { freeConnection, pauseConnection } from '../../src/store/connection-state.ts';
import { claimHints, hintsWaiting, keepHints } from '../../src/store/hint.ts';
import { readHinted } from '../../src/sync/read-hinted.ts';
import { aMapping, type Journey } from './journey.ts';
import { anotherWorker, between, closeAll, names, once, sql, stateOf } from './setting.ts';

const never = new AbortController().signal;
afterEach(closeAll);

/** A webhook said that something happened to these. */
const hinted = ({ context }: Journey, ...ids: string[]): Promise<void> =>
  keepHints(
    context.database,
    'crm',
    ids.map((id) => ({ entity: 'accounts', id })),
    'f'.repeat(32),
  );

const waiting = async (journey: Journey): Promise<number> =>
  (await hintsWaiting(journey.context.database)).reduce((sum, { count }) => sum + count, 0);

const queued = async (journey: Journey): Promise<string[]> =>
  (
    await sql<{ id: string }>(
      journey,
      `select singleton_key as id from causeway_jobs.job where name = 'push/accounts' and state = 'created' order by 1`,
    )
  ).map(({ id }) => id);

const mirrored = async (journey: Journey, id: string): Promise<unknown> =>
  (
    await sql<{ record: { name?: string } }>(journey, `select record from mirror where source_id = '${id}'`)
  )[0]?.record.name;

describe('hints of which thousands wait', () => {
  it('are claimed in as small parts as before, each once, though nobody has counted the table', async () => {
    const { journey } = await between();
    const { database } = journey.context;
    const ids = Array.from({ length: 3000 }, (_, n) => String(n));
    await hinted(journey, ...ids);
    const stream = { connection: 'crm', entity: 'accounts' };
    const claimed = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const { hints } = await claimHints(database, stream, { reader: `r${round}`, seconds: 60, limit: 100 });
      expect(hints).toHaveLength(100);
      for (const { sourceId } of hints) claimed.add(sourceId);
    }
    expect(claimed.size).toBe(300);
  });
});

describe('a hint', () => {
  it('has its record read again by its id, mirrored and queued, with its trace', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'One' });
    await hinted(journey, '1');
    expect(await readHinted(journey.context, never)).toEqual(new Set(['accounts']));
    expect([await mirrored(journey, '1'), await queued(journey), await waiting(journey)]).toEqual([
      'One',
      ['1'],
      0,
    ]);
    expect(await sql(journey, 'select trace_id as trace from mirror')).toEqual([{ trace: 'f'.repeat(32) }]);
    expect(source.reads).toBe(0);
  });

  it('costs nothing when nothing has changed, however often it comes and in whatever order', async () => {
    const { source, sink, journey } = await between();
    source.put('1', { name: 'One' });
    await journey.carry();
    await hinted(journey, '1', '1', '1');
    await hinted(journey, '1');
    expect(await readHinted(journey.context, never)).toEqual(new Set());
    expect([await queued(journey), await waiting(journey), names(sink)]).toEqual([[], 0, ['One']]);
  });

  it('that comes while its record is being read is not over with that reading', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'Before' });
    await hinted(journey, '1');
    journey.at = once(async () => {
      source.put('1', { name: 'After' });
      await hinted(journey, '1');
    });
    await readHinted(journey.context, never);
    expect([await mirrored(journey, '1'), await waiting(journey)]).toEqual(['After', 0]);
  });

  it('never takes an older state over a newer one that was read by a page meanwhile (P3)', async () => {
    const { source, sink, journey } = await between();
    source.put('1', { name: 'Older' });
    await journey.carry();
    source.put('1', { name: 'Old' });
    await hinted(journey, '1');
    journey.at = (step) =>
      step === 'hinted_read'
        ? once(async () => {
            journey.at = () => {};
            source.put('1', { name: 'Newest' });
            await journey.carry();
          })()
        : undefined;
    await readHinted(journey.context, never);
    expect([await mirrored(journey, '1'), await waiting(journey)]).toEqual(['Newest', 0]);
    await journey.carry();
    expect(names(sink)).toEqual(['Newest']);
    expect(await sql(journey, `select count(*)::int as n from history where event = 'updated'`)).toEqual([
      { n: 1 },
    ]);
  });

  it('takes a record that was restored, whose stamp is older than its removal', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'One' }, '2026-01-01T00:00:00.000Z');
    await journey.carry();
    source.remove('1');
    await journey.carry();
    expect(await stateOf(journey, '1')).toBe('skipped');
    source.put('1', { name: 'One' }, '2026-01-01T00:00:00.000Z');
    await hinted(journey, '1');
    await readHinted(journey.context, never);
    expect(await queued(journey)).toEqual(['1']);
  });

  it('of a record that is gone removes it as the list of deletes would, and makes nothing of one never seen', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'One' });
    await journey.carry();
    source.purge('1');
    await hinted(journey, '1', 'never-seen');
    await readHinted(journey.context, never);
    expect([await queued(journey), await waiting(journey)]).toEqual([['1'], 0]);
    await journey.carry();
    expect(await stateOf(journey, '1')).toBe('skipped');
    expect(await sql(journey, 'select count(*)::int as n from mirror')).toEqual([{ n: 1 }]);
  });

  it('waits while the connection is paused, and is read when it goes on', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'One' });
    await hinted(journey, '1');
    await pauseConnection(journey.context.database, 'crm', 'a move');
    expect(await readHinted(journey.context, never)).toEqual(new Set());
    expect(await waiting(journey)).toBe(1);
    await freeConnection(journey.context.database, 'crm', 'person');
    expect(await readHinted(journey.context, never)).toEqual(new Set(['accounts']));
    expect(await waiting(journey)).toBe(0);
  });

  it('stays when the source does not answer, which holds the connection for a moment', async () => {
    const { source, journey } = await between();
    source.put('1', { name: 'One' });
    await hinted(journey, '1');
    const readByIds = source.readByIds;
    source.readByIds = async () => {
      throw new Fault({ kind: 'transient', code: 'down', message: 'It is down.', retryAfterMs: 60_000 });
    };
    expect(await readHinted(journey.context, never)).toEqual(new Set());
    expect(await sql(journey, 'select state from connection_state')).toMatchObject([{ state: 'held' }]);
    expect(await waiting(journey)).toBe(1);
    source.readByIds = readByIds;
    await freeConnection(journey.context.database, 'crm', 'person');
    await readHinted(journey.context, never);
    expect(await waiting(journey)).toBe(0);
  });

  it('leads to the records into which its own is nested, where the source can tell', async () => {
    const { source, journey } = await between([
      aMapping({ flow: 'accounts', read: { from: 'crm', entity: 'accounts', with: ['lines'] } }),
    ]);
    source.nestedInto = async ({ entity, ids }) =>
      entity === 'lines' ? ids.map(() => ({ entity: 'accounts', id: '1' })) : [];
    source.put('1', { name: 'One' });
    await keepHints(journey.context.database, 'crm', [{ entity: 'lines', id: '77' }], null);
    await readHinted(journey.context, never);
    await readHinted(journey.context, never);
    expect([await mirrored(journey, '1'), await queued(journey), await waiting(journey)]).toEqual([
      'One',
      ['1'],
      0,
    ]);
  });

  it('is read once by two workers who look at once, and a thousand of them in pages', async () => {
    const setting = await between();
    const { source, journey } = setting;
    const ids = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    for (const id of ids) source.put(id, { name: id });
    await hinted(journey, ...ids);
    const other = await anotherWorker(setting);
    let asked = 0;
    const readByIds = source.readByIds;
    source.readByIds = (request, signal) => {
      asked += request.ids.length;
      return readByIds(request, signal);
    };
    await Promise.all([readHinted(journey.context, never), readHinted(other.context, never)]);
    expect([asked, (await queued(journey)).length, await waiting(journey)]).toEqual([1000, 1000, 0]);
  });
});

describe('the reader of hints', () => {
  it('reads at once when a webhook came in, and wakes the continuous flows', async () => {
    const { source, journey } = await between([aMapping({ flow: 'accounts', schedule: 'continuous' })]);
    const stop = new AbortController();
    const woken = Promise.withResolvers<string>();
    const reader = readHints(journey.context, { wake: woken.resolve }, stop.signal);
    source.put('1', { name: 'One' });
    await hinted(journey, '1');
    reader.arrived();
    expect(await woken.promise).toBe('accounts');
    stop.abort();
    await reader.ended;
  });
});
