import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Outcome, SinkItem } from '../../../src/connector/contract.ts';
import { Fault } from '../../../src/connector/fault.ts';
import { openPlain, type PlainBench } from './bench.ts';

const never = new AbortController().signal;
const open: PlainBench[] = [];
const aBench = async (settings = {}, file: string | null = null): Promise<PlainBench> => {
  const bench = await openPlain(settings, file);
  open.push(bench);
  return bench;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.close()));
});

const aCreate = (number: number, fields: SinkItem['fields'] = { name: `Company ${number}` }): SinkItem => ({
  id: `item-${number}`,
  externalKey: `crm/companies/${number}>customer`,
  targetId: null,
  fields,
  lines: {},
});
const creates = (...numbers: number[]): SinkItem[] => numbers.map((number) => aCreate(number));
const upsert = (bench: PlainBench, items: readonly SinkItem[]): Promise<readonly Outcome[]> =>
  bench.sink.upsertBatch('customer', items, never);
const told = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map((outcome) => (outcome.status === 'failed' ? outcome.fault.code : outcome.status));
const faultOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof Fault ? `${error.kind} ${error.code}` : `no fault: ${String(error)}`;
};

type Row = { readonly id: string; readonly external_ref: string | null };
type Write = Row & { readonly seq: number; readonly by: string; readonly action: string };
const rows = (bench: PlainBench): Promise<Row[]> => bench.ask('GET', 'records/customer');
const stats = (
  bench: PlainBench,
): Promise<{ strikes: Record<string, number>; overlaps: number; underWay: number }> =>
  bench.ask('GET', 'stats');

