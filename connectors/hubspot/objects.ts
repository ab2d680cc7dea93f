/** The object types of HubSpot that this connector speaks of. */
export const objectTypes = ['companies', 'contacts', 'deals', 'line_items', 'products'] as const;
export type ObjectType = (typeof objectTypes)[number];

/** The object types that are entities of the source; line items travel inside their deal. */
export type EntityType = Exclude<ObjectType, 'line_items'>;

/** How a related object is nested into a record: one record or null, or a list of records. */
export type Relation = {
  readonly to: ObjectType;
  readonly many: boolean;
  /** The association type that marks the primary one; without it the first is taken. */
  readonly primaryType: number | null;
};

type Shape = {
  /** The property that carries the modification stamp. Contacts, as the oldest object, have one of their own. */
  readonly modified: 'hs_lastmodifieddate' | 'lastmodifieddate';
  /** Type ids are HubSpot's: contact to primary company 1, deal to primary company 5. */
  readonly relations: { readonly [name: string]: Relation };
  /** What is read where the properties API does not answer. */
  readonly standard: readonly string[];
};

export const shapes: { readonly [type in ObjectType]: Shape } = {
  companies: {
    modified: 'hs_lastmodifieddate',
    relations: {},
    standard: [
      'name',
      'domain',
      'phone',
      'website',
      'industry',
      'description',
      'address',
      'address2',
      'city',
      'state',
      'zip',
      'country',
      'createdate',
    ],
  },
  contacts: {
    modified: 'lastmodifieddate',
    relations: { company: { to: 'companies', many: false, primaryType: 1 } },
    standard: [
      'firstname',
      'lastname',
      'email',
      'phone',
      'mobilephone',
      'jobtitle',
      'company',
      'address',
      'city',
      'state',
      'zip',
      'country',
      'createdate',
    ],
  },
  deals: {
    modified: 'hs_lastmodifieddate',
    relations: {
      company: { to: 'companies', many: false, primaryType: 5 },
      contacts: { to: 'contacts', many: true, primaryType: null },
      line_items: { to: 'line_items', many: true, primaryType: null },
    },
    standard: [
      'dealname',
      'dealstage',
      'pipeline',
      'amount',
      'closedate',
      'deal_currency_code',
      'description',
      'createdate',
    ],
  },
  line_items: {
    modified: 'hs_lastmodifieddate',
    relations: {},
    standard: ['name', 'quantity', 'price', 'discount', 'amount', 'description', 'createdate'],
  },
  products: {
    modified: 'hs_lastmodifieddate',
    relations: {},
    standard: ['name', 'price', 'description', 'createdate'],
  },
};

export function isEntityType(name: string): name is EntityType {
  return name !== 'line_items' && Object.hasOwn(shapes, name);
}

/** Orders ids as the numbers they are: they are 64-bit, so they are compared as text of a length. */
export function compareIds(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
