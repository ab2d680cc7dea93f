import { expect, it } from 'vitest';
import type { Capabilities, OwnPage, OwnRecord, Sink, SinkItem } from '../../src/connector/contract.ts';
import type { Value } from '../../src/connector/value.ts';

const never = new AbortController().signal;

type Bench = {
  readonly sink: Sink;
  readonly capabilities: NonNullable<Capabilities['sink']>;
  readonly entity: string;
  readonly fields: { readonly name: string };
  valid(number: number): { readonly [field: string]: Value };
  make(count: number): Promise<readonly string[]>;
  remove(id: string): Promise<void>;
};

const keyOf = ({ entity }: Bench, number: number): string => `crm/things/${number}>${entity}`;

/** Creates records under our keys, and gives their ids. */
async function carry(bench: Bench, numbers: readonly number[], over: SinkItem['fields'] = {}) {
  const items = numbers.map((number) => ({
    id: `item-${number}`,
    externalKey: keyOf(bench, number),
    targetId: null,
    fields: { ...bench.valid(number), ...over },
    lines: {},
  }));
  const outcomes = await bench.sink.upsertBatch(bench.entity, items, never);
  return outcomes.map((outcome) => ('targetId' in outcome ? outcome.targetId : ''));
}

/** What an audit asks of a sink, where the sink says that it can. */
export function ownRecordsCases(open: () => Promise<Bench>): void {
  it('has each optional method exactly when its capability says so', async () => {
    const { sink, capabilities } = await open();
    expect(typeof sink.pageOfOwn === 'function').toBe(capabilities.listsOwn);
    expect(typeof sink.findByField === 'function').toBe(capabilities.findsByField);
  });

  it('lists every record that bears a key of ours and is there, page by page, and no other', async () => {
    const bench = await open();
    if (!bench.sink.pageOfOwn) return;
    await bench.make(2);
    const made = await carry(bench, [1, 2, 3, 4, 5]);
    await bench.remove(made[1] ?? '');
    const found: OwnRecord[] = [];
    for (let after: string | null = null, pages = 0; pages === 0 || after !== null; pages += 1) {
      expect(pages).toBeLessThan(10);
      const page: OwnPage = await bench.sink.pageOfOwn({ entity: bench.entity, after, limit: 2 }, never);
      expect(page.items.length).toBeLessThanOrEqual(2);
      found.push(...page.items);
      after = page.next;
    }
    const expected = [1, 3, 4, 5].map((number) => [keyOf(bench, number), made[number - 1]]);
    expect(found.map(({ key, targetId }) => [key, targetId]).sort()).toEqual(expected);
    const stamps = found.flatMap(({ changedAt }) => changedAt ?? []);
    expect(stamps.filter((stamp) => Number.isNaN(Date.parse(stamp)))).toEqual([]);
  });

  it('finds every record of which a field holds a value, whoever made it', async () => {
    const bench = await open();
    if (!bench.sink.findByField) return;
    const field = bench.fields.name;
    const [byHand = '', other = ''] = await bench.make(2);
    const read = { entity: bench.entity, ids: [byHand], fields: [field] };
    const [known] = await bench.sink.readByIds(read, never);
    const twin = known?.status === 'found' ? known.record[field] : null;
    if (typeof twin !== 'string') throw new Error('the name of a record is no text');
    const [own = ''] = await carry(bench, [1], { [field]: twin });
    const request = { entity: bench.entity, field, values: [twin, 'held by none'] };
    const found = await bench.sink.findByField(request, never);
    expect(found.map(({ targetId }) => targetId).sort()).toEqual([byHand, own].sort());
    expect(new Set(found.map(({ value }) => value))).toEqual(new Set([twin]));
    expect(found.map(({ targetId }) => targetId)).not.toContain(other);
  });
}
