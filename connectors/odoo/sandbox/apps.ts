/** What the apps for invoices and stock add to Odoo, as far as somebody asks for it. */
import { Decimal } from 'decimal.js';
import type { Environment } from './environment.ts';
import type { Field, Model, Row, Stored, Version } from './schema.ts';

/** An app that may not be installed, or of which the user of the connection sees nothing. */
export type App = 'account' | 'stock';
export const apps = ['account', 'stock'] as const;

type Fields = { readonly [name: string]: Field };
type Answered = NonNullable<Field['answered']>;

const decimal = (row: Row | undefined, field: string): Decimal => new Decimal(String(row?.[field] || '0'));

/** Rows of a model of which a field names a record. */
function* naming(env: Environment, model: string, field: string, id: number): Generator<Row> {
  for (const [, row] of env.store.rows(model)) if (row[field] === id) yield row;
}

const sum = (rows: Iterable<Row>, of: (row: Row) => Decimal): string => {
  let total = new Decimal(0);
  for (const row of rows) total = total.plus(of(row));
  return total.toFixed();
};

/** What a commercial entity owes: what is left of its posted invoices, less what is left of its refunds. */
const totalReceivable: Answered = (env, id) =>
  sum(naming(env, 'account.move', 'commercial_partner_id', id), (move) => {
    if (move['state'] !== 'posted') return new Decimal(0);
    const left = decimal(move, 'amount_residual');
    return move['move_type'] === 'out_invoice'
      ? left
      : move['move_type'] === 'out_refund'
        ? left.negated()
        : new Decimal(0);
  });

const isInternal = (env: Environment, quant: Row): boolean =>
  env.store.get('stock.location', Number(quant['location_id']))?.['usage'] === 'internal';

const inStock =
  (of: (quant: Row) => Decimal): Answered =>
  (env, id) =>
    sum(naming(env, 'stock.quant', 'product_id', id), (quant) =>
      isInternal(env, quant) ? of(quant) : new Decimal(0),
    );

const unreserved = (quant: Row): Decimal =>
  decimal(quant, 'quantity').minus(decimal(quant, 'reserved_quantity'));

const warehouseOf: Answered = (env, _id, quant) =>
  env.store.get('stock.location', Number(quant['location_id']))?.['warehouse_id'] ?? false;

/** `to invoice` as soon as an order is confirmed: products are invoiced as they were ordered. */
const invoiceStatus: Answered = (_env, _id, order) => (order['state'] === 'sale' ? 'to invoice' : 'no');

type Kinds = {
  readonly char: (string: string, more?: Partial<Field>) => Field;
  readonly number: (string: string, decimals: number | null, more?: Partial<Field>) => Field;
  readonly one: (string: string, relation: string, more?: Partial<Field>) => Field;
  readonly choice: (
    string: string,
    selection: readonly (readonly [string, string])[],
    more?: Partial<Field>,
  ) => Field;
};

const computed = { computed: true, readonly: true } as const;
const money = (string: string, more: Partial<Field> = {}): Field => ({
  type: 'monetary',
  string,
  decimals: 2,
  ...more,
});

/** The fields that apps add to models of others; in Odoo only invoicing users are shown those of customers. */
export function fieldsOfApps({ number, one, choice }: Kinds): { readonly [model: string]: Fields } {
  return {
    'res.partner': {
      // The default is what the company's settings say.
      credit_limit: number('Credit Limit', 2, {
        companyDependent: true,
        default: '5000',
        app: 'account',
      }),
      credit: money('Total Receivable', { ...computed, app: 'account', answered: totalReceivable }),
      currency_id: one('Currency', 'res.currency', {
        ...computed,
        app: 'account',
        answered: (env) => env.store.get('res.company', 1)?.['currency_id'] ?? false,
      }),
    },
    'product.product': {
      qty_available: number('Quantity On Hand', 2, {
        ...computed,
        app: 'stock',
        answered: inStock((quant) => decimal(quant, 'quantity')),
      }),
      free_qty: number('Free To Use Quantity', 2, {
        ...computed,
        app: 'stock',
        answered: inStock(unreserved),
      }),
    },
    'sale.order': {
      invoice_status: choice(
        'Invoice Status',
        [
          ['upselling', 'Upselling Opportunity'],
          ['invoiced', 'Fully Invoiced'],
          ['to invoice', 'To Invoice'],
          ['no', 'Nothing to Invoice'],
        ],
        { ...computed, answered: invoiceStatus },
      ),
      delivery_status: choice(
        'Delivery Status',
        [
          ['pending', 'Not Delivered'],
          ['started', 'Started'],
          ['partial', 'Partially Delivered'],
          ['full', 'Fully Delivered'],
        ],
        { ...computed, app: 'stock' },
      ),
    },
    'sale.order.line': {
      qty_delivered: number('Delivery Quantity', 2, { computed: true, default: '0' }),
      qty_invoiced: number('Invoiced Quantity', 2, { ...computed, default: '0' }),
    },
  };
}

/** The models of the apps, each with its label, its order, and the app that it belongs to. */
export function modelsOfApps(
  kinds: Kinds,
  version: Version,
): readonly {
  readonly name: string;
  readonly label: string;
  readonly app: App;
  readonly order: string;
  readonly fields: Fields;
}[] {
  return [
    {
      name: 'account.move',
      label: 'Journal Entry',
      app: 'account',
      order: 'date desc, name desc, id desc',
      fields: invoice(kinds, version),
    },
    { name: 'stock.warehouse', label: 'Warehouse', app: 'stock', order: 'id', fields: warehouse(kinds) },
    {
      name: 'stock.location',
      label: 'Inventory Locations',
      app: 'stock',
      order: 'complete_name, id',
      fields: location(kinds),
    },
    { name: 'stock.quant', label: 'Quants', app: 'stock', order: 'id', fields: quant(kinds) },
    { name: 'stock.picking', label: 'Transfer', app: 'stock', order: 'id desc', fields: picking(kinds) },
  ];
}

