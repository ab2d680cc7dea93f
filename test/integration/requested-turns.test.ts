import { afterEach, describe, expect, it } from 'vitest';
import { acceptRequest } from '../../src/sync/accept-request.ts';
import { claimRequests } from '../../src/store/resync-request.ts';
import { aMapping } from './journey.ts';
import { asked, ended, serving, when } from './requested-work.ts';
import { between, closeAll, type Setting, sql } from './setting.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await closeAll();
});

const serve = ({ journey }: Setting) => {
  const service = serving(journey);
  cleanups.push(service.stop);
  return service;
};

async function ask({ journey }: Setting, ids: readonly string[], flow = 'accounts'): Promise<string> {
  const accepted = await acceptRequest(journey.context.database, asked({ flow, choice: { by: 'ids', ids } }));
  if (!('request' in accepted)) throw new Error(accepted.as);
  return accepted.request.id;
}

/** Requests of a flow that sends nothing, older than any other: their records are queued, and nothing becomes of them. */
const openForLong = ({ journey }: Setting, count: number) =>
  sql(
    journey,
    `with r as (insert into resync_request (flow, choice, state, asked_by, asked_at, chosen_at, counts)
       select 'orders', '{"by":"ids","ids":["o1"]}', 'running', 'a test', now() - interval '1 hour', now(), '{"asked":1}' from generate_series(1, ${count})
       returning id)
     insert into resync_item (request_id, source_id, queued_at) select id, 'o1', now() from r`,
  );

describe('many resyncs that are open', () => {
  it('keep no other from being carried out', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    await openForLong(at, 1200);
    serve(at);
    const done = await ended(at.journey, await ask(at, ['c1']));
    expect(done).toMatchObject({ state: 'done', counts: { asked: 1, synced: 1 } });
  });

  it('are looked at in turns, what nobody has seen to first', async () => {
    const at = await between();
    await openForLong(at, 5);
    const { database } = at.journey.context;
    const look = async () =>
      (await claimRequests(database, 'a worker', { which: 'others', leaseSeconds: 15, limit: 2 })).map(
        ({ id }) => id,
      );
    const seen = [await look(), await look(), await look()].flat();
    expect(new Set(seen).size).toBe(5);
    // Two were looked at first of all, at the same instant; one of them had its second turn beside the last new one.
    const left = seen.slice(0, 2).filter((id) => !seen.slice(4).includes(id));
    expect(left).toHaveLength(1);
    expect(await look()).toContain(left[0]);
  });

  it('do not keep a new one from being queued while they are judged', async () => {
    const at = await between();
    for (const id of ['c1', 'c2']) at.source.put(id, { name: id });
    await at.journey.carry();
    await sql(at.journey, `update link set state = 'synced', delivered_at = now()`);
    await openForLong(at, 1);
    await sql(at.journey, `update resync_request set flow = 'accounts'`);
    await sql(at.journey, `update resync_item set source_id = 'c1'`);
    // Somebody holds the record of the old one: judging that waits.
    const holder = await at.journey.context.database.connect();
    cleanups.push(async () => holder.release(true));
    await holder.query('begin');
    await holder.query('select from resync_item for update');
    serve(at);
    const id = await ask(at, ['c2']);
    expect(await when(at.journey, id, ({ state }) => state === 'running')).toMatchObject({
      finishedAt: null,
    });
    await holder.query('rollback');
    expect(await ended(at.journey, id)).toMatchObject({ state: 'done' });
  });

  it('do not keep another flow from being queued while the source does not answer for them', async () => {
    const at = await between([aMapping({ flow: 'accounts' }), aMapping({ flow: 'orders' })]);
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const { readByIds } = at.source;
    const answers = Promise.withResolvers<void>();
    cleanups.push(async () => answers.resolve());
    at.source.readByIds = async (request, signal) => {
      if (request.entity === 'orders') await answers.promise;
      return readByIds(request, signal);
    };
    for (let n = 0; n < 12; n++) await ask(at, [`o${n}`], 'orders');
    serve(at);
    expect(await ended(at.journey, await ask(at, ['c1']))).toMatchObject({ state: 'done' });
    answers.resolve();
  });
});
