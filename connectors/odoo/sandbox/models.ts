/** The stand-in's models: the fields of Odoo that a CRM fills or asks for, with what Odoo says of them. */
import { fieldsOfApps, modelsOfApps } from './apps.ts';
import type { Field, Model, Version } from './schema.ts';

type Fields = { readonly [name: string]: Field };

const char = (string: string, more: Partial<Field> = {}): Field => ({ type: 'char', string, ...more });
const text = (string: string, more: Partial<Field> = {}): Field => ({ type: 'text', string, ...more });
const bool = (string: string, more: Partial<Field> = {}): Field => ({ type: 'boolean', string, ...more });
const number = (string: string, decimals: number | null, more: Partial<Field> = {}): Field => ({
  type: 'float',
  string,
  decimals,
  ...more,
});
const money = (string: string): Field => ({
  type: 'monetary',
  string,
  decimals: 2,
  computed: true,
  readonly: true,
});
const one = (string: string, relation: string, more: Partial<Field> = {}): Field => ({
  type: 'many2one',
  string,
  relation,
  ...more,
});
const lines = (string: string, relation: string, inverse: string): Field => ({
  type: 'one2many',
  string,
  relation,
  inverse,
});
const choice = (
  string: string,
  selection: readonly (readonly [string, string])[],
  more: Partial<Field> = {},
): Field => ({ type: 'selection', string, selection, ...more });

const magic: Fields = {
  id: { type: 'integer', string: 'ID', readonly: true },
  display_name: char('Display Name', { readonly: true, computed: true }),
  create_date: { type: 'datetime', string: 'Created on', readonly: true },
  create_uid: one('Created by', 'res.users', { readonly: true }),
  write_date: { type: 'datetime', string: 'Last Updated on', readonly: true },
  write_uid: one('Last Updated by', 'res.users', { readonly: true }),
};

const active = bool('Active', { default: true });

const partner = (version: Version): Fields => ({
  name: char('Name'),
  active,
  is_company: bool('Is a Company', { default: false }),
  parent_id: one('Related Company', 'res.partner'),
  child_ids: lines('Contact', 'res.partner', 'parent_id'),
  commercial_partner_id: one('Commercial Entity', 'res.partner', { computed: true, readonly: true }),
  type: choice(
    'Address Type',
    [
      ['contact', 'Contact'],
      ['invoice', 'Invoice Address'],
      ['delivery', 'Delivery Address'],
      ['other', 'Other Address'],
    ],
    { default: 'contact' },
  ),
  ref: char('Reference'),
  street: char('Street'),
  street2: char('Street2'),
  zip: char('Zip'),
  city: char('City'),
  state_id: one('State', 'res.country.state'),
  country_id: one('Country', 'res.country'),
  email: char('Email'),
  phone: char('Phone'),
  ...(version === 16 && { mobile: char('Mobile') }),
  website: char('Website Link'),
  function: char('Job Position'),
  vat: char('Tax ID'),
  lang: char('Language', { default: 'en_US' }),
  comment: { type: 'html', string: 'Notes' },
  company_id: one('Company', 'res.company'),
  user_id: one('Salesperson', 'res.users', { computed: true }),
  customer_rank: { type: 'integer', string: 'Customer Rank', default: 0 },
  property_payment_term_id: one('Customer Payment Terms', 'account.payment.term', { companyDependent: true }),
  sale_order_ids: lines('Sales Order', 'sale.order', 'partner_id'),
});

const product = (version: Version): Fields => ({
  name: char('Name', { required: true }),
  active,
  default_code: char('Internal Reference'),
  barcode: char('Barcode'),
  list_price: number('Sales Price', version === 16 ? 2 : null, { default: '1' }),
  standard_price: number('Cost', version === 16 ? 2 : null, { companyDependent: true, default: '0' }),
  type: choice(
    'Product Type',
    [
      ['consu', version === 16 ? 'Consumable' : 'Goods'],
      ['service', 'Service'],
      ...(version === 16 ? [['product', 'Storable Product'] as const] : [['combo', 'Combo'] as const]),
    ],
    { default: 'consu', required: true },
  ),
  sale_ok: bool('Can be Sold', { default: true }),
  purchase_ok: bool('Can be Purchased', { default: true }),
  description_sale: text('Sales Description'),
  weight: number('Weight', 2, { default: '0' }),
  currency_id: one('Currency', 'res.currency', { computed: true, readonly: true }),
  company_id: one('Company', 'res.company'),
});

const states = (version: Version): readonly (readonly [string, string])[] => [
  ['draft', 'Quotation'],
  ['sent', 'Quotation Sent'],
  ['sale', 'Sales Order'],
  ...(version === 16 ? [['done', 'Locked'] as const] : []),
  ['cancel', 'Cancelled'],
];

