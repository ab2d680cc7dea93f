/**
 * The contract of a sink, as tests that are the same for every connector. A connector's test file opens a bench (a
 * connection to a stand-in that it can control) and calls {@link sinkContract}; its own test files hold the rest.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Capabilities, Outcome, Sink, SinkItem } from '../../src/connector/contract.ts';
import { Fault, type FaultKind } from '../../src/connector/fault.ts';
import type { Value } from '../../src/connector/value.ts';
import { ownRecordsCases } from './own-records.ts';
import { searchingCases } from './searching.ts';

type Values = { readonly [field: string]: Value };

/** A sink with its vendor beside it. */
export type SinkBench = {
  readonly sink: Sink;
  readonly capabilities: NonNullable<Capabilities['sink']>;
  readonly entity: string;
  /** A text field that every record of the entity has, and one that may be empty. */
  readonly fields: { readonly name: string; readonly optional: string };
  /** What a valid record holds; two calls with one number give the same. */
  valid(number: number): Values;
  /** Values that the vendor refuses, and the field it blames, or null where it names none. */
  readonly invalid: { readonly values: Values; readonly field: string | null };
  /** Creates records as a user of the vendor would; gives their ids. */
  make(count: number): Promise<readonly string[]>;
  /** Deletes a record as a user would. */
  remove(id: string): Promise<void>;
  /** How many records of the entity there are. */
  count(): Promise<number>;
  /** An id in the vendor's form that no record has. */
  readonly unknownId: string;
  /** From now on the vendor carries writes out and its answer is lost. */
  loseAnswers(): Promise<void>;
  /** From now on the vendor limits the rate, and asks to wait so many seconds; null where it does not say. */
  limitRate(seconds: number | null): Promise<void>;
  /** From now on the vendor answers every request with this; the connector's test says what it looks like. */
  answerWith(answer: unknown): Promise<void>;
  behave(): Promise<void>;
  /** Requests that the vendor has taken so far. */
  requests(): Promise<number>;
  /** Another connection to the same vendor, as after a restart. */
  reconnect(): Sink;
  /** Everything that was logged. */
  logged(): string;
  readonly secrets: readonly string[];
  close(): Promise<void>;
};

/** An error as the vendor sends it in answer to a write, and the fault that it must become. */
export type RecordedRefusal = { readonly name: string; readonly kind: FaultKind; readonly answer: unknown };

const never = new AbortController().signal;

