import type { EntityDescription, FieldDescription } from '../../src/connector/contract.ts';

export const field = (
  type: FieldDescription['type'],
  more: Partial<FieldDescription> = {},
): FieldDescription => ({ type, label: '', required: false, readOnly: false, ...more });

/** What the CRM of the tests says of its deals. */
export const deals: EntityDescription = {
  entity: 'deals',
  fields: {
    dealname: field('text'),
    amount: field('decimal'),
    seats: field('integer'),
    paid: field('boolean'),
    stage: field('enum', { options: ['won', 'lost', 'open'] }),
    currency: field('enum', { options: ['EUR', 'USD'] }),
    days: field('enum', { options: ['30', '60'] }),
    closed: field('datetime'),
    due: field('date'),
    erp_number: field('text'),
    created: field('datetime', { readOnly: true }),
    product: field('reference', { to: 'products' }),
    company: field('record', { fields: { name: field('text'), country: field('country') } }),
    line_items: field('lines', {
      fields: {
        sku: field('text'),
        price: field('decimal'),
        kind: field('enum', { options: ['goods', 'service'] }),
        product: field('reference', { to: 'products' }),
      },
    }),
    owner: field('record'),
  },
};

/** What the ERP of the tests says of its orders. */
export const order: EntityDescription = {
  entity: 'sale.order',
  fields: {
    name: field('text', { maxLength: 12 }),
    note: field('text'),
    total: field('decimal', { readOnly: true }),
    amount: field('decimal'),
    seats: field('integer'),
    paid: field('boolean'),
    state: field('enum', { options: ['draft', 'sale'] }),
    date_order: field('datetime'),
    due: field('date'),
    country: field('country'),
    currency: field('currency'),
    partner: field('reference', { to: 'res.partner' }),
    order_line: field('lines', {
      fields: {
        product: field('reference', { to: 'product.product' }),
        name: field('text', { maxLength: 12 }),
        price_unit: field('decimal'),
        kind: field('enum', { options: ['goods'] }),
      },
    }),
  },
};
