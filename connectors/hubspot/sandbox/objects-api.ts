import { z } from 'zod';
import { nameInAnswers, typeOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { linksOf } from './associations.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import type { Portal, Seen } from './portal.ts';
import { Refusal, badRequest, correlationId, notFound } from './refusal.ts';
import { associationInput, findId, isRefused, planCreate, planUpdate } from './rows.ts';
import type { Planned, Refused } from './rows.ts';
import { search } from './search.ts';
import { placeAfter, shown } from './world.ts';
import { writtenObject } from './written.ts';

const maxList = 100;
const values = z.record(z.string(), z.unknown());
const createBody = z.object({
  properties: values.default({}),
  associations: z.array(associationInput).optional(),
});
const updateBody = z.object({ properties: values });
const mergeBody = z.object({ primaryObjectId: z.coerce.string(), objectIdToMerge: z.coerce.string() });

export function parse<S extends z.ZodType>(shape: S, body: unknown): z.output<S> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`Invalid input JSON: ${issue?.path.join('.')}: ${issue?.message}`);
}

function listOf(text: string | undefined): string[] | null {
  return text === undefined || text === '' ? null : text.split(',').map((name) => name.trim());
}

function list(portal: Portal, { params, query }: Call): Answer {
  const type = typeOf(params['type']);
  const limit = Number(query['limit'] ?? 10);
  if (!(limit >= 1 && limit <= maxList)) throw badRequest(`The limit is a number from 1 to ${maxList}.`);
  const archived = query['archived'] === 'true';
  const rows = portal.world.rows[type];
  const page: Seen[] = [];
  let index = query['after'] === undefined ? 0 : placeAfter(rows, query['after']);
  if (portal.misbehaviour.rules().emptyListings) index = rows.length;
  for (; index < rows.length && page.length <= limit; index += 1) {
    const row = rows[index]!;
    const state = shown(row, portal.now(), 'reads');
    if (state && (state.archivedAt !== null) === archived) page.push({ row, state });
  }
  const shownPage = page.slice(0, limit);
  const after = page.length > limit ? shownPage.at(-1)!.row.id : null;
  const link = `?after=${after}`;
  const body = {
    results: shownPage.map((seen) => withAssociations(portal, type, seen, query)),
    ...(after !== null && { paging: { next: { after, link } } }),
  };
  return { status: 200, body };
}

function get(portal: Portal, { params, query }: Call): Answer {
  const type = typeOf(params['type']);
  const id = findId(portal, type, params['id'] ?? '', query['idProperty']);
  const seen = id === null ? null : portal.read(type, id, query['archived'] === 'true');
  if (!seen) throw notFound();
  return { status: 200, body: withAssociations(portal, type, seen, query) };
}

function withAssociations(portal: Portal, type: ObjectType, seen: Seen, query: Call['query']) {
  const asked = (listOf(query['associations']) ?? []).map((name) => typeOf(name));
  const associations = asked.flatMap((to) => {
    const results = linksOf(portal.world, type, seen.row.id, to).map(([id]) => ({
      id,
      type: `${nameInAnswers(type)}_to_${nameInAnswers(to)}`,
    }));
    return results.length > 0 ? [[nameInAnswers(to), { results }] as const] : [];
  });
  return {
    ...writtenObject(portal.world, type, seen, listOf(query['properties'])),
    ...(associations.length > 0 && { associations: Object.fromEntries(associations) }),
  };
}

function commitOne(portal: Portal, type: ObjectType, planned: Planned | Refused): object {
  if (isRefused(planned))
    throw new Refusal(planned.status, { ...planned.error, correlationId: correlationId() });
  portal.commit(planned.entries);
  const row = portal.world.byId[type].get(planned.id)!;
  return writtenObject(portal.world, type, { row, state: row.state }, Object.keys(row.state.properties));
}

function create(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  return { status: 201, body: commitOne(portal, type, planCreate(portal, type, parse(createBody, body))) };
}

function update(portal: Portal, { params, query, body }: Call): Answer {
  const type = typeOf(params['type']);
  const { properties } = parse(updateBody, body);
  const id = params['id'] ?? '';
  const planned = planUpdate(portal, type, { id, idProperty: query['idProperty'], properties });
  return { status: 200, body: commitOne(portal, type, planned) };
}

/** Archiving does not move the modification stamp, and archiving what is archived already is no error. */
export function archiveRows(portal: Portal, type: ObjectType, ids: readonly string[]): void {
  const rows = ids.flatMap((id) => portal.read(type, id)?.row ?? []);
  const delay = portal.delay();
  portal.commit(
    rows.map(({ id }) => Object.assign({ op: 'archive', type, id, at: portal.now() } as const, delay)),
  );
}

function archive(portal: Portal, { params }: Call): Answer {
  archiveRows(portal, typeOf(params['type']), [params['id'] ?? '']);
  return { status: 204 };
}

function merge(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const ids = parse(mergeBody, body);
  const primary = portal.read(type, ids.primaryObjectId);
  const other = portal.read(type, ids.objectIdToMerge);
  if (!primary || !other) throw notFound();
  if (primary.row === other.row) throw badRequest('A record cannot be merged with itself.');
  const renews = type === 'companies' || type === 'contacts';
  const into = renews ? portal.newId(type) : primary.row.id;
  const consumed = renews ? [primary.row.id, other.row.id] : [other.row.id];
  const earlier = [primary, other].flatMap(({ state }) => state.properties['hs_merged_object_ids'] ?? []);
  const properties = {
    ...other.state.properties,
    ...primary.state.properties,
    hs_merged_object_ids: [...new Set([...earlier.flatMap((list) => list.split(';')), ...consumed])].join(
      ';',
    ),
  };
  portal.commit([{ op: 'merge', type, into, consumed, properties, at: portal.now(), ...portal.delay() }]);
  const row = portal.world.byId[type].get(into)!;
  return {
    status: 200,
    body: writtenObject(portal.world, type, { row, state: row.state }, Object.keys(properties)),
  };
}

function find(portal: Portal, { params, body, bodyLength }: Call): Answer {
  return { status: 200, body: search(portal, typeOf(params['type']), body, bodyLength) };
}

export const objectsApi: readonly Endpoint[] = [
  { family: 'objects', method: 'GET', path: '/:type', name: 'list', writes: false, handle: list },
  { family: 'objects', method: 'POST', path: '/:type', name: 'create', writes: true, handle: create },
  { family: 'objects', method: 'POST', path: '/:type/search', name: 'search', writes: false, handle: find },
  { family: 'objects', method: 'POST', path: '/:type/merge', name: 'merge', writes: true, handle: merge },
  { family: 'objects', method: 'GET', path: '/:type/:id', name: 'get', writes: false, handle: get },
  { family: 'objects', method: 'PATCH', path: '/:type/:id', name: 'update', writes: true, handle: update },
  { family: 'objects', method: 'DELETE', path: '/:type/:id', name: 'archive', writes: true, handle: archive },
];
