import type { Portal } from './portal.ts';

/** Where a family of endpoints lies, in the paths of v3 and v4 and in the dated ones. */
export const families = {
  objects: ['/crm/v3/objects', '/crm/objects/:version'],
  objectAssociations: ['/crm/v4/objects', '/crm/objects/:version'],
  objectAssociationsV3: ['/crm/v3/objects'],
  associations: ['/crm/v4/associations', '/crm/associations/:version'],
  associationsV3: ['/crm/v3/associations'],
  properties: ['/crm/v3/properties', '/crm/properties/:version'],
  schemas: ['/crm/v3/schemas', '/crm-object-schemas/v3/schemas', '/crm-object-schemas/:version/schemas'],
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