describe('a plain ERP', () => {
  it('makes two records of a create that is sent twice', async () => {
    const bench = await aBench();
    await upsert(bench, creates(1));
    await upsert(bench, creates(1));
    expect((await rows(bench)).map((row) => row.external_ref)).toEqual([
      'crm/companies/1>customer',
      'crm/companies/1>customer',
    ]);
  });

  it('keeps a journal of every write and of who made it, which outlives the process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plain-erp-'));
    const first = await aBench({}, join(folder, 'journal'));
    await upsert(first, creates(1, 2));
    await first.ask('PATCH', 'records/customer/1', { name: 'Edited' });
    await first.ask('DELETE', 'records/customer/2');
    await first.close();
    open.splice(0);
    const second = await aBench({}, join(folder, 'journal'));
    await second.ask('POST', 'records/customer', { name: 'By hand' });
    const writes = await second.ask<Write[]>('GET', 'journal');
    expect(writes.map(({ seq, action, id, by }) => [seq, action, id, by])).toEqual([
      [1, 'created', '1', 'api'],
      [2, 'created', '2', 'api'],
      [3, 'updated', '1', 'user'],
      [4, 'removed', '2', 'user'],
      [5, 'created', '3', 'user'],
    ]);
    expect(await second.ask('GET', 'journal?after=4')).toHaveLength(1);
    expect(await rows(second)).toMatchObject([
      { fields: { name: 'Edited' } },
      { fields: { name: 'By hand' } },
    ]);
    await rm(folder, { recursive: true });
  });

  it('notices two requests for one reference that are under way at once, even if one was given up', async () => {
    const bench = await aBench();
    await bench.misbehave({ commitDelayMs: 300 });
    const stop = new AbortController();
    const first = bench.sink.upsertBatch('customer', creates(1, 2), stop.signal);
    await vi.waitFor(async () => expect((await stats(bench)).underWay).toBe(1), { timeout: 30_000 });
    stop.abort(new Error('given up'));
    await expect(first).rejects.toThrow('given up');
    await upsert(bench, creates(2, 3));
    expect(await bench.ask('GET', 'overlaps')).toMatchObject([
      { key: 'crm/companies/2>customer', requests: [1, 2] },
    ]);
    await vi.waitFor(async () => expect(await rows(bench)).toHaveLength(4), { timeout: 30_000 });
  });

  it('writes the first rows of a batch, and says so or breaks the connection', async () => {
    const bench = await aBench();
    await bench.misbehave({ partialEvery: 1, partialRows: 1 });
    expect(told(await upsert(bench, creates(1, 2)))).toEqual(['plain_stopped_midway', 'not_applied']);
    await bench.misbehave({ partialEvery: 1, partialRows: 1, partialThen: 'drop' });
    expect(await faultOf(upsert(bench, creates(3, 4)))).toBe('ambiguous connection_lost');
    expect((await rows(bench)).map((row) => row.external_ref)).toEqual([
      'crm/companies/1>customer',
      'crm/companies/3>customer',
    ]);
  });

  it('answers in another order, and leaves outcomes out of items that were written and that were not', async () => {
    const bench = await aBench();
    await bench.misbehave({ otherOrder: true, omitOutcomeEvery: 2 });
    const outcomes = await upsert(bench, creates(1, 2, 3, 4, 5));
    expect(outcomes.map(({ id }) => id)).toEqual(['item-5', 'item-3', 'item-1']);
    expect((await rows(bench)).map((row) => row.external_ref?.at(14))).toEqual(['1', '2', '3', '5']);
  });

  it('finds a record by its reference when the index has caught up', async () => {
    const bench = await aBench();
    await upsert(bench, creates(1));
    const find = (): Promise<readonly { key: string }[]> =>
      bench.sink.findByExternalKey({ entity: 'customer', keys: ['crm/companies/1>customer'] }, never);
    await bench.misbehave({ indexLagMs: 60_000 });
    expect(await find()).toEqual([]);
    await bench.misbehave({ indexLagMs: 0 });
    expect(await find()).toEqual([{ key: 'crm/companies/1>customer', targetId: '1' }]);
  });

  it.each([
    ['a locked record', { lockedEvery: 2 }, ['created', 'plain_record_locked', 'created']],
    [
      'a closed period',
      { closedPeriod: { field: 'date', before: '2026-01-01' } },
      ['created', 'plain_closed_period', 'created'],
    ],
  ])('refuses %s alone', async (_name, rules, expected) => {
    const bench = await aBench();
    await bench.misbehave(rules);
    const dates = ['2026-01-01', '2025-12-31', '2026-02-01'];
    const items = dates.map((date, index) => aCreate(index, { name: 'A', date }));
    expect(told(await upsert(bench, items))).toEqual(expected);
  });

  it('refuses a batch with a poisonous record as a whole, and does not name it', async () => {
    const bench = await aBench();
    await bench.misbehave({ poison: { field: 'name', contains: '☠' } });
    const items = [aCreate(1), aCreate(2, { name: 'bad ☠' })];
    expect(await faultOf(upsert(bench, items))).toBe('invalid_record plain_batch_refused');
    expect(await rows(bench)).toEqual([]);
    expect(told(await upsert(bench, items.slice(0, 1)))).toEqual(['created']);
  });

  it.each([
    ['unavailableEvery', { unavailableEvery: 1 }, 'transient plain_unavailable'],
    ['errorIn200Every', { errorIn200Every: 1 }, 'transient plain_busy'],
    ['rateLimitFor', { rateLimitFor: 60_000 }, 'rate_limited plain_too_many_requests'],
    ['downForMs', { downForMs: 60_000 }, 'ambiguous connection_lost'],
    ['wrongKey', { wrongKey: true }, 'auth plain_unauthorized'],
  ])('writes nothing under %s', async (_name, rules, expected) => {
    const bench = await aBench();
    await bench.misbehave(rules);
    expect(await faultOf(upsert(bench, creates(1)))).toBe(expected);
    await bench.misbehave({});
    expect(await rows(bench)).toEqual([]);
  });

  it('counts what has struck', async () => {
    const bench = await aBench();
    await bench.misbehave({ loseAnswerEvery: 2, lockedEvery: 3 });
    for (const number of [1, 2, 3, 4, 5]) await faultOf(upsert(bench, creates(number)));
    await bench.misbehave({ delayMs: 1 });
    await upsert(bench, creates(6));
    expect((await stats(bench)).strikes).toEqual({ loseAnswerEvery: 2, lockedEvery: 1, delayMs: 1 });
  });
});
