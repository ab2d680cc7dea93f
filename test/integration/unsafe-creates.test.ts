import { afterEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { doubtText } from '../../src/cli/status.ts';
import { serverOver } from '../http/serving.ts';
import { readInDoubt } from '../../src/sync/record-state.ts';
import { plainErp } from '../faults/bench/plain-erp/index.ts';
import { between, closeAll, explained, expireLeases, once, sql, stateOf } from './setting.ts';
import { type PlainSetting, withPlainErp } from './plain-setting.ts';

afterEach(closeAll);

const quick = { deadlineMs: 400, settleMs: 200 };
const arrivesMs = 2 * quick.deadlineMs + quick.settleMs;

/** Which source records the ERP holds, and how often. */
const held = async (erp: PlainSetting): Promise<unknown[]> =>
  (await erp.rows()).map(({ fields }) => fields['id']).toSorted();
const creates = async (erp: PlainSetting): Promise<number> =>
  (await erp.journal()).filter(({ action }) => action === 'created').length;
const batches = async (erp: PlainSetting): Promise<number> =>
  (await erp.requests())['POST /records/customer/batch'] ?? 0;

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `c${n}`);
const put = (erp: PlainSetting, count: number): void => {
  for (const id of ids(count)) erp.source.put(id, { name: `Company ${id}` });
};

describe('an ERP in which the same create makes two records', () => {
  it.each([
    ['answers that are lost', { loseAnswerEvery: 2 }],
    ['batches that are stopped in the middle', { partialEvery: 2 }],
    ['batches that break off in the middle', { partialEvery: 2, partialThen: 'drop' }],
    ['outcomes that are missing', { omitOutcomeEvery: 3, otherOrder: true }],
    ['requests that are refused', { unavailableEvery: 4 }],
  ])('gets every record once through %s', async (_name, rules) => {
    const erp = await withPlainErp(quick, { batch: 8 });
    await erp.misbehave(rules);
    put(erp, 20);
    await erp.journey.carry();
    expect(await held(erp)).toEqual(ids(20).toSorted());
    expect(await creates(erp)).toBe(20);
    expect(await sql(erp.journey, 'select * from causeway.intent')).toEqual([]);
    expect(await sql(erp.journey, 'select * from causeway.key_lock')).toEqual([]);
  });

  it('is not sent a create again while the first one may still arrive', async () => {
    const erp = await withPlainErp({ deadlineMs: 2000, settleMs: 200 });
    // The request is given up after 2 seconds and looked up half a second later; the ERP carries it out after 3.5.
    await erp.misbehave({ commitDelayMs: 3500 });
    put(erp, 1);
    let looks = 0;
    erp.journey.at = (step) => (step === 'looked_up' && ++looks === 2 ? erp.misbehave({}) : undefined);
    await erp.journey.carry();
    expect(await creates(erp)).toBe(1);
    expect(await stateOf(erp.journey, 'c0')).toBe('synced');
  });

  it('says meanwhile that it is in doubt, why, and until when; then it is created', async () => {
    const erp = await withPlainErp(quick);
    put(erp, 1);
    const told: (Awaited<ReturnType<typeof explained>> & object)[] = [];
    const look = async (step: string): Promise<void> => {
      if (step === 'batch_answered') await erp.misbehave({});
      const explanation = step === 'settled' ? await explained(erp.journey, 'c0') : null;
      if (explanation !== null) told.push(explanation);
    };
    erp.journey.at = look;
    // The connection breaks, and nothing was written: that is not to be told from a create that arrives late.
    await erp.misbehave({ partialEvery: 1, partialRows: 0, partialThen: 'drop' });
    await erp.journey.carry();
    const [unanswered, early] = told;
    expect(unanswered?.record).toMatchObject({ state: 'in_doubt', code: 'connection_lost', attempts: 1 });
    expect(early?.record).toMatchObject({ state: 'in_doubt', code: 'may_still_arrive', attempts: 1 });
    expect(early?.headline).toContain('it may still arrive until');
    expect(early?.next).toContain('It is looked up again at');
    const [created] = await erp.journal();
    const nextAt = early?.record.nextAt?.getTime() ?? 0;
    expect(Date.parse(created?.at ?? '')).toBeGreaterThanOrEqual(nextAt);
    const first = early?.history.find(({ event }) => event === 'in_doubt');
    expect(nextAt - (first?.at.getTime() ?? 0)).toBeGreaterThan(arrivesMs - 500);
    expect(await stateOf(erp.journey, 'c0')).toBe('synced');
  });

  it('is looked into before every create, once for a batch, so that an older backup makes nothing twice', async () => {
    // A call that is late on a starved machine would be made again.
    const erp = await withPlainErp({ ...quick, deadlineMs: 30_000 });
    put(erp, 30);
    await erp.journey.carry();
    expect(await erp.requests()).toMatchObject({
      'GET /records/customer': 1,
      'POST /records/customer/batch': 1,
    });
    for (const table of ['link', 'payload', 'intent', 'mirror', 'source_cursor'])
      await sql(erp.journey, `delete from causeway.${table}`);
    await erp.journey.carry();
    expect(await held(erp)).toEqual(ids(30).toSorted());
    expect(await stateOf(erp.journey, 'c7')).toBe('synced');
  });

  it('is asked again at once for what it has surely refused', async () => {
    const erp = await withPlainErp({ deadlineMs: 30_000, settleMs: 30_000 });
    put(erp, 2);
    await erp.misbehave({ unavailableEvery: 2 });
    const states: unknown[] = [];
    erp.journey.at = async (step) => {
      if (step === 'batch_answered') await erp.misbehave({});
      if (step === 'settled') states.push(await stateOf(erp.journey, 'c0'));
    };
    await erp.journey.carry();
    expect(states[0]).toBe('pending');
    expect(states).not.toContain('in_doubt');
    expect(await held(erp)).toEqual(['c0', 'c1']);
    expect(await creates(erp)).toBe(2);
  });
});

