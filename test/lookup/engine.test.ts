import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { aLedger, aList, aLookup, anEngine, anErp, aQuestion, asking, body, never } from './a-lookup.ts';

/** A promise that a test keeps waiting. */
const gate = () => Promise.withResolvers<void>();

describe('an answer', () => {
  it('is in the names of the business, and says where it comes from and of when it is', async () => {
    const { engine } = anEngine([anErp()]);
    expect(body(await engine.answer(aLookup(), '42', asking))).toEqual({
      lookup: 'customer-credit',
      key: '42',
      reply: { name: 'Ernst Handel', limit: '5000.00' },
      cut: [],
      unknown: [],
      origin: 'live',
      asOf: '2026-11-21T12:00:00.000Z',
      ageMs: 0,
    });
  });

  it('is given again for its ttl without asking, with its age', async () => {
    const erp = anErp();
    const { engine, clock } = anEngine([erp]);
    await engine.answer(aLookup(), '42', asking);
    clock.at += 29_000;
    expect(body(await engine.answer(aLookup(), '42', asking))).toMatchObject({
      origin: 'cache',
      ageMs: 29_000,
    });
    clock.at += 1000;
    expect(await engine.answer(aLookup(), '42', asking)).toMatchObject({ origin: 'live' });
    expect(erp.calls).toBe(2);
  });

  it('is asked every time where the ttl is 0, and of an edited file anew', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    await engine.answer(aLookup({ ttlMs: 0 }), '42', asking);
    await engine.answer(aLookup({ ttlMs: 0 }), '42', asking);
    await engine.answer(aLookup(), '42', asking);
    await engine.answer(aLookup({ hash: 'edited' }), '42', asking);
    expect(erp.calls).toBe(4);
  });

  it('is renewed behind the back of a caller who asks shortly before its end', async () => {
    const erp = anErp();
    const { engine, clock } = anEngine([erp]);
    const lookup = aLookup({ refreshAheadMs: 10_000 });
    await engine.answer(lookup, '42', asking);
    clock.at += 21_000;
    const renewed = gate();
    erp.before = () => renewed.resolve();
    erp.records.set('7', { name: 'Handel & Co', credit_limit: '1.00' });
    expect(body(await engine.answer(lookup, '42', asking))).toMatchObject({
      origin: 'cache',
      reply: { name: 'Ernst Handel' },
    });
    await renewed.promise;
    await new Promise(setImmediate);
    expect(body(await engine.answer(lookup, '42', asking))).toMatchObject({
      origin: 'cache',
      ageMs: 0,
      reply: { name: 'Handel & Co' },
    });
    expect(erp.calls).toBe(2);
  });

  it('that was renewed in vain is tried again only a second later', async () => {
    const erp = anErp();
    const { engine, clock } = anEngine([erp]);
    const lookup = aLookup({ refreshAheadMs: 10_000 });
    await engine.answer(lookup, '42', asking);
    clock.at += 21_000;
    erp.before = () => {
      throw new Fault({ kind: 'config', code: 'no', message: 'no' });
    };
    for (let n = 0; n < 5; n++) {
      expect(await engine.answer(lookup, '42', asking)).toMatchObject({ origin: 'cache' });
      await new Promise(setImmediate);
    }
    expect(erp.calls).toBe(2);
    clock.at += 1000;
    await engine.answer(lookup, '42', asking);
    await new Promise(setImmediate);
    expect(erp.calls).toBe(3);
  });
});

describe('callers who ask for the same', () => {
  it('share one call', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => engine.answer(aLookup({ ttlMs: 0 }), '42', asking)),
    );
    expect(erp.calls).toBe(1);
    expect(answers.every((answer) => answer.kind === 'reply')).toBe(true);
  });

  it('are not harmed by one who leaves; when the last has left and nothing is kept, the call is given up', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const held = gate();
    const calls: AbortSignal[] = [];
    erp.before = (signal) => (calls.push(signal), held.promise);
    const leaver = new AbortController();
    const other = new AbortController();
    const lookup = aLookup({ ttlMs: 0 });
    const left = engine.answer(lookup, '42', { deadlineMs: null, signal: () => leaver.signal });
    const stays = engine.answer(lookup, '42', { deadlineMs: null, signal: () => other.signal });
    await new Promise(setImmediate);
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(calls[0]?.aborted).toBe(false);
    other.abort(new Error('gone, too'));
    await expect(stays).rejects.toThrow('gone, too');
    expect(calls[0]?.aborted).toBe(true);
    held.resolve();
  });
});

