/**
 * The state of the sandbox's HubSpot account, and the entries that make it. Every change is an entry that says
 * exactly what came of it (ids, stamps, when it shows), so that replaying the journal makes the same account.
 */
import { compareIds } from '../objects.ts';
import { objectTypes } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { definitions } from './definitions.ts';
import type { Definition } from './definitions.ts';

/** Until when the state before a change is still shown, in milliseconds: by the search index, and by everything. */
export type Delay = { readonly index: number; readonly reads: number };

export type Entry =
  | {
      readonly op: 'put';
      readonly type: ObjectType;
      readonly id: string;
      /** null clears. */
      readonly properties: { readonly [name: string]: string | null };
      readonly at: number;
      readonly delay?: Delay;
    }
  | {
      readonly op: 'archive';
      readonly type: ObjectType;
      readonly id: string;
      readonly at: number;
      readonly delay?: Delay;
    }
  /** Deleted for good, as HubSpot does after 90 days or for the GDPR: no list and no read knows of it. */
  | { readonly op: 'purge'; readonly type: ObjectType; readonly id: string }
  | {
      readonly op: 'merge';
      readonly type: ObjectType;
      readonly into: string;
      readonly consumed: readonly string[];
      readonly properties: { readonly [name: string]: string | null };
      readonly at: number;
      readonly delay?: Delay;
    }
  | {
      readonly op: 'link';
      readonly from: ObjectType;
      readonly id: string;
      readonly to: ObjectType;
      readonly toId: string;
      readonly there: readonly number[];
      readonly back: readonly number[];
    }
  | {
      readonly op: 'unlink';
      readonly from: ObjectType;
      readonly id: string;
      readonly to: ObjectType;
      readonly toId: string;
    }
  | { readonly op: 'define'; readonly type: ObjectType; readonly definition: Definition }
  | { readonly op: 'undefine'; readonly type: ObjectType; readonly name: string };

/** A record as it stood at some time. */
export type State = {
  readonly properties: { readonly [name: string]: string };
  readonly updatedAt: number;
  readonly archivedAt: number | null;
};

export type Row = {
  readonly id: string;
  readonly createdAt: number;
  state: State;
  /** Earlier states that are still shown here or there; null before the row was created. */
  past: readonly { readonly state: State | null; readonly delay: Delay }[];
};

export type World = {
  /** Sorted by id. */
  readonly rows: { readonly [type in ObjectType]: Row[] };
  readonly byId: { readonly [type in ObjectType]: Map<string, Row> };
  /** How many rows were ever made: the next id follows from it. */
  readonly made: { [type in ObjectType]: number };
  /** Ids that were merged away, by type and id. */
  readonly aliases: Map<string, string>;
  /** `from:to` -> id -> associated id -> association types. */
  readonly links: Map<string, Map<string, Map<string, readonly number[]>>>;
  readonly definitions: { readonly [type in ObjectType]: Map<string, Definition> };
};

const firstIds: { readonly [type in ObjectType]: number } = {
  companies: 42_100_000_000,
  contacts: 15_200_000_000,
  deals: 28_400_000_000,
  line_items: 39_700_000_000,
  products: 31_000_000_000,
  tickets: 22_800_000_000,
  machines: 18_600_000_000,
};
const nothing: Row['past'] = [];

function perType<T>(make: (type: ObjectType) => T): { [type in ObjectType]: T } {
  return Object.fromEntries(objectTypes.map((type) => [type, make(type)])) as { [type in ObjectType]: T };
}

export function emptyWorld(): World {
  return {
    rows: perType(() => []),
    byId: perType(() => new Map()),
    made: perType(() => 0),
    aliases: new Map(),
    links: new Map(),
    definitions: perType(
      (type) => new Map(definitions[type].map((definition) => [definition.name, definition])),
    ),
  };
}

/** The id of the n-th row of a type: ascending and never reused, with gaps as in a shared account. */
export function idOf(type: ObjectType, made: number): string {
  return String(firstIds[type] + made * 1103 + ((made * 7919) % 997));
}

/** Follows merges to the row that an id stands for now. */
export function rowOf(world: World, type: ObjectType, id: string): Row | null {
  let current = id;
  for (let next = world.aliases.get(`${type}:${id}`); next; next = world.aliases.get(`${type}:${next}`))
    current = next;
  return world.byId[type].get(current) ?? null;
}

/** What a row looks like at this time, to the search index or to every other reader; null when it is not there yet. */
export function shown(row: Row, now: number, reader: keyof Delay): State | null {
  for (const { state, delay } of row.past) if (now < delay[reader]) return state;
  return row.state;
}

