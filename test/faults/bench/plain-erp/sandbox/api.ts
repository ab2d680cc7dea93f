import { z } from 'zod';
import type { Mischief } from './misbehave.ts';
import type { Author, Line, Records, Row } from './records.ts';

/** An answer of the ERP; `wrote` says that something was committed before it. */
export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly text?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly wrote: boolean;
  /** The connection breaks instead. */
  readonly dropped?: boolean;
};

const fields = z.record(z.string(), z.json());
const lines = z.record(
  z.string(),
  z.object({ removed: z.enum(['delete', 'keep']), rows: z.array(z.object({ key: z.string(), fields })) }),
);
const upsertItem = z.object({
  item: z.string(),
  id: z.string().optional(),
  external_ref: z.string().optional(),
  fields,
  lines: lines.default({}),
});
const removeItem = z.object({
  item: z.string(),
  id: z.string(),
  how: z.enum(['delete', 'deactivate', 'cancel']),
});
type UpsertItem = z.output<typeof upsertItem>;
type RemoveItem = z.output<typeof removeItem>;

/** A writing request that was understood. */
export type Batch =
  | { readonly entity: string; readonly kind: 'upsert'; readonly items: readonly UpsertItem[] }
  | { readonly entity: string; readonly kind: 'remove'; readonly items: readonly RemoveItem[] };

export const refusal = (status: number, code: string, message: string, more: object = {}): Answer => ({
  status,
  body: { error: { code, message, ...more } },
  wrote: false,
});

/** Reads the batch of a writing request; null where it is none, a refusal where it cannot be read. */
export function batchOf(method: string, path: string, text: string): Batch | Answer | null {
  const [, name, kind] = /^\/records\/([^/]+)\/(batch|remove)$/.exec(path) ?? [];
  if (method !== 'POST' || name === undefined) return null;
  const entity = decodeURIComponent(name);
  try {
    const body: unknown = JSON.parse(text);
    if (kind === 'remove')
      return { entity, kind: 'remove', items: z.object({ items: z.array(removeItem) }).parse(body).items };
    return { entity, kind: 'upsert', items: z.object({ items: z.array(upsertItem) }).parse(body).items };
  } catch {
    return refusal(400, 'malformed', 'The request is not one that this ERP understands.');
  }
}

/** The names that two requests at once must not share: the references of creates, and ids. */
export function keysOf(batch: Batch): string[] {
  if (batch.kind === 'remove') return batch.items.map(({ id }) => `#${id}`);
  return batch.items.flatMap(({ id, external_ref: ref }) => [
    ...(id === undefined ? [] : [`#${id}`]),
    ...(ref === undefined ? [] : [ref]),
  ]);
}

type Result =
  | { readonly item: string; readonly status: 'created' | 'updated' | 'removed'; readonly id: string }
  | {
      readonly item: string;
      readonly status: 'error';
      readonly error: { code: string; message: string; field?: string };
    };

const refused = (item: string, code: string, message: string, field?: string): Result => ({
  item,
  status: 'error',
  error: { code, message, ...(field !== undefined && { field }) },
});

/** Writes a batch row by row; the rules may stop it midway, leave outcomes out, or give them in another order. */
export function writeBatch(records: Records, trouble: Mischief, batch: Batch, author: Author): Answer {
  const { poison, partialRows, partialThen, otherOrder } = trouble.rules();
  if (poison !== null && batch.kind === 'upsert') {
    const poisoned = batch.items.some(({ fields }) => textOf(fields[poison.field]).includes(poison.contains));
    if (poisoned) {
      trouble.struck('poison');
      return refusal(400, 'batch_refused', 'The batch was refused.');
    }
  }
  const stopped = trouble.strikes('partialEvery') > 0;
  const size = batch.items.length;
  const until = stopped ? Math.min(size, partialRows ?? Math.floor(size / 2)) : size;
  const results: Result[] = [];
  const one = batch.kind === 'upsert' ? upsertOne : removeOne;
  for (const item of batch.items.slice(0, until)) {
    const omitted = trouble.strikes('omitOutcomeEvery');
    // Every other outcome that is left out belongs to an item that was not written.
    if (omitted > 0 && omitted % 2 === 0) continue;
    const result = one(records, trouble, batch.entity, item as UpsertItem & RemoveItem, author);
    if (omitted === 0) results.push(result);
  }
  const wrote = until > 0;
  if (stopped) {
    const message = `The batch was stopped after ${until} of ${size} rows.`;
    const answer = refusal(500, 'stopped_midway', message, { applied: until });
    return { ...answer, wrote, dropped: partialThen === 'drop' };
  }
  if (otherOrder && results.length > 1) trouble.struck('otherOrder');
  return { status: 200, body: { results: otherOrder ? results.toReversed() : results }, wrote };
}

