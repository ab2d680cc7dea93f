/**
 * The control surface of the sandbox: what a user of HubSpot would do by hand, in flat records. A record is its
 * properties with `id` and the ids of its relations: `company` and `contacts`, and `deal` on a line item.
 */
import { z } from 'zod';
import { compareIds } from '../objects.ts';
import { typeNamed } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { bothSides, linksOf, typesBetween } from './associations.ts';
import type { Answer } from './endpoint.ts';
import { rulesSchema } from './misbehave.ts';
import { archiveRows, parse } from './objects-api.ts';
import type { Portal, Seen } from './portal.ts';
import { Refusal, notFound } from './refusal.ts';
import { isRefused, planCreate, planUpdate } from './rows.ts';
import type { Planned, Refused } from './rows.ts';
import { shown } from './world.ts';
import type { Entry } from './world.ts';
import { webhookTarget } from './webhooks.ts';
import { writtenObject } from './written.ts';

type Related = { readonly name: string; readonly to: ObjectType; readonly many: boolean };

const relations: { readonly [type in ObjectType]: readonly Related[] } = {
  companies: [],
  contacts: [{ name: 'company', to: 'companies', many: false }],
  deals: [
    { name: 'company', to: 'companies', many: false },
    { name: 'contacts', to: 'contacts', many: true },
  ],
  line_items: [{ name: 'deal', to: 'deals', many: false }],
  products: [],
  tickets: [
    { name: 'company', to: 'companies', many: false },
    { name: 'contacts', to: 'contacts', many: true },
  ],
  machines: [{ name: 'company', to: 'companies', many: false }],
};

const related = z
  .union([z.string(), z.array(z.string()), z.null()])
  .transform((ids) => (ids === null ? [] : [ids].flat()));
const flatRecord = z.looseObject({
  /** Stamps the change with this instant instead of now. */
  modifiedAt: z.iso.datetime().optional(),
});

export function allRecords(portal: Portal, entity: string): Answer {
  const type = typeNamed(entity);
  const records = portal.world.rows[type].flatMap((row) => {
    const state = shown(row, portal.now(), 'reads');
    return state ? [flat(portal, type, { row, state })] : [];
  });
  return { status: 200, body: records };
}

export function addRecord(portal: Portal, entity: string, body: unknown): Answer {
  const type = typeNamed(entity);
  const { properties, links, stamp } = taken(portal, type, body);
  return commit(portal, type, planCreate(portal, type, { properties }, stamp), links);
}

export function editRecord(portal: Portal, entity: string, id: string, body: unknown): Answer {
  const type = typeNamed(entity);
  const { properties, links, stamp } = taken(portal, type, body);
  return commit(portal, type, planUpdate(portal, type, { id, properties }, stamp), links);
}

/** Archives a record; with `purge`, deletes it for good and without a trace. */
export function removeRecord(portal: Portal, entity: string, id: string, purge: boolean): Answer {
  const type = typeNamed(entity);
  if (!portal.read(type, id)) throw notFound();
  if (purge) portal.commit([{ op: 'purge', type, id }]);
  else archiveRows(portal, type, [id]);
  return { status: 204 };
}

export function aimWebhooks(portal: Portal, body: unknown): Answer {
  portal.webhooks.aim(parse(webhookTarget, body));
  return { status: 204 };
}

export function setRules(portal: Portal, body: unknown): Answer {
  portal.misbehaviour.set(parse(rulesSchema, body));
  return { status: 200, body: portal.misbehaviour.rules() };
}

function flat(portal: Portal, type: ObjectType, seen: Seen) {
  const { properties } = writtenObject(portal.world, type, seen, [...portal.world.definitions[type].keys()]);
  const ids = relations[type].map(({ name, to, many }) => {
    const targets = linksOf(portal.world, type, seen.row.id, to).map(([id]) => id);
    return [name, many ? targets.toSorted(compareIds) : (targets[0] ?? null)] as const;
  });
  return {
    id: seen.row.id,
    archived: seen.state.archivedAt !== null,
    ...properties,
    ...Object.fromEntries(ids),
  };
}

function taken(portal: Portal, type: ObjectType, body: unknown) {
  const { modifiedAt, ...fields } = parse(flatRecord, body);
  const names = new Set(relations[type].map(({ name }) => name));
  const properties = Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));
  const links = relations[type].flatMap((relation) =>
    fields[relation.name] === undefined ? [] : [{ relation, ids: parse(related, fields[relation.name]) }],
  );
  for (const { relation, ids } of links)
    for (const id of ids) if (!portal.read(relation.to, id)) throw notFound();
  return { properties, links, stamp: modifiedAt === undefined ? {} : { at: Date.parse(modifiedAt) } };
}

function commit(
  portal: Portal,
  type: ObjectType,
  planned: Planned | Refused,
  links: readonly { readonly relation: Related; readonly ids: readonly string[] }[],
): Answer {
  if (isRefused(planned)) throw new Refusal(planned.status, planned.error);
  const entries = links.flatMap(({ relation, ids }) => relink(portal, type, planned.id, relation, ids));
  portal.commit([...planned.entries, ...entries]);
  const row = portal.world.byId[type].get(planned.id)!;
  return { status: 200, body: flat(portal, type, { row, state: row.state }) };
}

/** Replaces the related records; the one of a single relation is the primary one. */
function relink(
  portal: Portal,
  from: ObjectType,
  id: string,
  { to, many }: Related,
  ids: readonly string[],
): Entry[] {
  const primary = typesBetween(from, to)?.primary ?? null;
  const sides = bothSides(from, to, many || primary === null ? [] : [primary]);
  const before = linksOf(portal.world, from, id, to).map(([toId]) => toId);
  const gone = before.filter((toId) => !ids.includes(toId));
  return [
    ...gone.map((toId): Entry => ({ op: 'unlink', from, id, to, toId })),
    ...(sides ? ids.map((toId): Entry => ({ op: 'link', from, id, to, toId, ...sides })) : []),
  ];
}
