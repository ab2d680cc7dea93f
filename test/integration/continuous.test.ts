import { afterEach, describe, expect, it } from 'vitest';
import { runService } from '../../src/schedule/service.ts';
import { type Waker, waker } from '../../src/schedule/wake.ts';
import { freeConnection, pauseConnection } from '../../src/store/connection-state.ts';
import type { FlowRun } from '../../src/sync/sync-flow.ts';
import { takeIn } from '../../src/sync/resync.ts';
import { aMapping, type Journey } from './journey.ts';
import { between, closeAll, names, type Setting, sql } from './setting.ts';

const ending = new AbortController();
let services: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  const stopping = services;
  services = [];
  await Promise.all(stopping.map((service) => service.stop()));
  await closeAll();
});

const companies = (over = {}) => aMapping({ flow: 'accounts', schedule: 'continuous', ...over });

/** The service of a process, and the runs that it tells of. */
function serving({ context }: Journey, own = waker()): { wake: Waker['wake']; nextTold(): Promise<FlowRun> } {
  const stop = new AbortController();
  const told = Promise.withResolvers<FlowRun>();
  let next = told;
  const folder = { current: context.mappings } as Parameters<typeof runService>[0]['folder'];
  const retention = { history: 1e9, runs: 1e9 } as Parameters<typeof runService>[0]['retention'];
  const onRun = (run: FlowRun): void => {
    const { resolve } = next;
    next = Promise.withResolvers();
    resolve(run);
  };
  const done = runService({ context, folder, retention, waker: own, onRun }, stop.signal);
  services.push({
    stop: async () => {
      stop.abort();
      await done;
    },
  });
  return { wake: own.wake, nextTold: () => next.promise };
}

/** Somebody else, another process for example, has queued a change. */
async function queued({ source, journey }: Setting, id: string): Promise<void> {
  source.put(id, { name: `Company ${id}` });
  const [mapping] = journey.context.mappings();
  if (mapping === undefined) throw new Error('no mapping');
  const found = await source.readByIds({ entity: 'accounts', with: [], ids: [id] }, ending.signal);
  await takeIn(journey.context, mapping, found, 'incremental');
}

describe('a continuous flow', () => {
  it('carries what is queued as soon as it is queued, whoever queued it', async () => {
    const setting = await between([companies()]);
    const delivered = Promise.withResolvers<number>();
    setting.journey.at = (step) => void (step === 'settled' && delivered.resolve(performance.now()));
    serving(setting.journey);
    const began = performance.now();
    await queued(setting, '1');
    expect((await delivered.promise) - began).toBeLessThan(5000);
    expect(names(setting.sink)).toEqual(['Company 1']);
  });

  it('is run at once when it is woken, and says what it did', async () => {
    const setting = await between([companies({ schedule: null })]);
    const { wake, nextTold } = serving(setting.journey);
    await queued(setting, '1');
    const told = nextTold();
    wake('accounts');
    expect((await told).run).toMatchObject({ flow: 'accounts', cause: 'wake', created: 1 });
  });

  it('is run when the service begins, where it was woken before that', async () => {
    const setting = await between([companies({ schedule: null })]);
    await queued(setting, '1');
    const early = waker();
    early.wake('accounts');
    const { nextTold } = serving(setting.journey, early);
    expect((await nextTold()).run).toMatchObject({ created: 1 });
  });

  it('reads the source with its first run and not each time that it is woken', async () => {
    const setting = await between([companies({ schedule: null })]);
    const { wake, nextTold } = serving(setting.journey);
    for (const id of ['1', '2', '3']) {
      await queued(setting, id);
      const told = nextTold();
      wake('accounts');
      await told;
    }
    expect(names(setting.sink)).toEqual(['Company 1', 'Company 2', 'Company 3']);
    expect(setting.source.reads).toBe(1);
  });

  it('leaves one row of all the runs in a row that carried nothing', async () => {
    const setting = await between([companies()]);
    const { nextTold, wake } = serving(setting.journey);
    await queued(setting, '1');
    await nextTold();
    for (let idle = 0; idle < 5; idle += 1) {
      const told = nextTold();
      wake('accounts');
      await told;
    }
    expect(await sql(setting.journey, 'select cause, created::int from run order by id')).toEqual([
      { cause: 'wake', created: 1 },
      { cause: 'wake', created: 0 },
    ]);
  });

  it('says once that it is stopped, keeps what is queued, and goes on by itself', async () => {
    const setting = await between([companies()]);
    const { journey } = setting;
    await pauseConnection(journey.context.database, 'erp', 'stocktaking');
    const { nextTold, wake } = serving(journey);
    await queued(setting, '1');
    expect((await nextTold()).stopped).toMatchObject({ connection: 'erp' });
    const told = nextTold();
    await freeConnection(journey.context.database, 'erp', 'person');
    wake('accounts');
    expect((await told).run).toMatchObject({ created: 1 });
  });
});
