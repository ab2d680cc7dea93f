import type { FieldDescription, Found, LinesFound, LinesValue } from '../connector/contract.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import { parseDecimal } from '../mapping/convert/decimal.ts';
import type { FieldChange } from './payload-diff.ts';
import type { ReadingSink } from './reading.ts';

/** What the ERP holds now of a record, and who changed it last where the ERP says so. */
export type LiveRecord = Extract<Found, { readonly status: 'found' }>;

/**
 * Reads the present values of ERP records, at most as many as the connection takes in a batch. One that the ERP does
 * not have any more is left out.
 */
export async function readLive(
  sink: ReadingSink,
  request: { readonly entity: string; readonly ids: readonly string[]; readonly fields: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LiveRecord>> {
  if (request.ids.length === 0) return new Map();
  const answers = await sink.readByIds(request, signal);
  return new Map(
    answers.flatMap((answer) => (answer.status === 'found' ? [[answer.id, answer] as const] : [])),
  );
}

type Descriptions = { readonly [field: string]: FieldDescription };

/** The fields in which a mapped output differs from what the ERP holds; values are compared as the field's type says. */
export function liveChanges(
  fields: { readonly [field: string]: Value },
  live: SourceRecord,
  descriptions: Descriptions,
): FieldChange[] {
  return Object.entries(fields).flatMap(([field, mapped]): FieldChange[] => {
    const held = Object.hasOwn(live, field) ? live[field] : undefined;
    if (sameInErp(mapped, held ?? null, descriptions[field])) return [];
    return [{ field, group: field, old: readable(held ?? null), new: mapped }];
  });
}

/**
 * The same for the lines of a record, by their keys. A line that was written once, is mapped no more and is still there
 * differs only where it was to be deleted; one that somebody added in the ERP is that person's.
 */
export function liveLineChanges(
  field: string,
  mapped: LinesValue,
  held: LinesFound['lines'],
  description: FieldDescription | undefined,
): FieldChange[] {
  const byKey = new Map(held.flatMap(({ key, record }) => (key === null ? [] : [[key, record] as const])));
  const keys = new Set(mapped.rows.map(({ key }) => key));
  const named = (key: string, change: FieldChange): FieldChange => ({
    ...change,
    field: `${field}[${key}].${change.field}`,
    group: `${field}.${change.group}`,
  });
  const changed = mapped.rows.flatMap(({ key, fields }) => {
    const live = byKey.get(key);
    const changes =
      live === undefined
        ? Object.entries(fields).map(([name, value]) => ({ field: name, group: name, new: value }))
        : liveChanges(fields, live, description?.fields ?? {});
    return changes.map((change) => named(key, change));
  });
  const left = mapped.removed === 'delete' ? [...byKey].filter(([key]) => !keys.has(key)) : [];
  return [
    ...changed,
    ...left.flatMap(([key, live]) =>
      Object.entries(live).map(([name, value]) =>
        named(key, { field: name, group: name, old: readable(value) }),
      ),
    ),
  ];
}

/** Whether the ERP holds what the mapping gives, in the ERP's own way of writing it. */
export function sameInErp(mapped: Value, held: Value, description: FieldDescription | undefined): boolean {
  if (isNothing(mapped) || isNothing(held)) return isNothing(mapped) && isNothing(held);
  if (typeof mapped === 'boolean' || typeof held === 'boolean') return mapped === held;
  if (isRecord(held)) return [held['id'], held['code']].includes(mapped);
  if (typeof mapped !== 'string' || typeof held !== 'string')
    return JSON.stringify(mapped) === JSON.stringify(held);
  switch (description?.type) {
    case 'integer':
    case 'decimal':
      return sameNumber(mapped, held);
    case 'datetime':
      return Date.parse(mapped) === Date.parse(held);
    default:
      return plainText(mapped) === plainText(held);
  }
}

const isNothing = (value: Value): boolean => value === null || value === '';

const isRecord = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A record that a field names is shown by what a mapping would write: its code, or else its id. */
const readable = (held: Value): Value => (isRecord(held) ? (held['code'] ?? held['id'] ?? null) : held);

function sameNumber(left: string, right: string): boolean {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  return a === null || b === null ? left === right : a.equals(b);
}

const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' };

/** An ERP may keep a text as HTML (`<p>Fax 1</p>` for `Fax 1`), and ends lines in its own way. */
function plainText(text: string): string {
  const bare = /<\/?[a-z][^>]*>/i.test(text) ? text.replaceAll(/<[^>]*>/g, ' ') : text;
  return bare
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll(/&(amp|lt|gt|quot|nbsp);/g, (_, name: string) => entities[name] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
