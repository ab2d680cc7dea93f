import { expect, it } from 'vitest';
import type { Capabilities, SearchRequest, SearchResult, Sink } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { Value } from '../../src/connector/value.ts';

const never = new AbortController().signal;

type Bench = {
  readonly sink: Sink;
  readonly capabilities: NonNullable<Capabilities['sink']>;
  readonly entity: string;
  readonly fields: { readonly name: string; readonly optional: string };
  readonly unknownId: string;
  valid(number: number): { readonly [field: string]: Value };
  make(count: number): Promise<readonly string[]>;
};

type Search = (over: Partial<SearchRequest>) => Promise<SearchResult | null>;

/** What a lookup asks of a sink beside reading by id, where the sink says that it can. */
export function searchingCases(open: () => Promise<Bench>): void {
  /** Runs a case on a sink that searches, with so many records made that lack the optional field. */
  const onRecords = (work: (search: Search, made: readonly string[], bench: Bench) => Promise<void>) =>
    async function run(): Promise<void> {
      const bench = await open();
      const { sink, entity, fields } = bench;
      if (!sink.readWhere) return;
      const readWhere = sink.readWhere.bind(sink);
      const made = await bench.make(3);
      await work(
        (over) =>
          readWhere({ entity, where: [], fields: [fields.name], order: null, limit: 100, ...over }, never),
        made,
        bench,
      );
    };

  it('searches exactly when its capability says so', async () => {
    const { sink, capabilities } = await open();
    expect(typeof sink.readWhere === 'function').toBe(capabilities.searches);
  });

  it(
    'finds the records of which each field is one of the values, and answers texts',
    onRecords(async (search, [one = '', two = '', three = ''], bench) => {
      const { name } = bench.fields;
      const all = await search({ where: [{ field: 'id', values: [one, three, bench.unknownId] }] });
      expect(all?.records.map(({ id }) => id).sort()).toEqual([one, three].sort());
      const held = all?.records.find(({ id }) => id === three)?.record[name];
      expect(typeof held).toBe('string');
      const where = [
        { field: 'id', values: [one, two, three] },
        { field: name, values: [JSON.stringify(held).slice(1, -1), 'held by none'] },
      ];
      expect(await search({ where })).toEqual({
        records: [{ id: three, record: { [name]: held } }],
        more: false,
      });
    }),
  );

  it(
    'finds nothing where nothing can be found, also for a value that no record can hold',
    onRecords(async (search, [one = ''], bench) => {
      const nothing = { records: [], more: false };
      const { name } = bench.fields;
      for (const values of [[], ['no id'], [bench.unknownId]])
        expect(await search({ where: [{ field: 'id', values }] })).toEqual(nothing);
      const where = [
        { field: 'id', values: [one] },
        { field: name, values: ['held by none', "%' OR 1=1", '\0'] },
      ];
      expect(await search({ where })).toEqual(nothing);
    }),
  );

  it(
    'answers no more than the limit, in the order asked, and says whether there are more',
    onRecords(async (search, made, bench) => {
      const where = [{ field: 'id', values: made }];
      const order = { field: bench.fields.name, descending: true };
      const whole = await search({ where, order, limit: 3 });
      expect(whole?.more).toBe(false);
      const names = whole?.records.map(({ record }) => JSON.stringify(record[bench.fields.name])) ?? [];
      expect(names).toEqual(names.toSorted().toReversed());
      const cut = await search({ where, order, limit: 2 });
      expect(cut).toEqual({ records: whole?.records.slice(0, 2), more: true });
      const ascending = await search({ where, order: { ...order, descending: false }, limit: 3 });
      expect(ascending?.records).toEqual(whole?.records.toReversed());
    }),
  );

  it(
    'leaves an optional field null where it does not exist, and refuses one that is needed',
    onRecords(async (search, [one = ''], bench) => {
      const { name } = bench.fields;
      const asked = { fields: [name, 'no_such_field'], optional: ['no_such_field'] };
      const found = await search({ where: [{ field: 'id', values: [one] }], ...asked });
      expect(found?.records[0]?.record).toMatchObject({ no_such_field: null });
      const read = { entity: bench.entity, ids: [one], ...asked };
      expect(await bench.sink.readByIds(read, never)).toMatchObject([
        { status: 'found', record: { [name]: found?.records[0]?.record[name], no_such_field: null } },
      ]);
      for (const over of [
        { fields: ['no_such_field'] },
        { where: [{ field: 'no_such_field', values: ['1'] }] },
        { order: { field: 'no_such_field', descending: false } },
        { entity: 'no.such.entity' },
      ]) {
        expect(await faultOf(search(over))).toBe('config');
        expect(await search({ ...over, mayBeAbsent: true })).toBeNull();
      }
    }),
  );
}

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (error: unknown) => (error instanceof Fault ? error.kind : 'no fault'),
  );
