/** The custom objects of the account. HubSpot's own objects have no schema here. */
import { typesBetween } from './associations.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { machines, objectTypes, typeIds, typeOf } from './object-types.ts';
import type { Portal } from './portal.ts';
import { notFound } from './refusal.ts';

const madeAt = '2026-01-12T09:30:00.120Z';

function schema(portal: Portal) {
  return {
    id: machines.typeId.slice('2-'.length),
    objectTypeId: machines.typeId,
    name: 'machines',
    fullyQualifiedName: machines.fullName,
    labels: { singular: 'Machine', plural: 'Machines' },
    metaType: 'PORTAL_SPECIFIC',
    primaryDisplayProperty: 'name',
    secondaryDisplayProperties: ['serial_number'],
    searchableProperties: ['name', 'serial_number'],
    requiredProperties: [],
    properties: [...portal.world.definitions.machines.values()],
    associations: associations(),
    archived: false,
    createdAt: madeAt,
    updatedAt: madeAt,
  };
}

/** Both directions, each under its own id. */
function associations() {
  return objectTypes.flatMap((other) => {
    const [there, back] = [typesBetween('machines', other), typesBetween(other, 'machines')];
    if (there === null || back === null) return [];
    const [own, others] = [machines.typeId, typeIds[other]];
    return [
      {
        id: String(there.plain),
        name: `machines_to_${other}`,
        fromObjectTypeId: own,
        toObjectTypeId: others,
      },
      { id: String(back.plain), name: `${other}_to_machines`, fromObjectTypeId: others, toObjectTypeId: own },
    ];
  });
}

function list(portal: Portal): Answer {
  return { status: 200, body: { results: [schema(portal)] } };
}

function get(portal: Portal, { params }: Call): Answer {
  if (typeOf(params['type']) !== 'machines') throw notFound();
  return { status: 200, body: schema(portal) };
}

export const schemasApi: readonly Endpoint[] = [
  { family: 'schemas', method: 'GET', path: '', name: 'schemas', writes: false, handle: list },
  { family: 'schemas', method: 'GET', path: '/:type', name: 'schemas', writes: false, handle: get },
];
