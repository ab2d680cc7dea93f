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
  readonly account: string;
};

export function pathsFor(version: string): Paths {
  if (version === 'v3') {
    return {
      objects: (type) => `/crm/v3/objects/${type}`,
      properties: (type) => `/crm/v3/properties/${type}`,
      associations: (from, to) => `/crm/v4/associations/${from}/${to}`,
      account: '/account-info/v3/details',
    };
  }
  return {
    objects: (type) => `/crm/objects/${version}/${type}`,
    properties: (type) => `/crm/properties/${version}/${type}`,
    associations: (from, to) => `/crm/associations/${version}/${from}/${to}`,
    account: `/account-info/${version}/details`,
  };
}