describe('a deadline', () => {
  it('is kept where the system hangs, and the late answer serves the next caller', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const held = gate();
    erp.before = () => held.promise;
    const outcome = await engine.answer(aLookup(), '42', { deadlineMs: 20, signal: () => never });
    expect(outcome).toEqual({ kind: 'late', deadlineMs: 20, retryAfterSeconds: 1 });
    held.resolve();
    await new Promise(setImmediate);
    expect(await engine.answer(aLookup(), '42', asking)).toMatchObject({ origin: 'cache' });
    expect(erp.calls).toBe(1);
  });

  it('is the lookup’s own where the caller’s is longer, and holds the call to it', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const givenUp = gate();
    erp.before = (signal) => {
      signal.addEventListener('abort', () => givenUp.resolve());
      return new Promise(() => {});
    };
    const outcome = await engine.answer(aLookup({ deadlineMs: 20 }), '42', {
      deadlineMs: 5000,
      signal: () => never,
    });
    expect(outcome).toMatchObject({ kind: 'late', deadlineMs: 20 });
    await givenUp.promise;
  });

  it('is kept where the database hangs', async () => {
    const { engine } = anEngine([anErp()], aLedger({ linked: (_links, signal) => hangUntil(signal) }));
    const outcome = await engine.answer(aLookup({ deadlineMs: 20 }), '42', asking);
    expect(outcome).toMatchObject({ kind: 'late' });
  });
});

/** Never answers, but leaves with the signal. */
const hangUntil = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('a refusal', () => {
  it('tells what is not found from what is not linked yet', async () => {
    const standing = {
      flow: 'accounts',
      id: '43',
      state: 'pending',
      message: 'It is not in the ERP yet.',
      next: 'It goes on by itself.',
      nextCheckAfterSeconds: 30,
    };
    const ledger = aLedger({ standing: async (_flow, id) => (id === '43' ? standing : null) });
    const { engine } = anEngine([anErp()], ledger);
    ledger.links.set('45', '999');
    expect(await engine.answer(aLookup(), '43', asking)).toEqual({ kind: 'not_linked', standing });
    expect(await engine.answer(aLookup(), '44', asking)).toMatchObject({ kind: 'not_found' });
    expect(await engine.answer(aLookup(), '45', asking)).toMatchObject({ kind: 'not_found' });
  });

  it('for want of a record is remembered for a second', async () => {
    const erp = anErp();
    const { engine, clock } = anEngine([erp]);
    const lookup = aLookup({ questions: [aQuestion({ find: { by: 'id' } })] });
    await engine.answer(lookup, '8', asking);
    await engine.answer(lookup, '8', asking);
    expect(erp.calls).toBe(1);
    clock.at += 1000;
    erp.records.set('8', { name: 'New' });
    expect(await engine.answer(lookup, '8', asking)).toMatchObject({ kind: 'reply' });
  });

  it('names the connection that gave no answer, and when to ask again', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    erp.before = () => {
      throw new Fault({ kind: 'rate_limited', code: 'slow', message: 'Too many calls.', retryAfterMs: 7000 });
    };
    expect(await engine.answer(aLookup(), '42', asking)).toEqual({
      kind: 'unavailable',
      system: 'erp',
      sentence: 'erp gave no answer that could be used (rate_limited).',
      retryAfterSeconds: 7,
    });
    erp.before = () => {};
    expect(await engine.answer(aLookup(), '42', asking)).toMatchObject({
      kind: 'unavailable',
      sentence: 'erp is not asked now: it asks for fewer requests.',
    });
    expect(erp.calls).toBe(1);
  });

  it('tells what is not linked also while its system is left alone, and asks the database where a link is needed alone', async () => {
    const erp = anErp();
    const standing = {
      flow: 'accounts',
      id: '43',
      state: 'pending',
      message: '',
      next: '',
      nextCheckAfterSeconds: 30,
    };
    let statements = 0;
    const ledger = aLedger({
      linked: async () => ((statements += 1), () => null),
      standing: async () => standing,
    });
    const { engine } = anEngine([erp], ledger);
    ledger.stopped = { state: 'paused', reason: 'a person paused it', until: null };
    expect(await engine.answer(aLookup(), '43', asking)).toEqual({ kind: 'not_linked', standing });
    const byId = aLookup({ questions: [aQuestion({ find: { by: 'id' } })] });
    expect(await engine.answer(byId, '43', asking)).toMatchObject({ kind: 'unavailable' });
    expect([statements, erp.calls]).toEqual([1, 0]);
  });

  it('comes at once from a connection that is paused, with the reason', async () => {
    const erp = anErp();
    const ledger = aLedger();
    const { engine } = anEngine([erp], ledger);
    ledger.stopped = { state: 'paused', reason: 'a person paused it', until: null };
    expect(await engine.answer(aLookup(), '42', asking)).toMatchObject({
      kind: 'unavailable',
      sentence: 'erp is not asked now: a person paused it.',
    });
    expect(erp.calls).toBe(0);
  });

  it('comes from the rules with every problem, and is not kept', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const problems = [{ code: 'value_missing', field: 'limit', message: 'There is none.' }];
    const lookup = aLookup({ run: () => ({ kind: 'rejected', problems }) });
    expect(await engine.answer(lookup, '42', asking)).toEqual({ kind: 'rejected', problems });
    await engine.answer(lookup, '42', asking);
    expect(erp.calls).toBe(2);
  });

  it('keeps too many from waiting for one connection', async () => {
    const erp = anErp();
    const ledger = aLedger();
    const { engine } = anEngine([erp], ledger, { door: { concurrency: 1, queue: 2 } });
    const held = gate();
    erp.before = () => held.promise;
    for (let n = 0; n < 5; n++) ledger.links.set(`c${n}`, '7');
    const answers = [0, 1, 2, 3, 4].map((n) => engine.answer(aLookup(), `c${n}`, asking));
    expect(await answers[4]).toMatchObject({ kind: 'too_many', retryAfterSeconds: 1 });
    held.resolve();
    const kinds = (await Promise.all(answers)).map(({ kind }) => kind);
    expect(kinds).toEqual(['reply', 'reply', 'reply', 'too_many', 'too_many']);
  });
});