function upsertOne(
  records: Records,
  trouble: Mischief,
  entity: string,
  { item, id, external_ref: ref, fields, lines }: UpsertItem,
  author: Author,
): Result {
  const { closedPeriod } = trouble.rules();
  if (trouble.strikes('lockedEvery') > 0)
    return refused(item, 'record_locked', 'Another user works on this record at the moment.');
  const long = Object.keys(fields).find((name) => textOf(fields[name]).length > longest);
  if (long !== undefined)
    return refused(item, 'value_refused', `The value is longer than ${longest} characters.`, long);
  const date = closedPeriod === null ? '' : textOf(fields[closedPeriod.field]);
  if (closedPeriod !== null && date !== '' && date < closedPeriod.before) {
    trouble.struck('closedPeriod');
    const says = `The period before ${closedPeriod.before} is closed.`;
    return refused(item, 'closed_period', says, closedPeriod.field);
  }
  const before = id === undefined ? undefined : records.get(entity, id);
  if (id !== undefined && before === undefined)
    return refused(item, 'no_such_record', `There is no ${entity} with the number ${id}.`);
  const given = { fields, lines: mergeLines(before, lines) };
  const row =
    before === undefined
      ? records.create(entity, { external_ref: ref ?? null, ...given }, author)
      : records.update(entity, before.id, given, author);
  return { item, status: before === undefined ? 'created' : 'updated', id: row.id };
}

const longest = 2000;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function mergeLines(before: Row | undefined, given: UpsertItem['lines']): Row['lines'] {
  return Object.fromEntries(
    Object.entries(given).map(([field, { removed, rows }]): [string, Line[]] => {
      const old = before?.lines[field] ?? [];
      const merged = rows.map(({ key, fields }) => ({
        key,
        fields: { ...old.find((line) => line.key === key)?.fields, ...fields },
      }));
      const kept = removed === 'keep' ? old.filter(({ key }) => !rows.some((row) => row.key === key)) : [];
      return [field, [...kept, ...merged]];
    }),
  );
}

function removeOne(
  records: Records,
  trouble: Mischief,
  entity: string,
  { item, id, how }: RemoveItem,
  author: Author,
): Result {
  if (trouble.strikes('lockedEvery') > 0)
    return refused(item, 'record_locked', 'Another user works on this record at the moment.');
  if (records.get(entity, id) === undefined)
    return refused(item, 'no_such_record', `There is no ${entity} with the number ${id}.`);
  if (how === 'delete') records.remove(entity, id, author);
  else {
    const fields = how === 'cancel' ? { status: 'cancelled' } : { active: false };
    records.update(entity, id, { fields, lines: {} }, author);
  }
  return { item, status: 'removed', id };
}

const usual = ['name', 'code', 'email', 'country', 'date', 'amount', 'status', 'active', 'parent', 'note'];

/** Answers a reading request. The look-up by reference reads an index that lags. */
export function read(records: Records, trouble: Mischief, url: URL, now: Date): Answer {
  if (url.pathname === '/about')
    return { status: 200, body: { company: 'plain', version: '1.0' }, wrote: false };
  const [, kind, name] = /^\/(records|fields)\/([^/]+)$/.exec(url.pathname) ?? [];
  if (name === undefined) return refusal(404, 'no_such_path', 'There is nothing here.');
  const entity = decodeURIComponent(name);
  if (kind === 'fields') {
    const names = [...new Set([...usual, ...records.fieldNames(entity)])];
    const fields = names.map((field) => ({ name: field, label: field }));
    return { status: 200, body: { fields }, wrote: false };
  }
  const ids = listOf(url, 'ids').flatMap((id) => records.get(entity, id) ?? []);
  const named = listOf(url, 'external_ref').flatMap((ref) => records.byRef(entity, ref));
  const { indexLagMs } = trouble.rules();
  const indexed = named.filter((row) => Date.parse(row.created_at) + indexLagMs <= now.getTime());
  if (indexed.length < named.length) trouble.struck('indexLagMs');
  return { status: 200, body: { records: [...ids, ...indexed] }, wrote: false };
}

const listOf = (url: URL, name: string): string[] =>
  (url.searchParams.get(name) ?? '')
    .split(',')
    .filter((one) => one !== '')
    .map((one) => decodeURIComponent(one));
