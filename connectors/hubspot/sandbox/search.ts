/** HubSpot's search: filter groups, one sort, pages by offset, and a ceiling of 10,000 results for one query. */
import { z } from 'zod';
import { compareIds } from '../objects.ts';
import { objectTypes, stampsOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { linksOf } from './associations.ts';
import type { Portal, Seen } from './portal.ts';
import { badRequest } from './refusal.ts';
import { placeAfter, shown } from './world.ts';
import type { Row, State, World } from './world.ts';
import { writtenObject } from './written.ts';

const maxGroups = 5;
const maxFiltersInGroup = 6;
const maxFilters = 18;
const maxLimit = 200;
const maxBody = 3000;
const maxResults = 10_000;

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const filterSchema = z.object({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: text.optional(),
  highValue: text.optional(),
  values: z.array(text).optional(),
});
type Filter = z.output<typeof filterSchema>;

const sortSchema = z.union([
  z
    .string()
    .transform((name) =>
      name.startsWith('-')
        ? { propertyName: name.slice(1), direction: 'DESCENDING' as const }
        : { propertyName: name, direction: 'ASCENDING' as const },
    ),
  z.object({ propertyName: z.string(), direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING') }),
]);

const bodySchema = z.object({
  query: z.string().optional(),
  filterGroups: z.array(z.object({ filters: z.array(filterSchema) })).default([]),
  sorts: z.array(sortSchema).default([]),
  properties: z.array(z.string()).nullish(),
  limit: z.coerce.number().int().min(0).default(10),
  after: z.coerce.number().int().min(0).default(0),
});
type Search = z.output<typeof bodySchema>;

export function search(portal: Portal, type: ObjectType, given: unknown, bodyLength: number) {
  const query = accepted(given, bodyLength);
  const matches = matcher(portal.world, type, query);
  const now = portal.now();
  const { rows, from } = start(portal.world.rows[type], query);
  const sort = query.sorts[0];
  const inOrder =
    sort === undefined || (sort.propertyName === 'hs_object_id' && sort.direction === 'ASCENDING');
  const page: Seen[] = [];
  let total = 0;
  for (
    let index = portal.misbehaviour.rules().emptyListings ? rows.length : from;
    index < rows.length;
    index += 1
  ) {
    const row = rows[index]!;
    const state = row.past.length === 0 ? row.state : shown(row, now, 'index');
    if (state === null || state.archivedAt !== null || !matches(row, state)) continue;
    if (!inOrder || (total >= query.after && page.length < query.limit)) page.push({ row, state });
    total += 1;
  }
  const results = inOrder ? page : sorted(page, type, sort).slice(query.after, query.after + query.limit);
  const next = query.after + query.limit;
  return {
    total,
    results: results.map((seen) => writtenObject(portal.world, type, seen, query.properties ?? null)),
    ...(next < total && query.limit > 0 && { paging: { next: { after: String(next) } } }),
  };
}

function accepted(given: unknown, bodyLength: number): Search {
  if (bodyLength > maxBody) throw badRequest(`The search request is longer than ${maxBody} characters.`);
  const parsed = bodySchema.safeParse(given);
  if (!parsed.success)
    throw badRequest(
      `Invalid input JSON: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`,
    );
  const query = parsed.data;
  const filters = query.filterGroups.flatMap((group) => group.filters);
  if (query.limit > maxLimit) throw badRequest(`The limit may not exceed ${maxLimit}.`);
  if (query.after + query.limit > maxResults)
    throw badRequest(`Paging may not go past ${maxResults} results.`);
  if (query.filterGroups.length > maxGroups)
    throw badRequest(`There may be at most ${maxGroups} filter groups.`);
  if (
    query.filterGroups.some((group) => group.filters.length > maxFiltersInGroup) ||
    filters.length > maxFilters
  )
    throw badRequest(
      `There may be at most ${maxFiltersInGroup} filters in a group and ${maxFilters} in all.`,
    );
  return query;
}

/** A single group that begins after an id is read from that id on. */
function start(rows: readonly Row[], query: Search): { rows: readonly Row[]; from: number } {
  const [group, ...others] = query.filterGroups;
  const key = group?.filters.find(
    ({ propertyName, operator }) => propertyName === 'hs_object_id' && operator === 'GT',
  );
  if (others.length > 0 || key?.value === undefined || !/^\d+$/.test(key.value)) return { rows, from: 0 };
  return { rows, from: placeAfter(rows, key.value) };
}

type Matches = (row: Row, state: State) => boolean;

function matcher(world: World, type: ObjectType, query: Search): Matches {
  const groups = query.filterGroups.map((group) =>
    group.filters.map((filter) => filterMatcher(world, type, filter)),
  );
  const words = query.query?.toLowerCase();
  return (row, state) =>
    (groups.length === 0 || groups.some((group) => group.every((matches) => matches(row, state)))) &&
    (words === undefined ||
      Object.values(state.properties).some((value) => value.toLowerCase().includes(words)));
}

function filterMatcher(world: World, type: ObjectType, filter: Filter): Matches {
  const { propertyName, operator } = filter;
  if (propertyName.startsWith('associations.')) return associationMatcher(world, type, filter);
  const definition = world.definitions[type].get(propertyName);
  if (!definition)
    throw badRequest(`There was a problem with the request: there is no property ${propertyName}.`);
  const ids = propertyName === 'hs_object_id';
  const numeric =
    definition.type === 'number' || definition.type === 'date' || definition.type === 'datetime';
  const read = reader(type, propertyName, numeric);
  if (operator === 'HAS_PROPERTY') return (row, state) => read(row, state) !== null;
  if (operator === 'NOT_HAS_PROPERTY') return (row, state) => read(row, state) === null;
  const operand = (value: string | undefined): string | number => {
    if (value === undefined) throw badRequest(`The filter on ${propertyName} lacks a value.`);
    if (ids || !numeric) return value.toLowerCase();
    return numberOf(value) ?? refuseOperand(propertyName, value);
  };
  const listed = (filter.values ?? []).map((value) => operand(value));
  const [low, high] = [operator.endsWith('IN') ? '' : operand(filter.value), filter.highValue];
  const bound = operator === 'BETWEEN' ? operand(high) : '';
  return (row, state) => {
    const value = read(row, state);
    if (value === null)
      return operator === 'NEQ' || operator === 'NOT_IN' || operator === 'NOT_CONTAINS_TOKEN';
    return compares(operator, value, low, bound, listed, ids);
  };
}

function compares(
  operator: Filter['operator'],
  value: string | number,
  operand: string | number,
  bound: string | number,
  listed: readonly (string | number)[],
  ids: boolean,
): boolean {
  const order = (other: string | number): number =>
    ids ? compareIds(String(value), String(other)) : value < other ? -1 : value > other ? 1 : 0;
  switch (operator) {
    case 'EQ':
      return value === operand;
    case 'NEQ':
      return value !== operand;
    case 'LT':
      return order(operand) < 0;
    case 'LTE':
      return order(operand) <= 0;
    case 'GT':
      return order(operand) > 0;
    case 'GTE':
      return order(operand) >= 0;
    case 'BETWEEN':
      return order(operand) >= 0 && order(bound) <= 0;
    case 'IN':
      return listed.includes(value);
    case 'NOT_IN':
      return !listed.includes(value);
    case 'CONTAINS_TOKEN':
      return hasToken(String(value), String(operand));
    case 'NOT_CONTAINS_TOKEN':
      return !hasToken(String(value), String(operand));
    default:
      return false;
  }
}

function hasToken(value: string, token: string): boolean {
  const pattern = token.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return value.split(/[\s@.,;-]+/).some((word) => new RegExp(`^${pattern}$`).test(word)) || value === token;
}

function associationMatcher(world: World, type: ObjectType, { propertyName, value }: Filter): Matches {
  const name = propertyName.slice('associations.'.length);
  const to = objectTypes.find(
    (candidate) => candidate === name || candidate === `${name}s` || candidate === name.replace(/y$/, 'ies'),
  );
  if (!to || value === undefined) throw badRequest(`There was a problem with the filter ${propertyName}.`);
  return (row) => linksOf(world, type, row.id, to).some(([id]) => id === value);
}

/** Reads what a filter compares: milliseconds for instants, numbers for numbers, lower case for texts. */
function reader(
  type: ObjectType,
  name: string,
  numeric: boolean,
): (row: Row, state: State) => string | number | null {
  if (name === 'hs_object_id') return (row) => row.id;
  if (name === stampsOf(type).created) return (row) => row.createdAt;
  if (name === stampsOf(type).modified) return (_row, state) => state.updatedAt;
  return (_row, state) => {
    const value = state.properties[name];
    if (value === undefined) return null;
    return numeric ? numberOf(value) : value.toLowerCase();
  };
}

function numberOf(value: string): number | null {
  const number = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(number) ? null : number;
}

function refuseOperand(name: string, value: string): never {
  throw badRequest(`The filter on ${name} cannot compare with ${value}.`);
}

function sorted(page: readonly Seen[], type: ObjectType, sort: Search['sorts'][number] | undefined): Seen[] {
  if (!sort) return [...page];
  const read = reader(type, sort.propertyName, false);
  const sign = sort.direction === 'DESCENDING' ? -1 : 1;
  return page.toSorted((left, right) => {
    const [a, b] = [read(left.row, left.state) ?? '', read(right.row, right.state) ?? ''];
    const order =
      sort.propertyName === 'hs_object_id'
        ? compareIds(left.row.id, right.row.id)
        : a < b
          ? -1
          : a > b
            ? 1
            : 0;
    return sign * order || compareIds(left.row.id, right.row.id);
  });
}