/** The first place in `rows` whose id is greater than `id`. */
export function placeAfter(rows: readonly Row[], id: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIds(rows[middle]!.id, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function apply(world: World, entry: Entry): void {
  switch (entry.op) {
    case 'put':
      return put(world, entry);
    case 'archive':
      return archive(world, entry);
    case 'purge':
      return purge(world, entry);
    case 'merge':
      return merge(world, entry);
    case 'link':
      link(world, entry.from, entry.id, entry.to, entry.toId, entry.there);
      return link(world, entry.to, entry.toId, entry.from, entry.id, entry.back);
    case 'unlink':
      world.links.get(`${entry.from}:${entry.to}`)?.get(entry.id)?.delete(entry.toId);
      world.links.get(`${entry.to}:${entry.from}`)?.get(entry.toId)?.delete(entry.id);
      return;
    case 'define':
      world.definitions[entry.type].set(entry.definition.name, entry.definition);
      return;
    case 'undefine':
      world.definitions[entry.type].delete(entry.name);
  }
}

function put(world: World, { type, id, properties, at, delay }: Extract<Entry, { op: 'put' }>): void {
  const known = world.byId[type].get(id);
  const state = {
    properties: merged(known?.state.properties ?? {}, properties),
    updatedAt: at,
    archivedAt: null,
  };
  if (known) replace(known, state, delay);
  else add(world, type, { id, createdAt: at, state, past: delay ? [{ state: null, delay }] : nothing });
}

function archive(world: World, { type, id, at, delay }: Extract<Entry, { op: 'archive' }>): void {
  const row = world.byId[type].get(id);
  if (row) replace(row, { ...row.state, archivedAt: at }, delay);
}

function purge(world: World, { type, id }: Extract<Entry, { op: 'purge' }>): void {
  if (!world.byId[type].delete(id)) return;
  world.rows[type].splice(placeAfter(world.rows[type], id) - 1, 1);
  for (const to of objectTypes) {
    const links = world.links.get(`${type}:${to}`);
    for (const toId of links?.get(id)?.keys() ?? []) world.links.get(`${to}:${type}`)?.get(toId)?.delete(id);
    links?.delete(id);
  }
}

/** Companies and contacts get a new record and both old ids lead to it; elsewhere the primary one survives. */
function merge(world: World, entry: Extract<Entry, { op: 'merge' }>): void {
  const { type, into, consumed, at } = entry;
  put(world, {
    op: 'put',
    type,
    id: into,
    properties: entry.properties,
    at,
    ...(entry.delay && { delay: entry.delay }),
  });
  for (const id of consumed) {
    world.byId[type].delete(id);
    world.rows[type].splice(placeAfter(world.rows[type], id) - 1, 1);
    world.aliases.set(`${type}:${id}`, into);
    moveLinks(world, type, id, into);
  }
}

function moveLinks(world: World, type: ObjectType, id: string, into: string): void {
  for (const to of objectTypes) {
    const links = world.links.get(`${type}:${to}`);
    for (const [toId, there] of links?.get(id) ?? []) {
      const back = world.links.get(`${to}:${type}`)?.get(toId)?.get(id) ?? [];
      apply(world, { op: 'link', from: type, id: into, to, toId, there, back });
      world.links.get(`${to}:${type}`)?.get(toId)?.delete(id);
    }
    links?.delete(id);
  }
}

function add(world: World, type: ObjectType, row: Row): void {
  const rows = world.rows[type];
  const last = rows.at(-1);
  if (last === undefined || compareIds(last.id, row.id) < 0) rows.push(row);
  else rows.splice(placeAfter(rows, row.id), 0, row);
  world.byId[type].set(row.id, row);
  world.made[type] += 1;
}

function replace(row: Row, state: State, delay: Delay | undefined): void {
  if (delay) row.past = [...row.past, { state: row.state, delay }];
  row.state = state;
}

function link(
  world: World,
  from: ObjectType,
  id: string,
  to: ObjectType,
  toId: string,
  types: readonly number[],
): void {
  const pair = `${from}:${to}`;
  const links = world.links.get(pair) ?? new Map<string, Map<string, readonly number[]>>();
  world.links.set(pair, links);
  const targets = links.get(id) ?? new Map<string, readonly number[]>();
  links.set(id, targets);
  targets.set(toId, [...new Set([...(targets.get(toId) ?? []), ...types])]);
}

function merged(
  before: { readonly [name: string]: string },
  changes: { readonly [name: string]: string | null },
): { readonly [name: string]: string } {
  const after: { [name: string]: string } = { ...before };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete after[name];
    else after[name] = value;
  }
  return after;
}
