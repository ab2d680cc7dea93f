/** The bench's own small idea of its mappings: what an ERP record must hold for a CRM record. */
import type { CrmRecord } from './snapshot.ts';
import type { CrmEntity } from './users.ts';

export type Expectation = {
  readonly flow: string;
  readonly entity: CrmEntity;
  /** The ERP fields that must hold the same text as a field of the CRM record. */
  readonly same: { readonly [erp: string]: string };
  /** The ERP field and the CRM field that name a record in business. */
  readonly business: { readonly erp: string; readonly crm: string };
  /** Without it a record is a dead letter. */
  readonly required: string;
  /** Where the ERP's number is saved on the CRM record. */
  readonly number: string;
  readonly whenDeleted: 'deactivate' | 'delete';
  readonly companies: boolean;
};

export const expectations: readonly Expectation[] = [
  {
    flow: 'accounts',
    entity: 'companies',
    same: { name: 'name', ref: 'northwind_id', city: 'city', street: 'address', phone: 'phone' },
    business: { erp: 'ref', crm: 'northwind_id' },
    required: 'name',
    number: 'erp_customer_number',
    whenDeleted: 'deactivate',
    companies: true,
  },
  {
    flow: 'contacts',
    entity: 'contacts',
    same: { name: 'lastname', email: 'email', function: 'jobtitle', phone: 'phone' },
    business: { erp: 'email', crm: 'email' },
    required: 'lastname',
    number: 'erp_contact_number',
    whenDeleted: 'delete',
    companies: false,
  },
];

/** A text of a record; an empty one is none. */
export const textOf = (record: CrmRecord | undefined, field: string): string | null => {
  const value = record?.[field];
  return typeof value === 'string' && value !== '' ? value : null;
};
