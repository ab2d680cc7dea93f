/** How the sandbox writes an object, its properties and its instants into an answer. */
import { nameInAnswers, portalId, stampsOf } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import { defaultProperties } from './definitions.ts';
import type { Seen } from './portal.ts';
import type { World } from './world.ts';

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
  const { created, modified } = stampsOf(type);
  const names = new Set([...(asked ?? defaultProperties[type]), 'hs_object_id', created, modified]);
  const kept: { [name: string]: string } = {
    hs_object_id: row.id,
    [created]: writtenInstant(row.createdAt),
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
    url: `https://app.hubspot.com/contacts/${portalId}/record/${nameInAnswers(type)}/${row.id}`,
  };
}