describe('a call to such an ERP', () => {
  const unsafe = {
    erp: {
      connector: plainErp,
      limits: { page: 100, batch: 50, concurrency: 1, rate: null, settleMs: 0, callMs: 300 },
    },
  };

  it('is given up when a call takes too long, its turn in the budget included, and is in doubt', async () => {
    const { source, sink, journey } = await between(undefined, { like: unsafe });
    source.put('c1', { name: 'Acme' });
    const upsert = sink.upsertBatch;
    sink.upsertBatch = (_entity, _items, signal) => {
      sink.upsertBatch = upsert;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    };
    const codes: unknown[] = [];
    journey.at = async (step) => {
      if (step === 'settled') codes.push((await explained(journey, 'c1'))?.record.code);
    };
    await journey.carry();
    expect([codes[0], sink.records.size]).toEqual(['call_overdue', 1]);
  });

  it('counts the time of a create from when it is sent, also when its batch was split', async () => {
    const { source, sink, journey } = await between(undefined, { like: unsafe });
    for (const id of ids(4)) source.put(id, { name: id });
    const committed: string[] = [];
    sink.before = async (items) => {
      const rows = await sql<{ at: string }>(
        journey,
        `select min(committed_at)::text as at from causeway.intent where source_id in ('${items.map(({ id }) => id).join("','")}')`,
      );
      committed.push(rows[0]?.at ?? '');
      if (items.length > 1)
        throw new Fault({ kind: 'invalid_record', code: 'refused', message: 'one of them is bad' });
    };
    await journey.carry();
    expect(committed.length).toBe(7);
    expect(new Set(committed).size).toBe(7);
    expect(committed).toEqual(committed.toSorted());
  });

  it('counts that time anew when the process stood still between the intent and the call', async () => {
    const { source, sink, journey } = await between(undefined, { like: unsafe });
    source.put('c1', { name: 'Acme' });
    journey.at = async (step) => {
      if (step === 'intents_committed')
        await sql(journey, "update causeway.intent set committed_at = committed_at - interval '1 hour'");
    };
    const fresh: boolean[] = [];
    sink.before = async () => {
      const rows = await sql<{ fresh: boolean }>(
        journey,
        "select committed_at > now() - interval '10 minutes' as fresh from causeway.intent",
      );
      fresh.push(...rows.map((row) => row.fresh));
    };
    await journey.carry();
    expect(fresh).toEqual([true]);
  });

  it('that ends in a defect of the connector is in doubt, and is not sent again in halves', async () => {
    const { source, sink, journey } = await between(undefined, { like: unsafe });
    for (const id of ids(4)) source.put(id, { name: id });
    sink.after = once(() => {
      throw new TypeError('the answer has no such field');
    });
    await journey.carry();
    expect(sink.records.size).toBe(4);
    expect(sink.batches.filter((batch) => batch.some(({ targetId }) => targetId === null))).toHaveLength(1);
  });
});

