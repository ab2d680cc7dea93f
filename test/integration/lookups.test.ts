import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bodyWithAge } from '../../src/lookup/body.ts';
import type { Outcome } from '../../src/lookup/outcome.ts';
import { lookupService, type LookupService } from '../../src/lookup/service.ts';
import { freeConnection, pauseConnection, stopConnection } from '../../src/store/connection-state.ts';
import { openDatabase } from '../../src/store/database.ts';
import { tellStanding } from '../../src/sync/tell-standing.ts';
import { aLookup, aQuestion, asking } from '../lookup/a-lookup.ts';
import { aMapping } from './journey.ts';
import { between, closeAll, type Setting } from './setting.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).toReversed()) await close();
  await closeAll();
});

const lookup = aLookup({
  questions: [aQuestion({ entity: 'accounts', fields: ['name', 'credit_limit'] })],
  fallback: ['stale', 'mirror'],
});

/** A flow of accounts that a lookup tells of. */
const lookedUp = (): Promise<Setting> =>
  between([aMapping({ flow: 'accounts' })], { isLookedUp: () => true });

/** A process that answers lookups over the setting's database and its ERP; it listens when this resolves. */
async function aProcess({ journey, sink }: Setting): Promise<LookupService> {
  const { url } = journey;
  const database = openDatabase(url, { max: 2, answersWithinMs: 1000, onError: () => {} });
  const service = lookupService({
    url,
    database,
    lookups: () => [lookup],
    openings: new Map([
      ['erp', { connection: { name: 'erp', source: null, sink }, concurrency: 2, verify: async () => {} }],
    ]),
    written: (flow) => ({ connection: 'erp', entity: flow }),
    tellStanding: (flow, id) => tellStanding({ ...journey.context, database }, flow, id, () => null),
    now: () => journey.context.now().getTime(),
    onError: () => {},
  });
  await service.serve();
  closers.push(async () => {
    await service.close();
    await database.end();
  });
  return service;
}

const body = (outcome: Outcome): Record<string, unknown> =>
  outcome.kind === 'reply' ? (JSON.parse(bodyWithAge(outcome)) as Record<string, unknown>) : { ...outcome };

describe('a lookup of a record that is carried', () => {
  it('finds it by the id of the CRM, with one statement and no connection held while the ERP is asked', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    await setting.journey.carry();
    const service = await aProcess(setting);
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    const taken = vi.spyOn(pg.Pool.prototype, 'connect');
    let idle: unknown;
    const read = setting.sink.readByIds.bind(setting.sink);
    setting.sink.readByIds = async (...args) => {
      const pool = taken.mock.contexts[0] as pg.Pool | undefined;
      idle = pool && pool.totalCount - pool.idleCount;
      return read(...args);
    };
    const outcome = await service.answer(lookup, '42', asking);
    expect(body(outcome)).toMatchObject({ origin: 'live', reply: { name: 'Ernst Handel' } });
    const texts = statements.mock.calls.map(([first]) => JSON.stringify(first));
    expect(texts.filter((text) => text.includes('load_linked'))).toHaveLength(1);
    expect(idle).toBe(0);
  });

  it('is told where it stands while it is not in the ERP', async () => {
    const setting = await lookedUp();
    const service = await aProcess(setting);
    expect(await service.answer(lookup, '42', asking)).toMatchObject({ kind: 'not_found' });
    setting.source.put('42', { name: 'Ernst Handel' });
    setting.sink.before = () => {
      throw new Error('it is not to be sent');
    };
    await setting.journey.carry();
    expect(await service.answer({ ...lookup, hash: 'again' }, '42', asking)).toMatchObject({
      kind: 'not_linked',
      standing: { flow: 'accounts', id: '42', state: 'dead', nextCheckAfterSeconds: null },
    });
  });

  it('is told where it stands also while its ERP is paused', async () => {
    const setting = await lookedUp();
    const service = await aProcess(setting);
    await pauseConnection(setting.journey.context.database, 'erp', 'a person paused it');
    await service.look();
    setting.source.put('42', { name: 'Ernst Handel' });
    await setting.journey.carry();
    expect(await service.answer(lookup, '42', asking)).toMatchObject({
      kind: 'not_linked',
      standing: { flow: 'accounts', id: '42', state: 'pending' },
    });
  });

  it('is followed where it was merged into another', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    setting.source.put('43', { name: 'Handel' });
    await setting.journey.carry();
    setting.source.merge('43', '42');
    await setting.journey.carry();
    const service = await aProcess(setting);
    expect(body(await service.answer(lookup, '43', asking))).toMatchObject({
      reply: { name: 'Ernst Handel' },
    });
  });
});

