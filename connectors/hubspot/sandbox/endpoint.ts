import { objectTypes } from '../objects.ts';
import type { ObjectType } from '../objects.ts';
import type { Portal } from './portal.ts';
import { badRequest } from './refusal.ts';

/** Where a family of endpoints lies, in the paths of v3 and v4 and in the dated ones. */
export const families = {
  objects: ['/crm/v3/objects', '/crm/objects/:version'],
  objectAssociations: ['/crm/v4/objects', '/crm/objects/:version'],
  objectAssociationsV3: ['/crm/v3/objects'],
  associations: ['/crm/v4/associations', '/crm/associations/:version'],
  associationsV3: ['/crm/v3/associations'],
  properties: ['/crm/v3/properties', '/crm/properties/:version'],
  account: ['/account-info/v3', '/account-info/:version'],
} as const;

export type Call = {
  readonly params: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly body: unknown;
  /** Characters of the body as it was sent. */
  readonly bodyLength: number;
};

export type Answer = { readonly status: number; readonly body?: unknown };

/** One endpoint of HubSpot, as data. `writes` says that its answer can be lost after the commit. */
export type Endpoint = {
  readonly family: keyof typeof families;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** The name it is counted under. */
  readonly name: string;
  readonly writes: boolean;
  readonly handle: (portal: Portal, call: Call) => Answer;
};

const typeIds: { readonly [id: string]: ObjectType } = {
  '0-1': 'contacts',
  '0-2': 'companies',
  '0-3': 'deals',
  '0-7': 'products',
  '0-8': 'line_items',
};

/** HubSpot takes the plural, the singular and the type id of an object type. */
export function typeOf(name: string | undefined): ObjectType {
  const plural = objectTypes.find(
    (type) => type === name || type === `${name}s` || type === name?.replace(/y$/, 'ies'),
  );
  const type = plural ?? typeIds[name ?? ''];
  if (type) return type;
  throw badRequest(`Unable to infer object type from: ${name}`);
}