describe('what is in doubt', () => {
  it('is told by flow: how many, since when, why, and when they are looked up again', async () => {
    const erp = await withPlainErp({ deadlineMs: 400, settleMs: 3000 });
    put(erp, 3);
    const { database, mappings } = erp.journey.context;
    const app = serverOver(database, { mappings });
    await erp.misbehave({ partialEvery: 1, partialRows: 2, partialThen: 'drop', indexLagMs: 60_000 });
    let flows: unknown;
    let text: string[] = [];
    erp.journey.at = async (step) => {
      if (step === 'batch_answered') await erp.misbehave({});
      if (step !== 'settled' || flows !== undefined) return;
      flows = (await app.inject('/v1/flows')).json();
      text = doubtText('accounts', (await readInDoubt(erp.journey.context.database)).get('accounts') ?? null);
    };
    await erp.journey.carry();
    expect(flows).toMatchObject({
      flows: [
        {
          records: { in_doubt: 3, pending: 0, sending: 0 },
          inDoubt: {
            records: 3,
            since: expect.any(String),
            nextAt: expect.any(String),
            oldest: {
              id: 'c0',
              reason: expect.stringContaining('whether the request took effect is not known'),
            },
          },
        },
      ],
    });
    expect(text).toEqual([
      expect.stringMatching(
        /^accounts: 3 records are in doubt since \S+Z: .+ is not known\. Looked up again at \S+Z or with the first run after that\. causeway explain accounts c0 tells more\.$/,
      ),
    ]);
    expect([await held(erp), await creates(erp)]).toEqual([ids(3), 3]);
    await app.close();
  });

  it('is also what a process was creating that shows no sign of life any more', async () => {
    const { source, journey } = await between();
    source.put('c1', { name: 'Acme' });
    const seen: unknown[] = [];
    journey.at = async (step) => {
      if (step !== 'intents_committed') return;
      seen.push((await explained(journey, 'c1'))?.record.state);
      await sql(journey, `update causeway_jobs.job set heartbeat_on = now() - interval '1 hour'`);
      seen.push((await explained(journey, 'c1'))?.record);
    };
    await journey.carry();
    expect(seen).toMatchObject(['sending', { state: 'in_doubt', code: 'process_ended' }]);
  });
});

describe('an ERP that enforces our key', () => {
  it('is not looked into before a create, and costs no lock and no session for one', async () => {
    const { source, sink, journey } = await between();
    source.put('c1', { name: 'Acme' });
    journey.at = async (step) => {
      if (step !== 'batch_answered') return;
      expect(await sql(journey, 'select * from causeway.key_lock')).toEqual([]);
      expect(
        await sql(
          journey,
          `select 1 from pg_stat_activity where datname = current_database() and application_name = 'causeway locks'`,
        ),
      ).toEqual([]);
    };
    await journey.carry();
    expect([sink.lookUps, sink.records.size]).toEqual([[], 1]);
  });
});