const order = (version: Version): Fields => ({
  name: char('Order Reference', { required: true, default: 'New' }),
  state: choice('Status', states(version), { default: 'draft', readonly: true }),
  partner_id: one('Customer', 'res.partner', { required: true }),
  partner_invoice_id: one('Invoice Address', 'res.partner', { required: true, computed: true }),
  partner_shipping_id: one('Delivery Address', 'res.partner', { required: true, computed: true }),
  client_order_ref: char('Customer Reference'),
  origin: char('Source Document'),
  date_order: { type: 'datetime', string: 'Order Date', required: true, defaultsToNow: true },
  commitment_date: { type: 'datetime', string: 'Delivery Date' },
  validity_date: { type: 'date', string: 'Expiration', computed: true },
  currency_id: one('Currency', 'res.currency', { computed: true, readonly: true }),
  payment_term_id: one('Payment Terms', 'account.payment.term', { computed: true }),
  user_id: one('Salesperson', 'res.users', { computed: true }),
  company_id: one('Company', 'res.company', { required: true, default: 1 }),
  note: { type: 'html', string: 'Terms and conditions', computed: true },
  order_line: lines('Order Lines', 'sale.order.line', 'order_id'),
  amount_untaxed: money('Untaxed Amount'),
  amount_tax: money('Taxes'),
  amount_total: money('Total'),
});

const orderLine = (version: Version): Fields => ({
  order_id: one('Order Reference', 'sale.order', { required: true }),
  sequence: { type: 'integer', string: 'Sequence', default: 10 },
  display_type: choice(
    'Display Type',
    [
      ['line_section', 'Section'],
      ['line_note', 'Note'],
    ],
    { default: false },
  ),
  product_id: one('Product', 'product.product'),
  name: text('Description', { required: true, computed: true }),
  product_uom_qty: number('Quantity', 2, { required: true, computed: true }),
  price_unit: number('Unit Price', version === 16 ? 2 : null, { required: true, computed: true }),
  technical_price_unit: number('Technical Unit Price', null),
  discount: number('Discount (%)', 2, { computed: true }),
  customer_lead: number('Lead Time', 2, { default: '0' }),
  currency_id: one('Currency', 'res.currency', { computed: true, readonly: true }),
  price_subtotal: money('Subtotal'),
  price_total: money('Total'),
});

/** A model that somebody made in Odoo's own screens: all that is made there bears names with `x_`. */
const machine: Fields = {
  x_name: char('Name', { required: true }),
  x_active: bool('Active', { default: true }),
  x_serial_number: char('Serial Number'),
  x_partner_id: one('Customer', 'res.partner'),
  x_commissioned_on: { type: 'date', string: 'Commissioned On' },
  x_power_kw: number('Power (kW)', 2),
  x_state: choice('State', [
    ['running', 'Running'],
    ['stopped', 'Stopped'],
    ['scrapped', 'Scrapped'],
  ]),
  x_under_warranty: bool('Under Warranty'),
};

const externalId: Fields = {
  module: char('Module', { required: true, default: '' }),
  name: char('External Identifier', { required: true }),
  model: char('Model Name', { required: true }),
  res_id: { type: 'integer', string: 'Record ID', default: 0 },
  noupdate: bool('Non Updatable', { default: false }),
};

const kinds = { char, number, one, choice };
const added = fieldsOfApps(kinds);

const model = (label: string, fields: Fields, order = 'id'): Model => ({
  label,
  order,
  fields: new Map(Object.entries({ ...magic, ...fields })),
});

/** The models of a version of Odoo. */
export function modelsOf(version: Version): ReadonlyMap<string, Model> {
  return new Map([
    ['res.partner', model('Contact', { ...partner(version), ...added['res.partner'] })],
    ['product.product', model('Product', { ...product(version), ...added['product.product'] })],
    [
      'sale.order',
      model('Sales Order', { ...order(version), ...added['sale.order'] }, 'date_order desc, id desc'),
    ],
    [
      'sale.order.line',
      model(
        'Sales Order Line',
        { ...orderLine(version), ...added['sale.order.line'] },
        'order_id, sequence, id',
      ),
    ],
    [
      'res.country',
      model(
        'Country',
        { name: char('Country Name', { required: true }), code: char('Country Code', { required: true }) },
        'name',
      ),
    ],
    [
      'res.country.state',
      model(
        'Country state',
        {
          name: char('State Name', { required: true }),
          code: char('State Code', { required: true }),
          country_id: one('Country', 'res.country', { required: true }),
        },
        'code',
      ),
    ],
    [
      'res.currency',
      model(
        'Currency',
        { name: char('Currency', { required: true }), symbol: char('Symbol', { required: true }), active },
        'active desc, name',
      ),
    ],
    [
      'res.company',
      model(
        'Companies',
        {
          name: char('Company Name', { required: true }),
          currency_id: one('Currency', 'res.currency', { required: true }),
        },
        'name',
      ),
    ],
    [
      'res.users',
      model(
        'User',
        {
          name: char('Name'),
          login: char('Login', { required: true }),
          partner_id: one('Related Partner', 'res.partner', { required: true }),
          active,
        },
        'name, login',
      ),
    ],
    [
      'account.payment.term',
      model('Payment Terms', { name: char('Payment Terms', { required: true }), active }, 'id'),
    ],
    [
      'ir.config_parameter',
      model(
        'System Parameter',
        { key: char('Key', { required: true }), value: text('Value', { required: true }) },
        'key',
      ),
    ],
    ...modelsOfApps(kinds, version).map(({ name, label, fields: own, order: by, app }): [string, Model] => [
      name,
      { ...model(label, own, by), app },
    ]),
    ['x_machine', model('Machine', machine, 'x_name')],
    ['ir.model.data', model('Model Data', externalId, 'module, model, name')],
    [
      'ir.sequence',
      model('Sequence', {
        code: char('Sequence Code'),
        number_next: { type: 'integer', string: 'Next Number', default: 1 },
      }),
    ],
  ]);
}
