import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { aLedger, aList, aLookup, anEngine, anErp, aQuestion, asking, type Erp, never } from './a-lookup.ts';

const fails = (): never => {
  throw new Fault({ kind: 'transient', code: 'down', message: 'It is down.' });
};
/** Never answers; tells that it was asked. */
const hangs = (erp: Erp): Promise<void> =>
  new Promise((resolve) => {
    erp.before = () => (resolve(), new Promise(() => {}));
  });

const twofold = aLookup({ questions: [aQuestion(), aList()], ttlMs: 0 });

/** An engine whose breaker to the ERP is open, and whose time to probe has come. */
async function untilTheProbe(others: readonly Erp[] = []) {
  const erp = anErp();
  const set = anEngine([erp, ...others]);
  erp.before = fails;
  for (let n = 0; n < 3; n++) await set.engine.answer(aLookup({ ttlMs: 0 }), '42', asking);
  const state = () => set.doors.get('erp')?.door.state();
  expect(state()).toBe('open');
  set.clock.at += 1000;
  return { ...set, erp, state };
}

describe('a system that is well again', () => {
  it('is asked all questions of one lookup, which is answered', async () => {
    const { engine, erp, state } = await untilTheProbe();
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    let calls = 0;
    erp.before = () => {
      calls += 1;
      if (calls === 2) asked.resolve();
      return held.promise;
    };
    const probe = engine.answer(twofold, '42', asking);
    await asked.promise;
    const other = aLookup({ hash: 'other', ttlMs: 0 });
    expect(await engine.answer(other, '42', asking)).toMatchObject({ kind: 'unavailable' });
    held.resolve();
    expect([await probe, state()]).toMatchObject([{ kind: 'reply', origin: 'live' }, 'closed']);
    expect(await engine.answer(other, '42', asking)).toMatchObject({ kind: 'reply' });
  });

  it('is asked by the next where the caller of the first has gone', async () => {
    const { engine, erp } = await untilTheProbe();
    const asked = hangs(erp);
    const leaver = new AbortController();
    const left = engine.answer(twofold, '42', { deadlineMs: null, signal: () => leaver.signal });
    await asked;
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    erp.before = () => {};
    expect(await engine.answer(twofold, '42', asking)).toMatchObject({ kind: 'reply' });
  });

  it('is asked by the next where another system failed the first', async () => {
    const shop = anErp('shop');
    const { engine, erp } = await untilTheProbe([shop]);
    const asked = hangs(erp);
    shop.before = async () => (await asked, fails());
    const both = aLookup({
      questions: [aQuestion(), aQuestion({ name: 'shop', connection: 'shop' })],
      ttlMs: 0,
    });
    expect(await engine.answer(both, '42', asking)).toMatchObject({ kind: 'unavailable', system: 'shop' });
    erp.before = () => {};
    expect(await engine.answer(twofold, '42', asking)).toMatchObject({ kind: 'reply' });
  });
});

describe('a system that hangs', () => {
  const hanging = aLookup({ deadlineMs: 20, ttlMs: 0 });

  it.each([{ fallback: [] as const }, { fallback: ['mirror'] as const }])(
    'is left alone after three lookups in vain, also where nothing is kept ($fallback)',
    async ({ fallback }) => {
      const erp = anErp();
      const { engine, doors } = anEngine([erp], aLedger());
      erp.before = () => new Promise(() => {});
      for (let n = 0; n < 3; n++)
        expect(await engine.answer({ ...hanging, fallback }, '42', asking)).toMatchObject({ kind: 'late' });
      await expect.poll(() => doors.get('erp')?.door.state()).toBe('open');
    },
  );

  it('is not blamed for callers who wait for less than the lookup allows', async () => {
    const erp = anErp();
    const { engine, doors } = anEngine([erp]);
    erp.before = () => new Promise(() => {});
    const hasty = { deadlineMs: 5, signal: () => never };
    for (let n = 0; n < 4; n++)
      expect(await engine.answer({ ...hanging, deadlineMs: 5000 }, '42', hasty)).toMatchObject({
        kind: 'late',
      });
    expect(doors.get('erp')?.door.state()).toBe('closed');
  });
});