describe('two workers and one record of such an ERP', () => {
  it('never have two requests for it under way, also when one is stopped in its create beyond its lease and wakes up', async () => {
    const erp = await withPlainErp(quick);
    const [stopped, other] = [erp.journey, await erp.another()];
    put(erp, 1);
    const seen: unknown[] = [];
    let carried: Promise<unknown> = Promise.resolve();
    // Stopped just before it sends; its lease runs out, and more time passes than its create could take to arrive.
    const stop = once(async () => {
      await expireLeases(stopped);
      await sql(stopped, `update causeway.intent set committed_at = committed_at - interval '1 hour'`);
      const settled = Promise.withResolvers<void>();
      other.at = (step) => (step === 'settled' ? settled.resolve() : undefined);
      carried = other.carry();
      await settled.promise;
      seen.push(await batches(erp), (await explained(other, 'c0'))?.record);
    });
    stopped.at = (step) => (step === 'intents_committed' ? stop() : undefined);
    await stopped.carry();
    await carried;
    expect(seen).toMatchObject([0, { state: 'in_doubt', code: 'key_locked', attempts: 0 }]);
    expect([await creates(erp), await erp.overlaps()]).toEqual([1, []]);
    expect(await stateOf(other, 'c0')).toBe('synced');
  });

  it('carry the neighbours of a record that is locked', async () => {
    const erp = await withPlainErp(quick);
    put(erp, 5);
    const keys = await erp.journey.context.keyLocks.take('erp', ['crm/accounts/c3>customer']);
    const other = await erp.another();
    const settled = Promise.withResolvers<void>();
    other.at = (step) => (step === 'settled' ? settled.resolve() : undefined);
    const carrying = other.carry();
    await settled.promise;
    expect(await held(erp)).toEqual(['c0', 'c1', 'c2', 'c4']);
    expect((await explained(other, 'c3'))?.record).toMatchObject({ state: 'pending', code: 'key_locked' });
    await keys.release();
    await carrying;
    expect(await held(erp)).toEqual(ids(5));
  });

  it('never have two requests for one record under way while a create is slow', async () => {
    const erp = await withPlainErp({ deadlineMs: 5000, settleMs: 200 });
    const other = await erp.another();
    await erp.misbehave({ commitDelayMs: 600 });
    put(erp, 3);
    const running = erp.journey.carry();
    await vi.waitFor(async () => expect(await batches(erp)).toBe(1), { timeout: 30_000 });
    await expireLeases(erp.journey);
    await Promise.all([running, other.carry()]);
    expect([await held(erp), await erp.overlaps()]).toEqual([ids(3), []]);
  });

  it('wait for the index before they create again what a worker had created that died', async () => {
    const erp = await withPlainErp({ deadlineMs: 400, settleMs: 4000 });
    put(erp, 1);
    await erp.misbehave({ indexLagMs: 4000 });
    erp.journey.at = (step) => {
      if (step === 'batch_answered') throw new Error('killed here');
    };
    await expect(erp.journey.carry()).rejects.toThrow('killed here');
    await expireLeases(erp.journey);
    const other = await erp.another();
    const states: unknown[] = [];
    other.at = async (step) => {
      if (step === 'settled') states.push((await explained(other, 'c0'))?.record.code);
    };
    await other.carry();
    expect([await held(erp), await creates(erp), await erp.overlaps()]).toEqual([ids(1), 1, []]);
    expect(states).toEqual(['may_still_arrive', null]);
  });

  it('find what a worker had created that died before it heard of it', async () => {
    const erp = await withPlainErp(quick);
    put(erp, 5);
    await erp.misbehave({ commitDelayMs: 300 });
    erp.journey.at = (step) => {
      if (step === 'batch_answered') throw new Error('killed here');
    };
    await expect(erp.journey.carry()).rejects.toThrow('killed here');
    await expireLeases(erp.journey);
    await (await erp.another()).carry();
    expect([await held(erp), await creates(erp), await erp.overlaps()]).toEqual([ids(5), 5, []]);
  });
});
