import { afterEach, describe, expect, it } from 'vitest';
import { readLetter } from '../../src/store/dead-letter.ts';
import { lastDeliveryMapping } from '../../src/store/history.ts';
import { keepMappingVersion, readMappingVersion } from '../../src/store/mapping-version.ts';
import { loadPayloads } from '../../src/store/payload.ts';
import { inSteps } from '../../src/store/purge.ts';
import { keepPurging } from '../../src/schedule/purging.ts';
import { type Purged, purge } from '../../src/sync/purge.ts';
import { aMapping } from './journey.ts';
import { never, refused, withLetters } from './letters.ts';
import { between, closeAll, type Setting, sql } from './setting.ts';

afterEach(closeAll);

const day = 86_400;
const retention = { history: 90 * day, runs: 30 * day };

/** Purges with the clock so many days ahead. */
const purgeIn = (days: number, { journey }: Setting): Promise<Purged> => {
  const now = (): Date => new Date(Date.now() + days * day * 1000);
  return purge({ ...journey.context, now }, retention, never);
};

const events = (at: Setting, id: string): Promise<{ event: string }[]> =>
  sql(at.journey, `select event from history where source_id = '${id}' order by id`);

/** A record that was delivered three times, and one that was left out. */
async function withHistory(): Promise<Setting> {
  const at = await between([
    aMapping({
      flow: 'accounts',
      run: (record) =>
        record['name'] === 'left out'
          ? { kind: 'skipped', code: 'only_when', reason: 'it is left out' }
          : { kind: 'record', fields: record, lines: {}, createOnly: [], updateOnly: [] },
    }),
  ]);
  for (const name of ['one', 'two', 'three']) {
    at.source.put('c1', { name });
    at.source.put('out', { name: 'left out', nth: name });
    await at.journey.carry();
  }
  return at;
}

