import { z } from 'zod';
import { definition } from './definitions.ts';
import type { Answer, Call, Endpoint } from './endpoint.ts';
import { typeOf } from './object-types.ts';
import { parse } from './objects-api.ts';
import type { Portal } from './portal.ts';
import { notFound, refusal } from './refusal.ts';

const optionBody = z.object({
  label: z.string(),
  value: z.string(),
  displayOrder: z.number().default(-1),
  hidden: z.boolean().default(false),
});
const changeBody = z
  .object({
    label: z.string(),
    description: z.string(),
    groupName: z.string(),
    fieldType: z.string(),
    options: z.array(optionBody),
    hidden: z.boolean(),
  })
  .partial();
const createBody = changeBody.extend({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  label: z.string(),
  type: z.enum(['string', 'number', 'bool', 'enumeration', 'date', 'datetime']),
  hasUniqueValue: z.boolean().default(false),
});

function listProperties(portal: Portal, { params }: Call): Answer {
  return { status: 200, body: { results: [...portal.world.definitions[typeOf(params['type'])].values()] } };
}

function getProperty(portal: Portal, { params }: Call): Answer {
  const found = portal.world.definitions[typeOf(params['type'])].get(params['name'] ?? '');
  if (!found) throw notFound();
  return { status: 200, body: found };
}

function createProperty(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const given = defined(parse(createBody, body));
  if (portal.world.definitions[type].has(given.name))
    throw refusal(409, 'OBJECT_ALREADY_EXISTS', `A property named '${given.name}' already exists.`);
  const made = definition(given);
  portal.commit([{ op: 'define', type, definition: made }]);
  return { status: 201, body: made };
}

function changeProperty(portal: Portal, { params, body }: Call): Answer {
  const type = typeOf(params['type']);
  const found = portal.world.definitions[type].get(params['name'] ?? '');
  if (!found) throw notFound();
  const changed = { ...found, ...defined(parse(changeBody, body)) };
  portal.commit([{ op: 'define', type, definition: changed }]);
  return { status: 200, body: changed };
}

function removeProperty(portal: Portal, { params }: Call): Answer {
  portal.commit([{ op: 'undefine', type: typeOf(params['type']), name: params['name'] ?? '' }]);
  return { status: 204 };
}

/** Leaves out what is undefined. */
function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function details(portal: Portal): Answer {
  const body = {
    portalId: portal.id,
    accountType: 'STANDARD',
    timeZone: 'Europe/Paris',
    companyCurrency: 'USD',
    additionalCurrencies: [],
    utcOffset: '+01:00',
    utcOffsetMilliseconds: 3_600_000,
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  };
  return { status: 200, body };
}

export const accountApi: readonly Endpoint[] = [
  { family: 'account', method: 'GET', path: '/details', name: 'account', writes: false, handle: details },
  {
    family: 'properties',
    method: 'GET',
    path: '/:type',
    name: 'properties',
    writes: false,
    handle: listProperties,
  },
  {
    family: 'properties',
    method: 'POST',
    path: '/:type',
    name: 'properties/create',
    writes: true,
    handle: createProperty,
  },
  {
    family: 'properties',
    method: 'GET',
    path: '/:type/:name',
    name: 'properties',
    writes: false,
    handle: getProperty,
  },
  {
    family: 'properties',
    method: 'PATCH',
    path: '/:type/:name',
    name: 'properties/update',
    writes: true,
    handle: changeProperty,
  },
  {
    family: 'properties',
    method: 'DELETE',
    path: '/:type/:name',
    name: 'properties/archive',
    writes: true,
    handle: removeProperty,
  },
];
