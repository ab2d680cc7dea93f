import { connectors } from '../../../connectors/index.ts';
import type { EntityDescription, FieldDescription } from '../../../src/connector/contract.ts';
import type { CompiledLookup } from '../../../src/mapping/lookup/compile-lookup.ts';
import { type BesideLookups, readLookups } from '../../../src/mapping/lookup/read-lookups.ts';

const names: { readonly [connector: string]: string } = { hubspot: 'crm', odoo: 'erp' };

/** The connections and flows of the sandboxes. */
export const beside: BesideLookups = {
  valueFiles: [],
  flows: [
    {
      flow: 'accounts',
      read: { from: 'crm', entity: 'companies' },
      write: { to: 'erp', entity: 'res.partner' },
    },
    { flow: 'orders', read: { from: 'crm', entity: 'deals' }, write: { to: 'erp', entity: 'sale.order' } },
    {
      flow: 'contacts',
      read: { from: 'crm', entity: 'contacts' },
      write: { to: 'erp', entity: 'res.partner' },
    },
  ],
  offers: connectors.map(({ name, title, capabilities }) => ({
    name: names[name] ?? name,
    title,
    capabilities,
  })),
};

/** The one lookup of a file in which nothing is wrong. */
export function lookupOf(text: string, more: Partial<BesideLookups> = {}): CompiledLookup {
  const { lookups, problems } = readLookups([{ path: 'lookups/a.yaml', text }], { ...beside, ...more });
  const [lookup] = lookups;
  if (lookup === undefined) throw new Error(problems.map(({ message }) => message).join('; '));
  return lookup;
}

const field = (type: FieldDescription['type'], options?: readonly string[]): FieldDescription => ({
  type,
  label: '',
  required: false,
  readOnly: false,
  ...(options && { options }),
});

/** Some of what an Odoo says of its entities. */
export const entities: { readonly [entity: string]: EntityDescription } = {
  'res.partner': {
    entity: 'res.partner',
    fields: { name: field('text'), ref: field('text'), country_id: field('country') },
  },
  'sale.order': {
    entity: 'sale.order',
    fields: {
      name: field('text'),
      partner_id: field('reference'),
      state: field('enum', ['draft', 'sale', 'cancel']),
      date_order: field('datetime'),
      amount_total: field('decimal'),
    },
  },
};
