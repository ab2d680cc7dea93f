import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { SharedBudget } from '../../src/connector/budget.ts';
import { Fault } from '../../src/connector/fault.ts';
import { withPriority } from '../../src/connector/priority.ts';
import { freeConnection, pauseConnection, readConnectionState } from '../../src/store/connection-state.ts';
import { pauseFlowByPerson, readFlowPause, resumeFlow } from '../../src/store/flow-state.ts';
import type { Allowance } from '../../src/store/request-turn.ts';
import { catchUp } from '../../src/sync/catch-up.ts';
import { requestTurns } from '../../src/sync/request-turns.ts';
import { resyncIds } from '../../src/sync/resync.ts';
import type { Journey } from './journey.ts';
import { anotherWorker, between, closeAll, sql, stateOf } from './setting.ts';

afterEach(closeAll);

const never = new AbortController().signal;
/** Waits for nothing that is due later. */
const impatient = { dueWithinMs: 0, closedForMs: 1000, awaitReader: true };
const refused = (message = 'no such country'): Fault =>
  new Fault({
    kind: 'invalid_record',
    code: 'erp_refused',
    message,
    fields: [{ field: 'country', message }],
  });

/** The turns of one process of several on the journey's database. */
const turnsOf = (journey: Journey, holder: string, allowance: Allowance, connection = 'erp'): SharedBudget =>
  requestTurns({
    database: journey.context.database,
    connection,
    holder,
    allowance: () => allowance,
    sleep: (ms, signal) => pause(ms, undefined, { signal }),
    log: pino({ level: 'silent' }),
  });