describe('the purge', () => {
  it('leaves everything that is not old', async () => {
    const at = await withHistory();
    expect(await purgeIn(29, at)).toEqual({ history: 0, runs: 0, payloads: 0, mappings: 0, requests: 0 });
  });

  it('forgets old history, and keeps the newest delivery of each record, which names its mapping', async () => {
    const at = await withHistory();
    expect(await purgeIn(91, at)).toMatchObject({ history: 5 });
    expect(await events(at, 'c1')).toEqual([{ event: 'updated' }]);
    expect(await events(at, 'out')).toEqual([]);
    expect(await lastDeliveryMapping(at.journey.context.database, 'accounts', 'c1')).toBe('hash of accounts');
  });

  it('keeps the history of a record that is dead, and of one that is not settled', async () => {
    const at = await withLetters(2);
    await sql(at.journey, `update link set state = 'retrying' where source_id = 'c1'`);
    expect(await purgeIn(4000, at)).toMatchObject({ history: 0 });
    await sql(at.journey, `update link set state = 'skipped' where source_id = 'c1'`);
    expect(await purgeIn(4000, at)).toMatchObject({ history: 1 });
    expect(await events(at, 'c0')).toEqual([{ event: 'dead' }]);
  });

  it('never takes a dead letter away', async () => {
    const at = await withLetters(1);
    await purgeIn(4000, at);
    expect(await readLetter(at.journey.context.database, 'accounts', 'c0')).toMatchObject({
      payload: { fields: { name: 'bad 0' } },
    });
  });

  it('forgets old runs, and keeps the newest of each flow and the newest that came to its end', async () => {
    const at = await withHistory();
    await sql(at.journey, `insert into run (flow, cause, started_at) values ('accounts', 'sync', now())`);
    const before = await sql<{ id: string }>(at.journey, 'select id from run order by id');
    await purgeIn(31, at);
    expect(await sql(at.journey, 'select id from run order by id')).toEqual(before.slice(-2));
  });

  it('goes over more rows than one step holds', async () => {
    const at = await withHistory();
    await sql(
      at.journey,
      `insert into history (flow, source_id, at, event) select 'accounts', 'c' || n, now(), 'skipped' from generate_series(10, 2600) n`,
    );
    expect(await purgeIn(91, at)).toMatchObject({ history: 2591 + 5 });
  });

  it('forgets mappings that neither link nor history speak of, and keeps the newest of each file', async () => {
    const at = await withHistory();
    const { database } = at.journey.context;
    const version = (hash: string) => ({ ...aMapping({ flow: 'accounts' }), hash });
    for (const hash of ['unused', 'delivered once', 'newest'])
      await keepMappingVersion(database, version(hash));
    await sql(
      at.journey,
      `update history set mapping_hash = 'delivered once' where source_id = 'c1' and event = 'updated'`,
    );
    const known = async (): Promise<string[]> => {
      const found = await sql<{ hash: string }>(at.journey, 'select hash from mapping_version order by 1');
      return found.map(({ hash }) => hash);
    };
    expect(await purgeIn(100, at)).toMatchObject({ mappings: 0 });
    expect(await purgeIn(150, at)).toMatchObject({ mappings: 1 });
    expect(await known()).toEqual(['delivered once', 'hash of accounts', 'newest']);
    expect(await readMappingVersion(database, 'delivered once')).not.toBeNull();
  });

  it('is done by one process at a time', async () => {
    const at = await withHistory();
    const { database } = at.journey.context;
    const inner = await inSteps(database, never, async () => ({
      removed: await inSteps(database, never, async () => ({ removed: 1, after: null })).then((got) =>
        got === null ? 7 : 0,
      ),
      after: null,
    }));
    expect(inner).toBe(7);
  });

  it('stops after the step in hand when the service is stopped', async () => {
    const at = await withHistory();
    const stopping = new AbortController();
    let steps = 0;
    const removed = await inSteps(at.journey.context.database, stopping.signal, async () => {
      steps += 1;
      stopping.abort();
      return { removed: 1000, after: '1000' };
    });
    expect([steps, removed]).toEqual([1, 1000]);
    await keepPurging(at.journey.context, retention, stopping.signal);
  });

  it('is done at once when the service starts, and then by the clock', async () => {
    const at = await withHistory();
    const stopping = new AbortController();
    const waits: number[] = [];
    const context = {
      ...at.journey.context,
      now: () => new Date(Date.now() + 91 * day * 1000),
      sleep: async (ms: number) => {
        waits.push(ms);
        if (waits.length === 2) stopping.abort();
      },
    };
    await keepPurging(context, retention, stopping.signal);
    expect(waits).toEqual([3600_000, 3600_000]);
    expect(await events(at, 'out')).toEqual([]);
  });
});

describe('where only hashes are kept', () => {
  it('nothing of what was sent is stored, neither of deliveries nor of dead letters, and nothing is sent twice', async () => {
    const at = await between([aMapping({ flow: 'accounts' })], { keepsPayloads: () => false });
    at.sink.refuse = ({ id }) => (id === 'c2' ? refused('this is not allowed') : null);
    at.source.put('c1', { name: 'canary' });
    at.source.put('c2', { name: 'canary' });
    await at.journey.carry();
    const { database } = at.journey.context;
    expect(await loadPayloads(database, 'accounts', ['c1'])).toEqual(new Map());
    expect(await readLetter(database, 'accounts', 'c2')).toMatchObject({
      payload: null,
      code: 'memory_refused',
    });
    const kept = await sql(
      at.journey,
      `select from link l full join history h using (flow) full join dead_letter d using (flow) full join payload p using (flow)
       where concat(l.*, h.*, d.*, p.*) like '%canary%'`,
    );
    expect(kept).toEqual([]);
    at.source.put('c1', { name: 'canary' });
    at.sink.batches.length = 0;
    await at.journey.carry();
    expect(at.sink.batches).toEqual([]);
  });

  it('what was kept before is removed, of that flow alone', async () => {
    const at = await withLetters(1);
    await sql(at.journey, `insert into payload values ('orders', 'o1', '{}')`);
    const context = { ...at.journey.context, keepsPayloads: (flow: string) => flow !== 'accounts' };
    expect(await purge(context, retention, never)).toMatchObject({ payloads: 2 });
    expect(await sql(at.journey, 'select flow from payload')).toEqual([{ flow: 'orders' }]);
    const { database } = at.journey.context;
    expect(await readLetter(database, 'accounts', 'c0')).toMatchObject({ payload: null });
  });
});
