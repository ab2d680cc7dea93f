import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { timeForAll } from '../../src/lookup/fallback.ts';
import { aLedger, aLookup, anEngine, anErp, asking, body } from './a-lookup.ts';

it('keeps a tenth of a deadline for the way of the answer, and 50 ms at the most', () => {
  expect([100, 300, 2000].map(timeForAll)).toEqual([90, 270, 1950]);
});

describe('a fallback', () => {
  const down = new Fault({ kind: 'transient', code: 'down', message: 'It is down.' });

  it('is what was kept, for as long as the lookup allows', async () => {
    const erp = anErp();
    const { engine, clock } = anEngine([erp]);
    const lookup = aLookup({ fallback: ['stale'] });
    await engine.answer(lookup, '42', asking);
    erp.before = () => {
      throw down;
    };
    clock.at += 31_000;
    expect(body(await engine.answer(lookup, '42', asking))).toMatchObject({
      origin: 'stale',
      ageMs: 31_000,
      asOf: '2026-11-21T12:00:00.000Z',
    });
    clock.at += 60_000;
    expect(await engine.answer(lookup, '42', asking)).toMatchObject({ kind: 'unavailable' });
  });

  it('is what Causeway last sent; what is not in that is null and named', async () => {
    const erp = anErp();
    const at = new Date('2026-11-20T08:00:00Z');
    const output = { fields: { name: 'Ernst Handel' }, lines: {} };
    const ledger = aLedger({ delivered: async () => ({ targetId: '7', at, output }) });
    const { engine } = anEngine([erp], ledger);
    erp.before = () => {
      throw down;
    };
    const lookup = aLookup({ fallback: ['stale', 'mirror'] });
    expect(body(await engine.answer(lookup, '42', asking))).toMatchObject({
      origin: 'mirror',
      reply: { name: 'Ernst Handel', limit: null },
      unknown: ['limit'],
      asOf: at.toISOString(),
      ageMs: 28 * 3_600_000,
    });
  });

  it('comes within the deadline of a system that hangs', async () => {
    const erp = anErp();
    const output = { fields: { name: 'Ernst Handel' }, lines: {} };
    const ledger = aLedger({ delivered: async () => ({ targetId: '7', at: new Date(0), output }) });
    const { engine } = anEngine([erp], ledger);
    erp.before = () => new Promise(() => {});
    const lookup = aLookup({ fallback: ['mirror'], deadlineMs: 50 });
    expect(await engine.answer(lookup, '42', asking)).toMatchObject({ origin: 'mirror' });
  });

  it('is read while the system may still answer, so that it is at hand when the time is over', async () => {
    const erp = anErp();
    const calls: AbortSignal[] = [];
    erp.before = (signal) => (calls.push(signal), new Promise(() => {}));
    const overWhenRead: unknown[] = [];
    const output = { fields: { name: 'Ernst Handel' }, lines: {} };
    const ledger = aLedger({
      delivered: async () => {
        overWhenRead.push(calls[0]?.aborted);
        return { targetId: '7', at: new Date(0), output };
      },
    });
    const { engine } = anEngine([erp], ledger);
    const lookup = aLookup({ fallback: ['mirror'], deadlineMs: 100, ttlMs: 0 });
    expect(await engine.answer(lookup, '42', asking)).toMatchObject({ origin: 'mirror' });
    expect(overWhenRead).toEqual([false]);
  });

  it('takes nobody’s place who is not there', async () => {
    const erp = anErp();
    const ledger = aLedger({
      delivered: async () => {
        throw new Error('must not be asked');
      },
    });
    const { engine } = anEngine([erp], ledger);
    erp.records.delete('7');
    const lookup = aLookup({ fallback: ['stale', 'mirror'] });
    expect(await engine.answer(lookup, '42', asking)).toMatchObject({ kind: 'not_found' });
  });
});