describe('the budget of a connection is shared by all processes', () => {
  it('lets no more requests be in flight than the connection allows, over two processes', async () => {
    const { journey } = await between();
    const processes = ['a', 'b'].map((name) => turnsOf(journey, name, { concurrency: 3, rate: null }));
    let [inFlight, most] = [0, 0];
    const request = async (turns: SharedBudget): Promise<void> => {
      const end = await turns.take(never);
      most = Math.max(most, ++inFlight);
      await pause(5);
      inFlight -= 1;
      end();
    };
    await Promise.all(processes.flatMap((turns) => Array.from({ length: 20 }, () => request(turns))));
    expect(most).toBe(3);
  });

  it('keeps to the rate over two processes', async () => {
    const { journey } = await between();
    const [requests, perMs] = [5, 300];
    const processes = ['a', 'b'].map((name) =>
      turnsOf(journey, name, { concurrency: 10, rate: { requests, perMs } }),
    );
    const starts: number[] = [];
    const request = async (turns: SharedBudget): Promise<void> => {
      const end = await turns.take(never);
      starts.push(performance.now());
      end();
    };
    await Promise.all(processes.flatMap((turns) => Array.from({ length: 10 }, () => request(turns))));
    starts.sort((a, b) => a - b);
    expect(starts).toHaveLength(20);
    // The sixth after any request starts when that one has left the window; the answer of Postgres takes a moment, too.
    const gaps = starts.slice(requests).map((sixth, index) => sixth - (starts[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(perMs - 25);
  });

  it('lets a person go first, then changes, then the first full read', async () => {
    const { journey } = await between();
    const [mine, theirs] = ['a', 'b'].map((name) => turnsOf(journey, name, { concurrency: 1, rate: null }));
    if (mine === undefined || theirs === undefined) throw new Error('two processes');
    const first = await mine.take(never);
    const order: string[] = [];
    const asking = (['backfill', 'incremental', 'interactive'] as const).map((priority) =>
      withPriority(priority, async () => {
        const end = await theirs.take(never);
        order.push(priority);
        end();
      }),
    );
    const waiting = async (): Promise<number> =>
      (
        await sql<{ n: number }>(
          journey,
          'select count(*)::int as n from request_turn where started_at is null',
        )
      )[0]?.n ?? 0;
    await expect.poll(waiting).toBe(3);
    first();
    await Promise.all(asking);
    expect(order).toEqual(['interactive', 'incremental', 'backfill']);
  });

  it('takes the turns of a process that died back', async () => {
    const { journey } = await between();
    await turnsOf(journey, 'dead', { concurrency: 1, rate: null }).take(never);
    await sql(journey, `update request_turn set until = now() - interval '1 s'`);
    const living = turnsOf(journey, 'living', { concurrency: 1, rate: null });
    (await living.take(never))();
    await expect.poll(() => sql(journey, 'select id from request_turn')).toEqual([]);
  });

  it('forgets a turn whose end could not be noted, though its process goes on', async () => {
    const { journey } = await between();
    const limits = { concurrency: 1, rate: null };
    const [erp, crm] = [turnsOf(journey, 'a', limits), turnsOf(journey, 'a', limits, 'crm')];
    const end = await erp.take(never);
    const endOther = await crm.take(never);
    await sql(journey, 'alter table request_turn rename to elsewhere');
    end();
    await sql(journey, 'alter table elsewhere rename to request_turn');
    await sql(journey, `update request_turn set until = now() + interval '1 s'`);
    const another = await turnsOf(journey, 'b', limits).take(never);
    expect(another).toBeTypeOf('function');
    another();
    endOther();
  });

  it('goes at half the pace after an answer that there were too many requests', async () => {
    const { journey } = await between();
    const turns = turnsOf(journey, 'a', { concurrency: 4, rate: null });
    turns.slowDown();
    await expect
      .poll(async () => (await readConnectionState(journey.context.database, 'erp'))?.pace ?? 1)
      .toBeLessThan(0.6);
    const ends = await Promise.all([turns.take(never), turns.take(never)]);
    const third = new AbortController();
    const waiting = turns.take(third.signal);
    third.abort();
    await expect(waiting).rejects.toThrow('aborted');
    for (const end of ends) end();
  });

  it('holds nothing up when the database does not answer', async () => {
    const { journey } = await between();
    await sql(journey, 'drop function take_turn');
    const turns = turnsOf(journey, 'a', { concurrency: 1, rate: null });
    await expect(turns.take(never)).resolves.toBeTypeOf('function');
  });
});

describe('a sick system is probed by one worker of the fleet', () => {
  it('gets one probe for each hold, however many workers wait, and counts their failures as one', async () => {
    const setting = await between(undefined, { concurrency: 4 });
    const { source, sink, journey } = setting;
    for (let n = 0; n < 40; n++) source.put(`c${n}`, { name: `Company ${n}` });
    let calls = 0;
    let down = true;
    sink.before = () => {
      calls += 1;
      if (down) throw new Fault({ kind: 'transient', code: 'erp_down', message: 'the ERP is down' });
    };
    const other = await anotherWorker(setting);
    const first = Promise.all([journey.carry(), other.carry()]);
    const failures = async (): Promise<number> =>
      (await readConnectionState(journey.context.database, 'erp'))?.failures ?? 0;
    await expect.poll(failures, { timeout: 8000 }).toBe(1);
    const before = calls;
    await expect.poll(failures, { timeout: 8000 }).toBe(2);
    expect(calls).toBe(before + 1);
    down = false;
    await first;
    await Promise.all([journey.carry(), other.carry()]);
    expect(sink.records.size).toBe(40);
    expect(await sql(journey, 'select source_id from link where attempts > 0')).toEqual([]);
  });
});

describe('the same fault on nearly everything', () => {
  it('pauses the flow before it fills the dead letters, tries one record, and goes on alone', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 120; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.refuse = () => refused();
    const [run] = await journey.carry();
    expect(run?.stopped).toMatchObject({ connection: 'accounts' });
    expect(run?.stopped?.reason).toContain('nearly all records meet the same fault: no such country');
    expect(await sql(journey, `select source_id from link where state = 'dead'`)).toEqual([]);
    expect(await stateOf(journey, 'c1')).toBe('pending');
    sink.refuse = () => null;
    await sql(journey, `update flow_state set until = now()`);
    await sql(journey, `update causeway_jobs.job set start_after = now() where state = 'created'`);
    await journey.carry();
    expect(sink.records.size).toBe(120);
    expect(await readFlowPause(journey.context.database, 'accounts')).toBeNull();
    expect(await sql(journey, 'select source_id from link where attempts > 0')).toEqual([]);
  });

  it('is not what a few bad records among good ones are', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 120; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.refuse = (item) => (Number(item.id.slice(1)) % 4 === 0 ? refused() : null);
    await journey.carry();
    expect(sink.records.size).toBe(90);
    expect(await sql(journey, `select source_id from link where state = 'dead'`)).toHaveLength(30);
    expect(await readFlowPause(journey.context.database, 'accounts')).toBeNull();
  });

  it('costs an ERP that names no culprit a bounded number of calls, and no record', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 500; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.before = () => {
      throw new Fault({ kind: 'bug', code: 'erp_key_error', message: 'KeyError' });
    };
    await journey.carry();
    expect(sink.batches.length).toBeLessThan(100);
    expect(await sql(journey, `select source_id from link where state = 'dead'`)).toEqual([]);
    expect(await readFlowPause(journey.context.database, 'accounts')).toMatchObject({
      field: 'erp_key_error',
    });
  });

  it('loses none of the records that stand behind the refused ones in their batch', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 100; n++) source.put(`a${n}`, { name: 'good' });
    await journey.carry();
    for (let n = 0; n < 50; n++) source.put(`b${n + 10}`, { name: n < 22 ? 'bad' : 'good' });
    sink.before = (items) => {
      if (items.some(({ fields }) => fields['name'] === 'bad'))
        throw new Fault({ kind: 'bug', code: 'erp_key_error', message: 'KeyError' });
    };
    await journey.carry();
    expect(sink.records.size).toBe(128);
    expect(await sql(journey, `select source_id from link where state = 'dead'`)).toHaveLength(22);
  });

  it('is not what a tenth of a long run is, however long ago that began', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 400; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.refuse = (item) => (Number(item.id.slice(1)) % 10 === 0 ? refused() : null);
    journey.at = (step) =>
      step === 'jobs_leased'
        ? void sql(journey, `update run set started_at = now() - interval '1 hour'`)
        : undefined;
    await journey.carry();
    expect(await readFlowPause(journey.context.database, 'accounts')).toBeNull();
    expect(sink.records.size).toBe(360);
  });

  it('is not hidden by records of which nothing had to be sent', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 100; n++) source.put(`c${n}`, { name: 'A' });
    await journey.carry();
    await sql(journey, `update link set delivered_at = now() - interval '1 hour'`);
    for (let n = 0; n < 60; n++) source.put(`c${n}`, { name: 'A', note: 'not mapped' });
    for (let n = 60; n < 100; n++) source.put(`c${n}`, { name: 'B' });
    sink.refuse = () => refused('period closed');
    await journey.carry();
    expect(await readFlowPause(journey.context.database, 'accounts')).not.toBeNull();
  });

  it('tries other records with each probe, whoever asked for one of them', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 25; n++) source.put(`b${n}`, { name: 'bad' });
    sink.refuse = ({ fields }) => (fields['name'] === 'bad' ? refused() : null);
    await journey.carry();
    const [mapping] = journey.context.mappings();
    if (mapping === undefined) throw new Error('no mapping');
    await resyncIds(journey.context, mapping, ['b7'], never);
    source.put('good', { name: 'good' });
    for (let probe = 0; probe < 5 && sink.records.size === 0; probe++) {
      await sql(journey, `update flow_state set until = now()`);
      await sql(journey, `update causeway_jobs.job set start_after = now() where state = 'created'`);
      await catchUp(journey.context, ['accounts'], 'sync', impatient, never);
    }
    expect(sink.records.size).toBe(1);
  });

  it('counts what several workers met together as one probe that failed', async () => {
    const { source, sink, journey } = await between(undefined, { concurrency: 4 });
    for (let n = 0; n < 200; n++) source.put(`c${n}`, { name: `Company ${n}` });
    sink.refuse = () => refused();
    await journey.carry();
    expect((await readFlowPause(journey.context.database, 'accounts'))?.failures).toBe(1);
  });
});