describe('the order of questions', () => {
  it('asks at once what needs no answer of another question', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    erp.records.set('i1', { partner_id: '7' });
    const held = gate();
    erp.before = () => held.promise;
    const lookup = aLookup({ questions: [aQuestion(), aList()] });
    const answer = engine.answer(lookup, '42', asking);
    await new Promise(setImmediate);
    expect(erp.calls).toBe(2);
    held.resolve();
    expect(await answer).toMatchObject({ kind: 'reply' });
  });

  it('asks for a list second where its record is found by a field', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    erp.records.set('7', { ref: 'K7', name: 'Ernst Handel' });
    for (const n of [1, 2, 3]) erp.records.set(`i${n}`, { partner_id: '7' });
    const questions = [aQuestion({ find: { by: 'field', field: 'ref' } }), aList()];
    expect(body(await engine.answer(aLookup({ questions }), 'K7', asking))).toMatchObject({
      reply: { name: 'Ernst Handel' },
      cut: ['invoices'],
    });
    erp.records.set('9', { ref: 'K7' });
    const lookup = aLookup({ questions, hash: 'other' });
    expect(await engine.answer(lookup, 'K7', asking)).toMatchObject({ kind: 'not_unique' });
  });

  it('goes on to the next system where the first has nothing, or hangs', async () => {
    const [first, second] = [anErp('crm'), anErp('erp')];
    const { engine } = anEngine([first, second]);
    const questions = [
      aQuestion({ name: 'lead', connection: 'crm', find: { by: 'id' } }),
      aQuestion({ find: { by: 'id' } }),
    ];
    const lookup = aLookup({ ask: 'first', questions, ttlMs: 0, deadlineMs: 100 });
    first.records.clear();
    expect(body(await engine.answer(lookup, '7', asking))).toMatchObject({
      reply: { name: 'Ernst Handel' },
    });
    first.before = () => new Promise(() => {});
    expect(body(await engine.answer(lookup, '7', asking))).toMatchObject({
      reply: { name: 'Ernst Handel' },
    });
    second.records.clear();
    expect(await engine.answer(lookup, '7', asking)).toMatchObject({ kind: 'late' });
  });
});