describe('when a record is delivered', () => {
  it('its kept answers are dropped in every process, and those of others are not', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    setting.source.put('43', { name: 'Alfreds' });
    await setting.journey.carry();
    const processes = [await aProcess(setting), await aProcess(setting)];
    const origins = async (key: string): Promise<unknown[]> => {
      const outcomes = await Promise.all(processes.map((one) => one.answer(lookup, key, asking)));
      return outcomes.map((outcome) => body(outcome)['origin']);
    };
    // Everything is forgotten when listening begins: from then on answers stay.
    await vi.waitFor(async () => expect(await origins('42')).toEqual(['cache', 'cache']), {
      timeout: 30_000,
    });
    await vi.waitFor(async () => expect(await origins('43')).toEqual(['cache', 'cache']), {
      timeout: 30_000,
    });
    setting.source.put('42', { name: 'Handel & Co' });
    await setting.journey.carry();
    const names = async (): Promise<unknown[]> => {
      const outcomes = await Promise.all(processes.map((one) => one.answer(lookup, '42', asking)));
      return outcomes.map((outcome) => body(outcome)['reply']);
    };
    const fresh = { name: 'Handel & Co', limit: '0' };
    await vi.waitFor(
      async () =>
        expect(await names()).toEqual([expect.objectContaining(fresh), expect.objectContaining(fresh)]),
      { timeout: 30_000 },
    );
    expect(await origins('43')).toEqual(['cache', 'cache']);
  });

  it('while a process did not listen, it drops everything when it listens again', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    await setting.journey.carry();
    const service = await aProcess(setting);
    await vi.waitFor(
      async () => expect(body(await service.answer(lookup, '42', asking))).toMatchObject({ origin: 'cache' }),
      { timeout: 30_000 },
    );
    const { database } = setting.journey.context;
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'causeway lookups' and datname = current_database()",
    );
    await vi.waitFor(
      async () => expect(body(await service.answer(lookup, '42', asking))).toMatchObject({ origin: 'live' }),
      { timeout: 30_000 },
    );
  });
});

describe('a connection that is held after a failure', () => {
  it('is told of without the words of the vendor', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    await setting.journey.carry();
    const service = await aProcess(setting);
    const now = setting.journey.context.now();
    await stopConnection(setting.journey.context.database, {
      connection: 'erp',
      state: 'held',
      code: 'odoo_down',
      reason: 'res.partner is locked',
      until: new Date(now.getTime() + 60_000),
      now,
    });
    await service.look();
    expect(await service.answer({ ...lookup, fallback: [], ttlMs: 0 }, '42', asking)).toMatchObject({
      kind: 'unavailable',
      sentence: 'erp is not asked now: it is held.',
    });
  });
});

describe('a fallback to what was last sent', () => {
  it('is there for every one of a crowd while the ERP hangs, with a few statements', async () => {
    const setting = await lookedUp();
    const ids = Array.from({ length: 60 }, (_, n) => `c${n}`);
    for (const id of ids) setting.source.put(id, { name: `Company ${id}` });
    await setting.journey.carry();
    const service = await aProcess(setting);
    setting.sink.readByIds = () => new Promise(() => {});
    const statements = vi.spyOn(pg.Client.prototype, 'query');
    const hanging = { ...lookup, deadlineMs: 1500, ttlMs: 0, staleForMs: 0 };
    const outcomes = await Promise.all(ids.map((id) => service.answer(hanging, id, asking)));
    expect(outcomes.map((outcome) => body(outcome))).toEqual(
      ids.map((id) =>
        expect.objectContaining({ origin: 'mirror', reply: { name: `Company ${id}`, limit: null } }),
      ),
    );
    const texts = statements.mock.calls.map(([first]) => JSON.stringify(first));
    expect(texts.filter((text) => text.includes('load_delivered')).length).toBeLessThan(10);
  });

  it('answers while the connection is paused, names what it does not know, and ends with the pause', async () => {
    const setting = await lookedUp();
    setting.source.put('42', { name: 'Ernst Handel' });
    await setting.journey.carry();
    const service = await aProcess(setting);
    const { database } = setting.journey.context;
    await pauseConnection(database, 'erp', 'a person paused it');
    const edited = { ...lookup, ttlMs: 0, staleForMs: 0 };
    await vi.waitFor(
      async () =>
        expect(body(await service.answer(edited, '42', asking))).toMatchObject({
          origin: 'mirror',
          reply: { name: 'Ernst Handel', limit: null },
          unknown: ['limit'],
        }),
      { timeout: 5000 },
    );
    const refusing = { ...edited, fallback: [] };
    expect(await service.answer(refusing, '42', asking)).toMatchObject({
      kind: 'unavailable',
      system: 'erp',
      sentence: 'erp is not asked now: a person paused it.',
    });
    await freeConnection(database, 'erp', 'person');
    await vi.waitFor(
      async () => expect(body(await service.answer(edited, '42', asking))).toMatchObject({ origin: 'live' }),
      { timeout: 5000 },
    );
  });
});
