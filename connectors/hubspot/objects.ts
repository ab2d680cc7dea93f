/** The object types of HubSpot that this connector knows by heart; line items travel inside their deal. */
type KnownName = 'companies' | 'contacts' | 'deals' | 'line_items' | 'products';

/** How a related object is nested into a record: one record or null, or a list of records. */
export type Relation = {
  readonly to: KnownName;
  readonly many: boolean;
  /** The association type that marks the primary one; without it the first is taken. */
  readonly primaryType: number | null;
};

/** An object type of a HubSpot account, as this connector reads it. */
export type ObjectType = {
  /** What the settings and the messages call it. */
  readonly name: string;
  /** What HubSpot's paths call it: a name, or an object type id such as `0-5` or `2-123456`. */
  readonly path: string;
  /** The property that carries the modification stamp. Contacts, as the oldest object, have one of their own. */
  readonly modified: 'hs_lastmodifieddate' | 'lastmodifieddate';
  /** Type ids are HubSpot's: contact to primary company 1, deal to primary company 5, ticket to primary company 26. */
  readonly relations: { readonly [name: string]: Relation };
  /**
   * Which of HubSpot's own properties (`hs_…`) make the record: those of a short list, or all that a person can edit.
   * The objects that came later have hardly any other name than `hs_…` for what a person fills in.
   */
  readonly ownProperties: 'listed' | 'editable';
  /** What is read where the properties API does not answer; empty where that means that there is no such object. */
  readonly standard: readonly string[];
};

export const knownObjects: { readonly [name in KnownName]: ObjectType } = {
  companies: {
    name: 'companies',
    path: 'companies',
    ownProperties: 'listed',
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
    name: 'contacts',
    path: 'contacts',
    ownProperties: 'listed',
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
    name: 'deals',
    path: 'deals',
    ownProperties: 'listed',
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
    name: 'line_items',
    path: 'line_items',
    ownProperties: 'listed',
    modified: 'hs_lastmodifieddate',
    relations: {},
    standard: ['name', 'quantity', 'price', 'discount', 'amount', 'description', 'createdate'],
  },
  products: {
    name: 'products',
    path: 'products',
    ownProperties: 'listed',
    modified: 'hs_lastmodifieddate',
    relations: {},
    standard: ['name', 'price', 'description', 'createdate'],
  },
};

/** What every other object can be read with: the companies, contacts and deals that it is associated with. */
const otherRelations: ObjectType['relations'] = {
  company: { to: 'companies', many: false, primaryType: null },
  contacts: { to: 'contacts', many: true, primaryType: null },
  deals: { to: 'deals', many: true, primaryType: null },
};
export const otherRelationNames = Object.keys(otherRelations);

/** HubSpot's other standard objects. All its paths take their type ids, and only some of them take their names. */
const otherStandard: { readonly [name: string]: string } = {
  tickets: '0-5',
  leads: '0-136',
  quotes: '0-14',
  orders: '0-123',
  carts: '0-142',
  invoices: '0-53',
  payments: '0-101',
  subscriptions: '0-69',
  services: '0-162',
  projects: '0-970',
  appointments: '0-421',
  courses: '0-410',
  listings: '0-420',
  calls: '0-48',
  emails: '0-49',
  meetings: '0-47',
  notes: '0-46',
  tasks: '0-27',
};

const knownTypeIds: { readonly [name in KnownName]: string } = {
  contacts: '0-1',
  companies: '0-2',
  deals: '0-3',
  products: '0-7',
  line_items: '0-8',
};

/** The names of HubSpot's standard objects that are entities of the source. */
export const standardNames = [
  ...Object.keys(knownObjects).filter((name) => name !== 'line_items'),
  ...Object.keys(otherStandard),
];

/** The object of this name that is known by heart, line items among them, or null. */
export const knownObject = (name: string): ObjectType | null =>
  Object.hasOwn(knownObjects, name) ? knownObjects[name as KnownName] : null;

/** The standard object of this name, or null. */
export function standardObject(name: string): ObjectType | null {
  if (!standardNames.includes(name)) return null;
  if (name in knownObjects) return knownObjects[name as KnownName];
  const other = otherObject(name, otherStandard[name] ?? name);
  if (name !== 'tickets') return other;
  const company = { to: 'companies', many: false, primaryType: 26 } as const;
  return { ...other, relations: { ...other.relations, company } };
}

/** The entity that HubSpot's type id stands for in mappings, where it is a standard object; null for others. */
export function entityOfTypeId(typeId: string): string | null {
  const [name = null] =
    Object.entries({ ...knownTypeIds, ...otherStandard }).find(([, id]) => id === typeId) ?? [];
  return name;
}

/** An object that this connector does not know by heart. */
export function otherObject(name: string, path: string): ObjectType {
  return {
    name,
    path,
    modified: 'hs_lastmodifieddate',
    relations: otherRelations,
    ownProperties: 'editable',
    standard: [],
  };
}

/** Orders ids as the numbers they are: they are 64-bit, so they are compared as text of a length. */
export function compareIds(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
