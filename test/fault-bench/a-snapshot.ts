import type { CrmRecord, ErpRecord, Link, Snapshot, Tables, Truth } from '../faults/bench/snapshot.ts';

/** Parts of a snapshot that a test is about. */
type Changes = {
  readonly crm?: Partial<Truth['crm']>;
  readonly erp?: readonly ErpRecord[];
  readonly truth?: Partial<Truth>;
  readonly tables?: Partial<Tables>;
  readonly disturbances?: Snapshot['disturbances'];
  readonly hanging?: readonly string[];
};

export const company: CrmRecord = {
  id: '1',
  archived: false,
  name: 'Company 1 r2',
  northwind_id: 'C1',
  city: 'City 1.2',
  erp_customer_number: '11',
  fax: '21',
};
export const contact: CrmRecord = {
  id: '5',
  archived: false,
  lastname: 'Contact 5 r1',
  email: 'c5@example.test',
  company: '1',
  erp_contact_number: '12',
};
export const deal: CrmRecord = {
  id: '7',
  archived: false,
  dealname: 'Deal 7 r1',
  northwind_order_id: 'D7',
  dealstage: 'closedwon',
  company: '1',
  erp_order_number: '22',
};
export const partner: ErpRecord = {
  store: 'res.partner',
  id: '11',
  keys: ['crm/companies/1>res.partner'],
  names: ['__causeway__.crm_companies_1'],
  fields: { is_company: true, active: true, name: 'Company 1 r2', ref: 'C1', city: 'City 1.2' },
  lines: [],
};
export const person: ErpRecord = {
  store: 'res.partner',
  id: '12',
  keys: ['crm/contacts/5>res.partner'],
  names: ['__causeway__.crm_contacts_5'],
  fields: { is_company: false, name: 'Contact 5 r1', email: 'c5@example.test', parent: '11' },
  lines: [],
};
export const customer: ErpRecord = {
  store: 'customers',
  id: '21',
  keys: ['crm/companies/1>customers'],
  names: ['crm/companies/1>customers'],
  fields: { name: 'Company 1 r2', code: 'C1' },
  lines: [],
};
export const order: ErpRecord = {
  store: 'orders',
  id: '22',
  keys: ['crm/deals/7>orders'],
  names: ['crm/deals/7>orders'],
  fields: { name: 'Deal 7 r1', code: 'D7', status: 'open', parent: '21' },
  lines: [{ name: 'Line 7-0', quantity: '2' }],
};

export const link = (flow: string, sourceId: string, targetId: string | null): Link => ({
  flow,
  sourceId,
  targetId,
  state: 'synced',
  code: null,
  reason: null,
  attempts: 0,
  behind: false,
});

export const links: readonly Link[] = [
  link('accounts', '1', '11'),
  link('contacts', '5', '12'),
  link('customers', '1', '21'),
  link('orders', '7', '22'),
];

const mirrored = (entity: string, record: CrmRecord) => ({
  entity,
  sourceId: record.id,
  deleted: false,
  mergedInto: null,
  record,
});

/** A run in which everything is as it must be, but for the changes given. */
export function aSnapshot(changes: Changes = {}): Snapshot {
  const crm = {
    companies: [company],
    contacts: [contact],
    deals: [deal],
    line_items: [{ id: '9', archived: false, deal: '7', name: 'Line 7-0', quantity: '2' }],
    ...changes.crm,
  };
  return {
    truth: {
      crm,
      erp: changes.erp ?? [partner, person, customer, order],
      crmJournal: [],
      erpJournal: [],
      writes: { crm: [], erp: [], plain: [] },
      targets: [],
      strikes: {},
      ...changes.truth,
    },
    tables: {
      mirror: (['companies', 'contacts', 'deals'] as const).flatMap((entity) =>
        crm[entity].map((record) => mirrored(entity, record)),
      ),
      links,
      intents: [],
      waiting: [],
      jobs: [],
      letters: [],
      counts: { created: 0, updated: 0, removed: 0 },
      history: [],
      ...changes.tables,
    },
    disturbances: changes.disturbances ?? [],
    hanging: changes.hanging ?? [],
  };
}

/** The links with one of them changed. */
export const withLink = (flow: string, change: Partial<Link>): readonly Link[] =>
  links.map((one) => (one.flow === flow ? { ...one, ...change } : one));
