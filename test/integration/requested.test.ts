import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { newTraceId, presentTrace, withTrace } from '../../src/connector/trace.ts';
import { acceptRequest } from '../../src/sync/accept-request.ts';
import { cancel } from '../../src/sync/cancel-request.ts';
import { requestReport } from '../../src/sync/request-report.ts';
import type { ResyncRequest } from '../../src/store/resync-request.ts';
import { aMapping } from './journey.ts';
import { asked, ended, serving, when } from './requested-work.ts';
import { between, closeAll, explained, once, type Setting, sql, stateOf } from './setting.ts';

const never = new AbortController().signal;
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

async function ask({ journey }: Setting, over: Parameters<typeof asked>[0] = {}): Promise<ResyncRequest> {
  const accepted = await acceptRequest(journey.context.database, asked(over));
  if (!('request' in accepted)) throw new Error(accepted.as);
  return accepted.request;
}

const sums = ({ counts: { asked: all, ...others } }: ResyncRequest): boolean =>
  all === Object.values(others).reduce((sum, count) => sum + count, 0);

describe('a resync that was asked for', () => {
  it('is carried out at once, and counts exactly what became of its records', async () => {
    const at = await between();
    for (const id of ['c1', 'c2', 'c3']) at.source.put(id, { name: id });
    await at.journey.carry();
    at.sink.refuse = ({ id }) =>
      id === 'c2' ? new Fault({ kind: 'invalid_record', code: 'memory_refused', message: 'no' }) : null;
    serve(at);
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1', 'c2', 'nobody'] } });
    const done = await ended(at.journey, id);
    expect(done).toMatchObject({
      state: 'done',
      counts: { asked: 3, pending: 0, synced: 1, dead: 1, unknown: 1 },
    });
    expect(sums(done)).toBe(true);
  });

  it('bears the trace of its caller to the source, the ERP and the history, and a later change does not', async () => {
    const at = await between();
    at.source.put('c1', { name: 'c1' });
    await at.journey.carry();
    const trace = newTraceId();
    const seen: (string | null)[] = [];
    const { readByIds } = at.source;
    at.source.readByIds = (...question) => {
      seen.push(presentTrace());
      return readByIds(...question);
    };
    at.sink.before = () => void seen.push(presentTrace());
    serve(at);
    const choice = { by: 'ids', ids: ['c1'] } as const;
    const { id } = await withTrace(trace, () => ask(at, { choice }));
    await ended(at.journey, id);
    expect(seen).toEqual([trace, trace]);
    expect(await sql(at.journey, `select event from history where trace_id = '${trace}'`)).toContainEqual({
      event: 'updated',
    });
    at.source.put('c1', { name: 'a later change' });
    await at.journey.carry();
    expect(seen).toHaveLength(3);
    expect(seen[2]).not.toBe(trace);
  });

  it('adds up at every moment while records fail, wait and come through', async () => {
    const parents = aMapping({ flow: 'accounts' });
    const at = await between([parents], { batch: 3 });
    for (let n = 0; n < 20; n++) at.source.put(`c${n}`, { name: `c${n}` });
    await at.journey.carry();
    let calls = 0;
    at.sink.before = () => {
      calls += 1;
      if (calls % 3 === 1) throw new Fault({ kind: 'transient', code: 'memory_down', message: 'down' });
    };
    const seen: ResyncRequest[] = [];
    serve(at);
    const { id } = await ask(at, { choice: { by: 'all' } });
    const done = await when(at.journey, id, (request) => {
      seen.push(request);
      return request.finishedAt !== null;
    });
    expect(seen.every(sums)).toBe(true);
    expect(done.counts).toMatchObject({ asked: 20, pending: 0, synced: 20 });
  });

  it('counts a record that anybody settles after the request', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const service = serving(at.journey);
    // The service stops when the record is queued: what runs it is another process.
    at.sink.before = () => new Promise<void>(() => {});
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1'] } });
    at.journey.at = (step) => {
      if (step === 'ticked') throw new Error('this process cannot run it');
    };
    await when(at.journey, id, ({ state }) => state === 'running');
    await service.stop();
    at.journey.at = () => {};
    at.sink.before = () => {};
    await at.journey.carry();
    serve(at);
    expect((await ended(at.journey, id)).counts).toMatchObject({ asked: 1, synced: 1 });
    expect(at.sink.records.get('1')?.writes).toBe(2);
  });

  it('is taken over where the process before stopped, and queues nothing twice', async () => {
    const at = await between();
    for (let n = 0; n < 600; n++) at.source.put(`c${String(n).padStart(4, '0')}`, { name: 'x' });
    await at.journey.carry();
    const first = serving(at.journey);
    const { id } = await ask(at, { choice: { by: 'all' } });
    // Whatever it has come to by the time it stops: the next one goes on from there.
    await when(at.journey, id, ({ counts }) => counts.asked > 0);
    await first.stop();
    serve(at);
    const done = await ended(at.journey, id);
    expect(done.counts).toMatchObject({ asked: 600, synced: 600 });
    expect([...at.sink.records.values()].every(({ writes }) => writes === 2)).toBe(true);
  });

  it('chooses by condition, and counts the records on which that does not work out', async () => {
    const at = await between();
    at.source.put('c1', { country: 'DE', amount: '2' });
    at.source.put('c2', { country: 'FR' });
    at.source.put('c3', { country: 'DE', amount: 'much' });
    await at.journey.carry();
    serve(at);
    const { id } = await ask(at, { choice: { by: 'where', where: "country == 'DE' && amount > 1" } });
    const done = await ended(at.journey, id);
    expect(done).toMatchObject({ undecided: 1, counts: { asked: 1, synced: 1 } });
  });

  it('chooses what changed in the source since an instant', async () => {
    const at = await between();
    at.source.put('c1', { name: 'old' }, '2026-01-01T00:00:00Z');
    at.source.put('c2', { name: 'new' }, '2026-03-01T00:00:00Z');
    await at.journey.carry();
    serve(at);
    const { id } = await ask(at, { choice: { by: 'since', since: '2026-02-01T00:00:00Z' } });
    expect((await ended(at.journey, id)).counts).toMatchObject({ asked: 1, synced: 1 });
    expect([...at.sink.records.values()].map(({ writes }) => writes).toSorted()).toEqual([1, 2]);
  });

  it('chooses what the present mapping would change', async () => {
    let suffix = '';
    const mapping = () =>
      aMapping({
        flow: 'accounts',
        hash: `hash${suffix}`,
        run: (record) => ({
          kind: 'record',
          fields: { name: record['id'] === 'c2' ? `c2${suffix}` : (record['name'] ?? null) },
          lines: {},
          createOnly: [],
          updateOnly: [],
        }),
      });
    const at = await between([mapping()], { current: () => [mapping()] });
    for (const id of ['c1', 'c2']) at.source.put(id, { name: id });
    await at.journey.carry();
    suffix = '!';
    serve(at);
    const { id } = await ask(at, { choice: { by: 'changed' } });
    expect((await ended(at.journey, id)).counts).toMatchObject({ asked: 1, synced: 1 });
    expect([...at.sink.records.values()].map(({ writes }) => writes).toSorted()).toEqual([1, 2]);
  });

  it('says why it does not go on while the source does not answer, and goes on when it does', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const { readByIds } = at.source;
    at.source.readByIds = async () => {
      throw new Fault({ kind: 'transient', code: 'memory_down', message: 'the CRM does not answer' });
    };
    serve(at);
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1'] } });
    const stuck = await when(at.journey, id, ({ problem }) => problem !== null);
    expect(stuck).toMatchObject({ state: 'queued', problem: 'the CRM does not answer' });
    at.source.readByIds = readByIds;
    expect(await ended(at.journey, id)).toMatchObject({ state: 'done', problem: null });
  });

  it.each([1, 3])('fails when the source knows none of its %i records, and says so', async (count) => {
    const at = await between();
    serve(at);
    const ids = Array.from({ length: count }, (_, n) => `nobody${n}`);
    const { id } = await ask(at, { choice: { by: 'ids', ids } });
    const over = await ended(at.journey, id);
    expect(over).toMatchObject({
      state: 'failed',
      counts: { asked: count, unknown: count, pending: 0, synced: 0 },
    });
    expect(requestReport(over).message).toBe('The source knows none of these records.');
  });

  it('fails when its flow is gone, and says so', async () => {
    const at = await between();
    serve(at);
    const { id } = await ask(at, { flow: 'gone', choice: { by: 'ids', ids: ['c1'] } });
    expect(await ended(at.journey, id)).toMatchObject({
      state: 'failed',
      problem: 'there is no flow gone any more',
      counts: { asked: 1, cancelled: 1, pending: 0 },
    });
  });
});

