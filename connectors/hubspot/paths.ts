import type { ObjectType } from './objects.ts';

/**
 * Where HubSpot's endpoints lie. Since March 2026 the version is a date inside the path
 * (`/crm/objects/2026-03/companies`); the older paths (`/crm/v3/objects/companies`) answer as well. Associations
 * were at v4 when everything else was at v3. This is the only place that knows.
 */
export type Paths = {
  readonly objects: (type: ObjectType) => string;
  readonly properties: (type: ObjectType) => string;
  readonly associations: (from: ObjectType, to: ObjectType) => string;
  /** The custom objects of the account. */
  readonly schemas: string;
  readonly account: string;
};

export function pathsFor(version: string): Paths {
  if (version === 'v3') {
    return {
      objects: (type) => `/crm/v3/objects/${type.path}`,
      properties: (type) => `/crm/v3/properties/${type.path}`,
      associations: (from, to) => `/crm/v4/associations/${from.path}/${to.path}`,
      schemas: '/crm-object-schemas/v3/schemas',
      account: '/account-info/v3/details',
    };
  }
  return {
    objects: (type) => `/crm/objects/${version}/${type.path}`,
    properties: (type) => `/crm/properties/${version}/${type.path}`,
    associations: (from, to) => `/crm/associations/${version}/${from.path}/${to.path}`,
    schemas: `/crm-object-schemas/${version}/schemas`,
    account: `/account-info/${version}/details`,
  };
}
