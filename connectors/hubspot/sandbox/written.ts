/** How the sandbox writes an object, its properties and its instants into an answer. */
import { shapes } from '../objects.ts';
import type { ObjectType } from '../objects.ts';
import { defaultProperties } from './definitions.ts';
import type { Seen } from './portal.ts';
import type { World } from './world.ts';
import { portalId } from './portal.ts';

/** HubSpot is written in Java, whose instants leave out a fraction of zero. */
export function writtenInstant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

export function writtenObject(
  world: World,
  type: ObjectType,
  { row, state }: Seen,
  asked: readonly string[] | null,
) {
  const { modified } = shapes[type];
  const names = new Set([...(asked ?? defaultProperties[type]), 'hs_object_id', 'createdate', modified]);
  const kept: { [name: string]: string } = {
    hs_object_id: row.id,
    createdate: writtenInstant(row.createdAt),
    [modified]: writtenInstant(state.updatedAt),
  };
  // A name that the account does not know is silently left out.
  const known = [...names].filter((name) => world.definitions[type].has(name));
  return {
    id: row.id,
    properties: Object.fromEntries(known.map((name) => [name, kept[name] ?? state.properties[name] ?? null])),
    createdAt: writtenInstant(row.createdAt),
    updatedAt: writtenInstant(state.updatedAt),
    archived: state.archivedAt !== null,
    ...(state.archivedAt !== null && { archivedAt: writtenInstant(state.archivedAt) }),
    url: `https://app.hubspot.com/contacts/${portalId}/record/${type}/${row.id}`,
  };
}