export function sinkContract(
  title: string,
  subject: { readonly open: () => Promise<SinkBench>; readonly errors: readonly RecordedRefusal[] },
): void {
  const benches: SinkBench[] = [];
  const open = async (): Promise<SinkBench> => {
    const bench = await subject.open();
    benches.push(bench);
    return bench;
  };

  afterEach(async () => {
    await Promise.all(benches.splice(0).map((bench) => bench.close()));
  });

  describe(`${title}: the contract of a sink`, () => {
    it('names the tenant, and the same one each time', async () => {
      const bench = await open();
      const first = await bench.sink.check(never);
      expect(first.identity).not.toBe('');
      expect(await bench.reconnect().check(never)).toEqual(first);
    });

    it('describes every field that it takes', async () => {
      const bench = await open();
      const { fields } = await bench.sink.describe(bench.entity, never);
      expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(bench.valid(1))));
      expect(fields[bench.fields.name]?.readOnly).toBe(false);
    });

    it('makes one record of a create that is sent twice', async () => {
      const bench = await open();
      if (!bench.capabilities.idempotentCreates) return;
      const before = await bench.count();
      const [first, second] = [
        await upsert(bench, [aCreate(bench, 1)]),
        await upsert(bench, [aCreate(bench, 1)]),
      ];
      expect(first.map(({ status }) => status)).toEqual(['created']);
      expect(targetsOf(second)).toEqual(targetsOf(first));
      expect(await bench.count()).toBe(before + 1);
    });

    it('updates a record with what it holds already, and it is still one record', async () => {
      const bench = await open();
      const [id = ''] = await bench.make(1);
      const before = await bench.count();
      const item = anUpdate(bench, 1, id);
      for (const outcomes of [await upsert(bench, [item]), await upsert(bench, [item])]) {
        expect(outcomes).toEqual([{ id: item.id, status: 'updated', targetId: id }]);
      }
      expect(await bench.count()).toBe(before);
      expect(await readField(bench, id, bench.fields.name)).toBe(item.fields[bench.fields.name]);
    });

    it('answers each item of a mixed batch exactly once', async () => {
      const bench = await open();
      const made = await bench.make(3);
      const creates = (bench.capabilities.creates ? [1, 2, 3] : []).map((number) => aCreate(bench, number));
      const updates = made.map((id, index) => anUpdate(bench, index + 10, id));
      const items = [0, 1, 2].flatMap((at) => [updates, creates].flatMap((kind) => kind[at] ?? []));
      const outcomes = await upsert(bench, items);
      expect(outcomes.map(({ id }) => id).sort()).toEqual(items.map(({ id }) => id).sort());
      for (const item of items) {
        const outcome = outcomes.find(({ id }) => id === item.id);
        expect(outcome?.status).toBe(item.targetId === null ? 'created' : 'updated');
      }
    });

    it('leaves an absent field alone, and clears one that is null', async () => {
      const bench = await open();
      const [id = ''] = await bench.make(1);
      const { name, optional } = bench.fields;
      const patch = async (fields: Values): Promise<readonly Outcome[]> =>
        upsert(bench, [{ id: 'a', externalKey: keyOf(bench, 1), targetId: id, fields, lines: {} }]);
      await patch({ ...bench.valid(1), [optional]: 'kept' });
      await patch({ [name]: 'Renamed' });
      expect(await readField(bench, id, optional)).toBe('kept');
      await patch({ [optional]: null });
      expect(await readField(bench, id, optional)).toBeNull();
      expect(await readField(bench, id, name)).toBe('Renamed');
    });

    it('blames the bad item alone, and its neighbours can be written', async () => {
      const bench = await open();
      const made = await bench.make(3);
      const items = made.map((id, index) => anUpdate(bench, index + 1, id));
      const bad: SinkItem = { ...items[1]!, fields: { ...items[1]!.fields, ...bench.invalid.values } };
      const outcomes = await upsert(bench, [items[0]!, bad, items[2]!]);
      const [first, culprit, last] = outcomes;
      expect(faultOf(culprit).kind).toBe('invalid_record');
      expect(faultOf(culprit).message).toMatch(/\w+ \w+/);
      const blamed = bench.invalid.field === null ? [] : [bench.invalid.field];
      expect(faultOf(culprit).fields.map(({ field }) => field)).toEqual(expect.arrayContaining(blamed));
      const allowed = bench.capabilities.atomicBatches ? ['not_applied'] : ['updated', 'not_applied'];
      expect(allowed).toEqual(expect.arrayContaining([first?.status, last?.status]));
      const again = await upsert(bench, [items[0]!, items[2]!]);
      expect(again.map(({ status }) => status)).toEqual(['updated', 'updated']);
    });

    it('makes no record of a bad item nor of one that was not applied', async () => {
      const bench = await open();
      if (!bench.capabilities.creates) return;
      const before = await bench.count();
      const bad: SinkItem = { ...aCreate(bench, 2), fields: { ...bench.valid(2), ...bench.invalid.values } };
      const outcomes = await upsert(bench, [aCreate(bench, 1), bad, aCreate(bench, 3)]);
      expect(faultOf(outcomes[1]).kind).toBe('invalid_record');
      const created = outcomes.filter(({ status }) => status === 'created').length;
      expect(await bench.count()).toBe(before + created);
      // Where nothing makes a create safe to repeat, only what was surely not written is sent again.
      const again = [1, 3].filter(
        (number) => bench.capabilities.idempotentCreates || outcomes[number - 1]?.status === 'not_applied',
      );
      await upsert(
        bench,
        again.map((number) => aCreate(bench, number)),
      );
      expect(await bench.count()).toBe(before + 2);
    });

    it('calls a create ambiguous when its answer is lost, and finds it by its external key', async () => {
      const bench = await open();
      if (!bench.capabilities.creates) return;
      const items = [1, 2, 3].map((number) => aCreate(bench, number));
      await bench.loseAnswers();
      const kinds = await kindsOf(bench, items);
      expect(new Set(kinds)).toEqual(new Set(['ambiguous']));
      await bench.behave();
      const keys = [...items.map(({ externalKey }) => externalKey), keyOf(bench, 99)];
      const found = await bench.sink.findByExternalKey({ entity: bench.entity, keys }, never);
      expect(found.map(({ key }) => key).sort()).toEqual(keys.slice(0, 3).sort());
      const read = await bench.sink.readByIds(
        { entity: bench.entity, ids: found.map(({ targetId }) => targetId), fields: [bench.fields.name] },
        never,
      );
      expect(read.map(({ status }) => status)).toEqual(['found', 'found', 'found']);
    });

    it('finds nothing under the external key of a record that was deleted', async () => {
      const bench = await open();
      if (!bench.capabilities.creates) return;
      const [id = ''] = targetsOf(await upsert(bench, [aCreate(bench, 1)]));
      await bench.remove(id);
      const keys = [keyOf(bench, 1)];
      expect(await bench.sink.findByExternalKey({ entity: bench.entity, keys }, never)).toEqual([]);
    });

    it('says that a record is gone when it is updated, and never makes it again', async () => {
      const bench = await open();
      const made = await bench.make(2);
      await bench.remove(made[0]!);
      const before = await bench.count();
      const items = made.map((id, index) => anUpdate(bench, index + 1, id));
      const [gone] = await upsert(bench, items);
      expect(faultOf(gone).kind).toBe('not_found');
      expect(await bench.count()).toBe(before);
      expect((await upsert(bench, items.slice(1))).map(({ status }) => status)).toEqual(['updated']);
    });

    it('throws rate_limited with the wait that was asked for, and writes nothing', async () => {
      const bench = await open();
      const [id = ''] = await bench.make(1);
      await upsert(bench, [anUpdate(bench, 1, id)]);
      await bench.limitRate(7);
      const fault = await thrownFault(upsert(bench, [anUpdate(bench, 2, id)]));
      expect([fault.kind, fault.retryAfterMs]).toEqual(['rate_limited', 7000]);
      await bench.limitRate(null);
      expect((await thrownFault(upsert(bench, [anUpdate(bench, 2, id)]))).kind).toBe('rate_limited');
      await bench.behave();
      expect(await readField(bench, id, bench.fields.name)).toBe(bench.valid(1)[bench.fields.name]);
    });

    it('stops when it is aborted, and sends nothing more', async () => {
      const bench = await open();
      const [id = ''] = await bench.make(1);
      const stop = new AbortController();
      const reason = new Error('the caller gave up');
      const writing = bench.sink.upsertBatch(bench.entity, [anUpdate(bench, 1, id)], stop.signal);
      stop.abort(reason);
      expect(await thrownBy(writing)).toBe(reason);
      const sent = await bench.requests();
      for (let turns = 0; turns < 20; turns += 1) await turn();
      expect(await bench.requests()).toBe(sent);
    });

    it('reads every id once, in the order asked, in texts instead of numbers', async () => {
      const bench = await open();
      const made = await bench.make(3);
      const ids = [...made.toReversed(), bench.unknownId];
      const found = await bench.sink.readByIds(
        { entity: bench.entity, ids, fields: Object.keys(bench.valid(1)) },
        never,
      );
      expect(found.map(({ id }) => id)).toEqual(ids);
      expect(found.map(({ status }) => status)).toEqual(['found', 'found', 'found', 'missing']);
      expect(found.flatMap((one) => numbersIn(one, one.id))).toEqual([]);
      const stamps = found.flatMap((one) => (one.status === 'found' ? [one.modifiedAt] : []));
      expect(stamps.filter((stamp) => Number.isNaN(Date.parse(stamp)))).toEqual([]);
    });

    it('answers for the lines of every record asked, in order, also where there are none', async () => {
      const bench = await open();
      const items = ['2', '1', '2'].map((targetId) => ({ targetId, externalKey: keyOf(bench, 1), keys: [] }));
      const request = { entity: bench.entity, field: 'no_such_lines', fields: [], items };
      const found = await bench.sink.readLines(request, never);
      expect(found).toEqual(items.map(({ targetId }) => ({ targetId, lines: [] })));
    });

    ownRecordsCases(open);
    searchingCases(open);

    it('removes records in each way that it says it can', async () => {
      const bench = await open();
      for (const how of bench.capabilities.removals.filter((way) => way !== 'cancel')) {
        const [id = '', other = ''] = await bench.make(2);
        const outcomes = await bench.sink.remove(
          bench.entity,
          [
            { id: 'a', targetId: id, how },
            { id: 'b', targetId: other, how },
          ],
          never,
        );
        expect(outcomes).toEqual([
          { id: 'a', status: 'removed', targetId: id },
          { id: 'b', status: 'removed', targetId: other },
        ]);
      }
    });

    it.each(subject.errors.map((error) => [error.name, error] as const))(
      'takes %s for what it is',
      async (_name, { kind, answer }) => {
        const bench = await open();
        const [id = ''] = await bench.make(1);
        await upsert(bench, [anUpdate(bench, 1, id)]);
        await bench.answerWith(answer);
        const fault = await thrownFault(upsert(bench, [anUpdate(bench, 2, id)]));
        expect(fault.kind).toBe(kind);
        expect(fault.message).toMatch(/^\w.*\w/s);
        expect(fault.message).not.toMatch(/undefined|null|\[object/);
      },
    );

    it('logs no secret, and puts none into an error', async () => {
      const bench = await open();
      const [id = ''] = await bench.make(1);
      await upsert(bench, [anUpdate(bench, 1, id)]);
      const errors: unknown[] = [];
      for (const { answer } of subject.errors) {
        await bench.answerWith(answer);
        errors.push(
          await thrownBy(upsert(bench, [anUpdate(bench, 1, id)])),
          await thrownBy(bench.sink.check(never)),
        );
      }
      const said = `${bench.logged()}\n${errors.map((error) => told(error)).join('\n')}`;
      for (const secret of bench.secrets) expect(said).not.toContain(secret);
    });
  });
}

