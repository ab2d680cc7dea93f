import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/lookup/deliveries.ts';
import { aLookup, aLedger, aList, anEngine, anErp, aQuestion, asking } from './a-lookup.ts';

const delivery = (over: Partial<Delivery> = {}): Delivery => ({
  flow: 'accounts',
  records: [{ sourceId: '42', targetId: '7' }],
  ...over,
});

/** An engine over an ERP that reads at once and whose answers to the first two searches are held on their way. */
function twoFlights() {
  const erp = anErp();
  const lookup = aLookup({ questions: [aQuestion({ find: { by: 'field', field: 'name' } })] });
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const waits = gates.map(({ promise }) => promise);
  const { sink } = erp;
  const held = {
    ...erp,
    sink: sink && {
      ...sink,
      readWhere: async (...asked: Parameters<NonNullable<typeof sink.readWhere>>) => {
        const found = (await sink.readWhere?.(...asked)) ?? null;
        await waits.shift();
        return found;
      },
    },
  };
  const { engine, clock } = anEngine([held], aLedger(), { parts: { lookups: () => [lookup] } });
  const askOnce = () => engine.answer(lookup, 'Ernst Handel', asking);
  return { erp, engine, clock, gates, askOnce };
}

/** Has another record of the flow delivered, when what is under way has been asked. */
async function otherDelivered({ delivered }: ReturnType<typeof anEngine>['engine']): Promise<void> {
  await new Promise(setImmediate);
  delivered(delivery({ records: [{ sourceId: '43', targetId: '8' }] }));
}

/** Two answers are kept, of 42 and of 43; a delivery comes; gives which of them are asked for anew. */
async function askedAnew(lookup: ReturnType<typeof aLookup>, heard: Delivery): Promise<string[]> {
  const erp = anErp();
  const ledger = aLedger();
  ledger.links.set('43', '8');
  erp.records.set('8', { name: 'Alfreds' });
  const { engine } = anEngine([erp], ledger, { parts: { lookups: () => [lookup] } });
  const keys = lookup.questions.some((q) => q.kind === 'record' && q.find.by === 'id')
    ? ['7', '8']
    : ['42', '43'];
  for (const key of keys) await engine.answer(lookup, key, asking);
  engine.delivered(heard);
  const anew = [];
  for (const key of keys) {
    const outcome = await engine.answer(lookup, key, asking);
    if (outcome.kind === 'reply' && outcome.origin === 'live') anew.push(key);
  }
  return anew;
}

describe('a delivery', () => {
  it('drops the answer that was found by the link of its record', async () => {
    expect(await askedAnew(aLookup(), delivery())).toEqual(['42']);
  });

  it('drops the answer that was found by the id in the ERP', async () => {
    const lookup = aLookup({ questions: [aQuestion({ find: { by: 'id' } })] });
    expect(await askedAnew(lookup, delivery())).toEqual(['7']);
  });

  it('drops all answers with a list of what it wrote, and all where it cannot be told', async () => {
    const list = aLookup({ questions: [aQuestion(), aList({ entity: 'res.partner' })] });
    expect(await askedAnew(list, delivery())).toEqual(['42', '43']);
    expect(await askedAnew(aLookup(), delivery({ records: null }))).toEqual(['42', '43']);
    const beside = aLookup({ questions: [aQuestion({ entity: 'other' })] });
    expect(await askedAnew(beside, delivery())).toEqual(['42', '43']);
  });

  it('leaves the answers of lookups alone that its flow does not concern', async () => {
    expect(await askedAnew(aLookup(), delivery({ flow: 'orders' }))).toEqual([]);
  });

  it('is not outlived by an answer that was being asked for when it came', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const held = Promise.withResolvers<void>();
    erp.before = () => held.promise;
    const before = engine.answer(aLookup(), '42', asking);
    await new Promise(setImmediate);
    engine.delivered(delivery());
    const after = engine.answer(aLookup(), '42', asking);
    await new Promise(setImmediate);
    expect(erp.calls).toBe(2);
    held.resolve();
    await Promise.all([before, after]);
    await engine.answer(aLookup(), '42', asking);
    expect(erp.calls).toBe(2);
  });

  it('is not outlived by an older answer either that lands last', async () => {
    const { erp, engine, gates, askOnce } = twoFlights();
    const first = askOnce();
    await otherDelivered(engine);
    const second = askOnce();
    await new Promise(setImmediate);
    erp.records.set('7', { name: 'Ernst Handel', credit_limit: '9.00' });
    engine.delivered(delivery());
    gates[1]?.resolve();
    await second;
    gates[0]?.resolve();
    await first;
    expect(await askOnce()).toMatchObject({ origin: 'live', text: expect.stringContaining('"9.00"') });
  });

  it('of another record does not let an older answer take the place of a newer one', async () => {
    const { erp, engine, clock, gates, askOnce } = twoFlights();
    const first = askOnce();
    await otherDelivered(engine);
    clock.at += 1;
    erp.records.set('7', { name: 'Ernst Handel', credit_limit: '9.00' });
    const second = askOnce();
    await new Promise(setImmediate);
    gates[1]?.resolve();
    await second;
    gates[0]?.resolve();
    await first;
    expect(await askOnce()).toMatchObject({ origin: 'cache', text: expect.stringContaining('"9.00"') });
  });

  it('ends that a record is remembered as absent, also where that is found out afterwards', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    const lookup = aLookup({ questions: [aQuestion({ find: { by: 'id' } })] });
    const held = Promise.withResolvers<void>();
    erp.before = () => held.promise;
    const under = engine.answer(lookup, '8', asking);
    await new Promise(setImmediate);
    engine.delivered(delivery({ records: [{ sourceId: '43', targetId: '8' }] }));
    held.resolve();
    expect(await under).toMatchObject({ kind: 'not_found' });
    erp.records.set('8', { name: 'Alfreds' });
    expect(await engine.answer(lookup, '8', asking)).toMatchObject({ kind: 'reply' });
  });

  it('that may have been missed drops everything, and what is being asked is not kept', async () => {
    const erp = anErp();
    const { engine } = anEngine([erp]);
    await engine.answer(aLookup(), '42', asking);
    engine.forgetAll();
    const held = Promise.withResolvers<void>();
    erp.before = () => held.promise;
    const under = engine.answer(aLookup(), '42', asking);
    await new Promise(setImmediate);
    engine.forgetAll();
    held.resolve();
    await under;
    expect(await engine.answer(aLookup(), '42', asking)).toMatchObject({ origin: 'live' });
    expect(erp.calls).toBe(3);
  });
});