describe('a pause by a person', () => {
  it('stops a flow, which goes on reading, until a person resumes it', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Alfreds' });
    await pauseFlowByPerson(journey.context.database, 'accounts', 'a person paused it: stocktaking');
    const [run] = await journey.carry();
    expect(run?.stopped?.reason).toBe('a person paused it: stocktaking');
    expect(sink.batches).toEqual([]);
    expect(await stateOf(journey, 'c1')).toBe('pending');
    expect(await resumeFlow(journey.context.database, 'accounts', 'probe')).toBe(false);
    expect(await resumeFlow(journey.context.database, 'accounts', 'person')).toBe(true);
    await journey.carry();
    expect(sink.records.size).toBe(1);
  });

  it('stops a connection, and no success and no failure ends it', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Alfreds' });
    sink.before = () => pauseConnection(journey.context.database, 'erp', 'a person paused it');
    await journey.carry();
    expect(sink.records.size).toBe(1);
    source.put('c1', { name: 'Alfreds & Co' });
    sink.before = () => {
      throw new Error('nothing may be sent');
    };
    const [run] = await journey.carry();
    expect(run?.stopped?.reason).toBe('a person paused it');
    expect(await freeConnection(journey.context.database, 'erp', 'answer')).toBeNull();
    expect(await freeConnection(journey.context.database, 'erp', 'person')).not.toBeNull();
    sink.before = () => {};
    await journey.carry();
    expect([...sink.records.values()][0]?.fields['name']).toBe('Alfreds & Co');
  });

  it('stops reading from a connection', async () => {
    const { source, journey } = await between();
    await pauseConnection(journey.context.database, 'crm', 'a person paused it');
    source.put('c1', { name: 'Alfreds' });
    const [run] = await journey.carry();
    expect(run?.stopped).toEqual({ connection: 'crm', reason: 'a person paused it' });
    expect(source.reads).toBe(0);
  });
});
