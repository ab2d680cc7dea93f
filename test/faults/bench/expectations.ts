/** The bench's own small idea of its mappings: what an ERP record must hold for a CRM record. */
import type { CrmRecord, ErpRecord } from './snapshot.ts';
import type { CrmEntity } from './users.ts';

export type Expectation = {
  readonly flow: string;
  readonly entity: CrmEntity;
  /** The ERP's entity, and what tells its records from others there. */
  readonly store: string;
  readonly belongs: (record: ErpRecord) => boolean;
  /** The ERP fields that must hold the same text as a field of the CRM record. */
  readonly same: { readonly [erp: string]: string };
  /** The ERP field that names a record in business. */
  readonly business: string;
  /** The CRM field without which a record is a dead letter. */
  readonly required: string;
  /** Where the ERP's number is saved on the CRM record. */
  readonly number: string;
  /** Whether the record is one for the ERP. */
  readonly wanted: (record: CrmRecord) => boolean;
  /** Whether the ERP record is as it must be when its CRM record is deleted or no longer wanted. */
  readonly gone: (record: ErpRecord | undefined) => boolean;
  /** The flow that the record's company is carried by, where the record refers to it. */
  readonly parent: string | null;
  readonly lines: boolean;
};

const always = (): boolean => true;

export const expectations: readonly Expectation[] = [
  {
    flow: 'accounts',
    entity: 'companies',
    store: 'res.partner',
    belongs: ({ fields }) => fields['is_company'] === true,
    same: { name: 'name', ref: 'northwind_id', city: 'city', street: 'address', phone: 'phone' },
    business: 'ref',
    required: 'name',
    number: 'erp_customer_number',
    wanted: always,
    gone: (record) => record === undefined || record.fields['active'] === false,
    parent: null,
    lines: false,
  },
  {
    flow: 'contacts',
    entity: 'contacts',
    store: 'res.partner',
    belongs: ({ fields }) => fields['is_company'] === false,
    same: { name: 'lastname', email: 'email', function: 'jobtitle', phone: 'phone' },
    business: 'email',
    required: 'lastname',
    number: 'erp_contact_number',
    wanted: always,
    gone: (record) => record === undefined,
    parent: 'accounts',
    lines: false,
  },
  {
    flow: 'customers',
    entity: 'companies',
    store: 'customers',
    belongs: always,
    same: { name: 'name', code: 'northwind_id', note: 'address' },
    business: 'code',
    required: 'name',
    number: 'fax',
    wanted: always,
    gone: (record) => record === undefined || record.fields['active'] === false,
    parent: null,
    lines: false,
  },
  {
    flow: 'orders',
    entity: 'deals',
    store: 'orders',
    belongs: always,
    same: { name: 'dealname', code: 'northwind_order_id', note: 'description' },
    business: 'code',
    required: 'dealname',
    number: 'erp_order_number',
    wanted: (record) => record['dealstage'] === 'closedwon',
    gone: (record) => record === undefined || record.fields['status'] === 'cancelled',
    parent: 'customers',
    lines: true,
  },
];

/** A text of a record; an empty one is none. */
export const textOf = (record: CrmRecord | undefined, field: string): string | null => {
  const value = record?.[field];
  return typeof value === 'string' && value !== '' ? value : null;
};

/** `crm/companies/421>res.partner`: which CRM record an external key stands for, or null. */
export function sourceOf(
  key: string,
): { readonly entity: string; readonly id: string; readonly store: string } | null {
  const [, entity = '', id = '', store = ''] = /^crm\/([^/]+)\/([^>]+)>(.+)$/.exec(key) ?? [];
  return store === '' ? null : { entity, id, store };
}
