import type {
  Change,
  ChangesRequest,
  Found,
  Outcome,
  Page,
  Sink,
  SinkItem,
  Source,
} from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { SourceRecord, Value } from '../../src/connector/value.ts';

/** A source that keeps an ordered list of changes; the cursor is the number read. */
export type MemorySource = Source & {
  put(id: string, record: SourceRecord, modifiedAt?: string): void;
  remove(id: string): void;
  merge(id: string, into: string): void;
  /** Deletes a record without a trace: it is no longer listed, and not found by its id. */
  purge(id: string): void;
  /** What is listed to somebody who reads from the beginning; everything unless a test has it misbehave. */
  lists: (change: Change) => boolean;
  pageSize: number;
  reads: number;
};

const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();

export function memorySource(): MemorySource {
  const changes: Change[] = [];
  const purged = new Set<string>();
  const newest = (id: string): Change | undefined =>
    purged.has(id) ? undefined : changes.findLast((change) => change.id === id);
  const source: MemorySource = {
    pageSize: 100,
    reads: 0,
    put: (id, record, modifiedAt) => {
      purged.delete(id);
      changes.push({
        kind: 'upsert',
        id,
        record: { id, ...record },
        modifiedAt: modifiedAt ?? at(changes.length),
      });
    },
    remove: (id) => void changes.push({ kind: 'delete', id, modifiedAt: at(changes.length) }),
    purge: (id) => void purged.add(id),
    lists: () => true,
    merge: (id, into) => void changes.push({ kind: 'merge', id, into, modifiedAt: at(changes.length) }),
    check: async () => ({ identity: 'memory', version: '1' }),
    describe: async (entity) => ({ entity, fields: {} }),
    readByIds: async ({ ids }) =>
      ids.map((id): Found => {
        const change = newest(id);
        if (change?.kind === 'merge') return { id, status: 'merged', into: change.into };
        if (change?.kind !== 'upsert') return { id, status: 'missing' };
        return { id, status: 'found', modifiedAt: change.modifiedAt, record: change.record };
      }),
    changesSince: async (request: ChangesRequest): Promise<Page> => {
      source.reads += 1;
      const from = typeof request.cursor?.['read'] === 'number' ? request.cursor['read'] : 0;
      const anew = request.cursor === null || request.cursor['anew'] === true;
      const page = changes.slice(from, from + source.pageSize);
      const read = from + page.length;
      return {
        changes: page.filter((change) => !purged.has(change.id) && (!anew || source.lists(change))),
        cursor: anew && read < changes.length ? { read, anew } : { read },
        caughtUp: read >= changes.length,
        watermark: page.at(-1)?.modifiedAt ?? null,
        total: changes.length - from,
      };
    },
  };
  return source;
}

export type ErpRecord = {
  id: string;
  externalKey: string;
  fields: Record<string, Value>;
  lines: SinkItem['lines'];
  writes: number;
};

/** A sink that keeps records in memory. `before` and `after` a batch is written, a test may make it misbehave. */
export type MemorySink = Sink & {
  readonly records: Map<string, ErpRecord>;
  readonly batches: SinkItem[][];
  readonly lookUps: string[][];
  before: (items: readonly SinkItem[]) => void | Promise<void>;
  after: (items: readonly SinkItem[]) => void | Promise<void>;
  /** Why one item is refused, or null. A refusal refuses the whole batch, as an atomic ERP does. */
  refuse: (item: SinkItem) => Fault | null;
};

export function memorySink(): MemorySink {
  const records = new Map<string, ErpRecord>();
  let nextId = 1;
  const write = (item: SinkItem): Outcome => {
    const id = item.targetId ?? String(nextId++);
    const known = records.get(id);
    if (item.targetId !== null && known === undefined) {
      return {
        id: item.id,
        status: 'failed',
        fault: new Fault({ kind: 'not_found', code: 'memory_gone', message: `record ${id} does not exist` }),
      };
    }
    records.set(id, {
      id,
      externalKey: known?.externalKey ?? item.externalKey,
      fields: { ...known?.fields, ...item.fields },
      lines: item.lines,
      writes: (known?.writes ?? 0) + 1,
    });
    return { id: item.id, status: item.targetId === null ? 'created' : 'updated', targetId: id };
  };
  const sink: MemorySink = {
    records,
    batches: [],
    lookUps: [],
    before: () => {},
    after: () => {},
    refuse: () => null,
    check: async () => ({ identity: 'memory', version: '1' }),
    describe: async (entity) => ({ entity, fields: {} }),
    readByIds: async ({ ids, fields }) =>
      ids.map((id): Found => {
        const record = records.get(id);
        if (record === undefined) return { id, status: 'missing' };
        const values = Object.fromEntries(fields.map((field) => [field, record.fields[field] ?? null]));
        return { id, status: 'found', modifiedAt: at(0), record: { ...values, id } };
      }),
    readLines: async ({ field, items }) =>
      items.map(({ targetId, keys }) => ({
        targetId,
        lines: (records.get(targetId)?.lines[field]?.rows ?? []).map((row) => ({
          key: keys.includes(row.key) ? row.key : null,
          record: row.fields,
        })),
      })),
    findByExternalKey: async ({ keys }) => {
      sink.lookUps.push([...keys]);
      return [...records.values()]
        .filter((r) => keys.includes(r.externalKey))
        .map((r) => ({ key: r.externalKey, targetId: r.id }));
    },
    upsertBatch: async (_entity, items, signal) => {
      sink.batches.push([...items]);
      await sink.before(items);
      signal.throwIfAborted();
      const refusals = items.map((item): Outcome | null => {
        const fault = sink.refuse(item);
        return fault === null ? null : { id: item.id, status: 'failed', fault };
      });
      const outcomes = refusals.some((refusal) => refusal !== null)
        ? items.map((item, index): Outcome => refusals[index] ?? { id: item.id, status: 'not_applied' })
        : items.map(write);
      await sink.after(items);
      return outcomes;
    },
    remove: async (_entity, items) =>
      items.map((item): Outcome => {
        records.delete(item.targetId);
        return { id: item.id, status: 'removed', targetId: item.targetId };
      }),
  };
  return sink;
}