function invoice({ char, one, choice }: Kinds, version: Version): Fields {
  return {
    name: char('Number', { default: '/' }),
    date: { type: 'date', string: 'Date' },
    move_type: choice(
      'Type',
      [
        ['entry', 'Journal Entry'],
        ['out_invoice', 'Customer Invoice'],
        ['out_refund', 'Customer Credit Note'],
        ['in_invoice', 'Vendor Bill'],
        ['in_refund', 'Vendor Credit Note'],
      ],
      { default: 'out_invoice', required: true },
    ),
    state: choice(
      'Status',
      [
        ['draft', 'Draft'],
        ['posted', 'Posted'],
        ['cancel', 'Cancelled'],
      ],
      { default: 'draft', required: true },
    ),
    payment_state: choice(
      'Payment Status',
      [
        ['not_paid', 'Not Paid'],
        ['in_payment', 'In Payment'],
        ['paid', 'Paid'],
        ['partial', 'Partially Paid'],
        ['reversed', 'Reversed'],
        ...(version === 19 ? [['blocked', 'Blocked'] as const] : []),
        ['invoicing_legacy', 'Invoicing App Legacy'],
      ],
      { default: 'not_paid' },
    ),
    partner_id: one('Partner', 'res.partner'),
    commercial_partner_id: one('Commercial Entity', 'res.partner', computed),
    invoice_date: { type: 'date', string: 'Invoice/Bill Date' },
    invoice_date_due: { type: 'date', string: 'Due Date' },
    currency_id: one('Currency', 'res.currency', { computed: true, default: 1 }),
    amount_total: money('Total', { default: '0' }),
    amount_residual: money('Amount Due', computed),
  };
}

const warehouse = ({ char, one }: Kinds): Fields => ({
  name: char('Warehouse', { required: true }),
  code: char('Short Name', { required: true }),
  lot_stock_id: one('Location Stock', 'stock.location'),
});

const location = ({ char, one, choice }: Kinds): Fields => ({
  name: char('Location Name', { required: true }),
  complete_name: char('Full Location Name', { computed: true }),
  usage: choice(
    'Location Type',
    [
      ['supplier', 'Vendor Location'],
      ['view', 'View'],
      ['internal', 'Internal Location'],
      ['customer', 'Customer Location'],
      ['inventory', 'Inventory Loss'],
      ['production', 'Production'],
      ['transit', 'Transit Location'],
    ],
    { default: 'internal', required: true },
  ),
  warehouse_id: one('Warehouse', 'stock.warehouse'),
});

const quant = ({ number, one }: Kinds): Fields => ({
  product_id: one('Product', 'product.product', { required: true }),
  location_id: one('Location', 'stock.location', { required: true }),
  warehouse_id: one('Warehouse', 'stock.warehouse', { ...computed, answered: warehouseOf }),
  quantity: number('Quantity', 2, { default: '0' }),
  reserved_quantity: number('Reserved Quantity', 2, { default: '0' }),
  available_quantity: number('Available Quantity', 2, {
    ...computed,
    answered: (_env, _id, row) => unreserved(row).toFixed(),
  }),
});

const picking = ({ char, one, choice }: Kinds): Fields => ({
  name: char('Reference', { default: '/' }),
  origin: char('Source Document'),
  sale_id: one('Sales Order', 'sale.order'),
  partner_id: one('Contact', 'res.partner'),
  state: choice(
    'Status',
    [
      ['draft', 'Draft'],
      ['waiting', 'Waiting Another Operation'],
      ['confirmed', 'Waiting'],
      ['assigned', 'Ready'],
      ['done', 'Done'],
      ['cancel', 'Cancelled'],
    ],
    { default: 'draft', readonly: true },
  ),
  scheduled_date: { type: 'datetime', string: 'Scheduled Date' },
  date_done: { type: 'datetime', string: 'Date of Transfer' },
});

/** The models as an Odoo without some apps has them. */
export function withoutApps(
  models: ReadonlyMap<string, Model>,
  without: readonly App[],
): ReadonlyMap<string, Model> {
  if (without.length === 0) return models;
  const gone = (app: App | undefined): boolean => app !== undefined && without.includes(app);
  const left = [...models].filter(([, { app }]) => !gone(app));
  return new Map(
    left.map(([name, model]) => [
      name,
      { ...model, fields: new Map([...model.fields].filter(([, { app }]) => !gone(app))) },
    ]),
  );
}

/** What Odoo fills in on an invoice: the commercial entity, and what is left to be paid. */
export function invoiceCompleted(
  env: Environment,
  before: Row,
  values: { readonly [field: string]: Stored },
): { readonly [field: string]: Stored } {
  const row = { ...before, ...values };
  const partner = env.store.get('res.partner', Number(row['partner_id'] || 0));
  const residual =
    row['amount_residual'] === undefined || row['amount_residual'] === false
      ? (row['amount_total'] ?? '0')
      : row['amount_residual'];
  const left = row['payment_state'] === 'paid' ? '0' : residual;
  return {
    ...values,
    commercial_partner_id: partner?.['commercial_partner_id'] ?? row['partner_id'] ?? false,
    amount_residual: left,
    date: row['date'] || row['invoice_date'] || env.now.slice(0, 10),
  };
}