const keyOf = (bench: SinkBench, number: number): string => `crm/things/${number}>${bench.entity}`;

const aCreate = (bench: SinkBench, number: number): SinkItem => ({
  id: `item-${number}`,
  externalKey: keyOf(bench, number),
  targetId: null,
  fields: bench.valid(number),
  lines: {},
});

const anUpdate = (bench: SinkBench, number: number, targetId: string): SinkItem => ({
  ...aCreate(bench, number),
  targetId,
});

const upsert = (bench: SinkBench, items: readonly SinkItem[]): Promise<readonly Outcome[]> =>
  bench.sink.upsertBatch(bench.entity, items, never);

const targetsOf = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap((outcome) => ('targetId' in outcome ? [outcome.targetId] : []));

function faultOf(outcome: Outcome | undefined): Fault {
  if (outcome?.status === 'failed') return outcome.fault;
  throw new Error(`expected a failure, and it is ${JSON.stringify(outcome)}`);
}

/** The fault kind of each item, whether the call failed as a whole or item by item. */
async function kindsOf(bench: SinkBench, items: readonly SinkItem[]): Promise<FaultKind[]> {
  try {
    return (await upsert(bench, items)).map((outcome) => faultOf(outcome).kind);
  } catch (error) {
    if (error instanceof Fault) return items.map(() => error.kind);
    throw error;
  }
}

async function readField(bench: SinkBench, id: string, field: string): Promise<Value | undefined> {
  const [found] = await bench.sink.readByIds({ entity: bench.entity, ids: [id], fields: [field] }, never);
  if (found?.status !== 'found') throw new Error(`record ${id} is not found`);
  return found.record[field];
}

function numbersIn(value: unknown, path: string): string[] {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return [path];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

async function thrownFault(work: Promise<unknown>): Promise<Fault> {
  const error = await thrownBy(work);
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
}

/** Everything an error holds, its causes included. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return `${error.stack}\n${JSON.stringify(error)}\n${told(error.cause ?? null)}`;
}