describe('cancelling', () => {
  it('takes back what is queued and not sent, and leaves the records as they were', async () => {
    const at = await between();
    for (const id of ['c1', 'c2']) at.source.put(id, { name: id });
    await at.journey.carry();
    const before = await explained(at.journey, 'c1');
    at.journey.at = (step) => {
      if (step === 'ticked') throw new Error('this process cannot run it');
    };
    serve(at);
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1', 'c2'] } });
    await when(at.journey, id, ({ state }) => state === 'running');
    const cancelled = await cancel(at.journey.context, id, never);
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      notCancelled: 0,
      counts: { asked: 2, cancelled: 2, pending: 0 },
    });
    expect(cancelled?.finishedAt).not.toBeNull();
    expect((await explained(at.journey, 'c1'))?.record).toMatchObject({
      state: 'synced',
      since: before?.record.since,
    });
    at.journey.at = () => {};
    await at.journey.carry();
    expect([...at.sink.records.values()].map(({ writes }) => writes)).toEqual([1, 1]);
  });

  it('says how many records were on their way or wanted by others, and counts them to their end', async () => {
    const at = await between([aMapping({ flow: 'accounts' })], { batch: 1 });
    for (const id of ['c1', 'c2', 'c3']) at.source.put(id, { name: id });
    await at.journey.carry();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    at.sink.before = once(() => {
      reached.resolve();
      return gate.promise;
    });
    serve(at);
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1', 'c2', 'c3'] } });
    await reached.promise;
    // One is being sent, another one is asked for by a second request as well.
    const sending = at.sink.batches.at(-1)?.[0]?.id;
    const other = ['c1', 'c2', 'c3'].find((one) => one !== sending) ?? '';
    await when(at.journey, id, ({ state }) => state === 'running');
    const second = await ask(at, { choice: { by: 'ids', ids: [other] } });
    await when(at.journey, second.id, ({ state }) => state === 'running');
    const cancelled = await cancel(at.journey.context, id, never);
    expect(cancelled).toMatchObject({
      state: 'cancelled',
      notCancelled: 2,
      finishedAt: null,
      counts: { asked: 3, cancelled: 1, pending: 2 },
    });
    gate.resolve();
    const over = await ended(at.journey, id);
    expect(over).toMatchObject({ state: 'cancelled', counts: { cancelled: 1, synced: 2, pending: 0 } });
    await ended(at.journey, second.id);
    const writes = (one: string) => [...at.sink.records.values()].find((r) => r.fields['id'] === one)?.writes;
    expect([writes('c1'), writes('c2'), writes('c3')].toSorted()).toEqual([1, 2, 2]);
  });

  it('does not take out a record that changed in the source', async () => {
    const at = await between();
    at.source.put('c1', { name: 'old' });
    await at.journey.carry();
    at.journey.at = (step) => {
      if (step === 'ticked') throw new Error('this process cannot run it');
    };
    at.source.put('c1', { name: 'new' });
    serve(at);
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1'] } });
    await when(at.journey, id, ({ state }) => state === 'running');
    expect(await cancel(at.journey.context, id, never)).toMatchObject({ notCancelled: 1 });
    at.journey.at = () => {};
    await at.journey.carry();
    expect(await stateOf(at.journey, 'c1')).toBe('synced');
    expect(await ended(at.journey, id)).toMatchObject({ state: 'cancelled', counts: { synced: 1 } });
  });

  it('queues nothing more of a request that is still being queued', async () => {
    const at = await between();
    at.source.put('c1', { name: 'Acme' });
    await at.journey.carry();
    const { id } = await ask(at, { choice: { by: 'ids', ids: ['c1'] } });
    expect(await cancel(at.journey.context, id, never)).toMatchObject({
      state: 'cancelled',
      counts: { asked: 1, cancelled: 1 },
    });
    serve(at);
    expect(await sql(at.journey, `select from causeway_jobs.job where state < 'active'`)).toEqual([]);
    expect(await cancel(at.journey.context, id, never)).toMatchObject({ state: 'cancelled' });
  });
});
