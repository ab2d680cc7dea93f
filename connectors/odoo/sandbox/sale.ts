import { Decimal } from 'decimal.js';
import type { Environment } from './environment.ts';
import { type Row, type Stored, textOf } from './schema.ts';
import { missingError, userError } from './server-error.ts';
import { rounded } from './stored-value.ts';

type Values = { readonly [field: string]: Stored };

/** What Odoo fills in on a new order: the number, and what it takes over from the customer. */
export function orderDefaults(env: Environment, values: Values): Values {
  const partner = typeof values['partner_id'] === 'number' ? values['partner_id'] : false;
  const terms =
    partner === false
      ? false
      : (env.store.get('res.partner', partner)?.['property_payment_term_id'] ?? false);
  const named = values['name'] !== undefined && values['name'] !== 'New';
  return {
    partner_invoice_id: partner,
    partner_shipping_id: partner,
    payment_term_id: terms,
    currency_id: env.store.get('res.company', 1)?.['currency_id'] ?? false,
    amount_untaxed: '0',
    amount_tax: '0',
    amount_total: '0',
    ...values,
    ...(named ? {} : { name: nextNumber(env) }),
  };
}

function nextNumber(env: Environment): string {
  const sequence = env.store.get('ir.sequence', 1);
  const next = Number(sequence?.['number_next'] ?? 1);
  env.store.update('ir.sequence', 1, { number_next: next + 1 });
  return `S${String(next).padStart(5, '0')}`;
}

/** What Odoo computes on a new line unless it is given. */
export function lineDefaults(env: Environment, values: Values): Values {
  if (values['display_type']) return { product_uom_qty: '0', price_unit: '0', discount: '0', ...values };
  const product = productOf(env, values);
  const price = values['price_unit'] ?? priceOf(env, product);
  return {
    name: describeProduct(product),
    product_uom_qty: '1',
    discount: '0',
    currency_id: env.store.get('res.company', 1)?.['currency_id'] ?? false,
    ...values,
    price_unit: price,
    technical_price_unit: price,
  };
}

const describeProduct = (product: Row | null): Stored =>
  [textOf(product ?? {}, 'name'), textOf(product ?? {}, 'description_sale')].filter(Boolean).join('\n') ||
  false;

/**
 * What else changes when a line is written. A quantity or product without a price resets the price to the list
 * price; version 19 spares a price that was set by hand after the line was made.
 */
export function lineRewritten(env: Environment, before: Row, values: Values): Values {
  const moved =
    'product_uom_qty' in values || ('product_id' in values && values['product_id'] !== before['product_id']);
  if (!moved || 'price_unit' in values || before['display_type']) return values;
  const byHand = env.version === 19 && before['technical_price_unit'] !== before['price_unit'];
  if (byHand) return values;
  const price = priceOf(env, productOf(env, { ...before, ...values }));
  return { ...values, price_unit: price, technical_price_unit: price };
}

const productOf = (env: Environment, values: Values): Row | null => {
  const id = values['product_id'];
  return typeof id === 'number' ? (env.store.get('product.product', id) ?? null) : null;
};

const priceOf = (env: Environment, product: Row | null): string =>
  rounded(product?.['list_price'] ?? '0', env.version === 16 ? 2 : null);

const decimal = (row: Row, field: string): Decimal => new Decimal(String(row[field] || '0'));

const amountOf = (row: Row): Decimal =>
  decimal(row, 'product_uom_qty')
    .times(decimal(row, 'price_unit'))
    .times(new Decimal(100).minus(decimal(row, 'discount')))
    .div(100);

const cents = (amount: Decimal): Decimal => amount.toDecimalPlaces(2, Decimal.ROUND_HALF_UP);

/** Computes a line's subtotal, and marks its order. */
export function lineChanged(env: Environment, id: number): void {
  const row = env.store.get('sale.order.line', id) ?? {};
  const subtotal = cents(amountOf(row)).toFixed();
  env.store.update('sale.order.line', id, { price_subtotal: subtotal, price_total: subtotal });
  env.dueOrders.add(Number(row['order_id']));
}

/**
 * Computes the totals that are due. Version 16 as installed adds up the rounded lines; version 19 as installed
 * rounds the sum of the unrounded lines. No tax is applied.
 */
export function settleOrders(env: Environment): void {
  for (const id of env.dueOrders) {
    const order = env.store.get('sale.order', id);
    if (order === undefined) continue;
    const lines = env.store
      .pointingTo('sale.order.line', 'order_id', id)
      .map((line) => env.store.get('sale.order.line', line) ?? {});
    const amounts = lines.map((line) => (env.version === 16 ? cents(amountOf(line)) : amountOf(line)));
    const total = cents(amounts.reduce((sum, amount) => sum.plus(amount), new Decimal(0))).toFixed();
    if (order['amount_total'] === total) continue;
    env.store.update('sale.order', id, {
      amount_untaxed: total,
      amount_total: total,
      write_date: env.now,
      write_uid: env.user,
    });
  }
  env.dueOrders.clear();
}

/** Confirms orders; version 19 refuses one that is confirmed already. */
export function confirmOrders(env: Environment, ids: readonly number[]): true {
  for (const [id, order] of ordersOf(env, ids)) {
    if (order['state'] === 'sale' && env.version === 16) continue;
    if (order['state'] !== 'draft' && order['state'] !== 'sent')
      throw userError('Some orders are not in a state requiring confirmation.');
    env.store.update('sale.order', id, {
      state: 'sale',
      date_order: env.now.slice(0, 19),
      write_date: env.now,
      write_uid: env.user,
    });
  }
  return true;
}

/** Cancels orders. Version 16 answers with the mail dialogue of an order that is no draft, and cancels nothing. */
export function cancelOrders(env: Environment, ids: readonly number[]): unknown {
  const orders = ordersOf(env, ids);
  const asks =
    env.version === 16 &&
    env.context['disable_cancel_warning'] !== true &&
    orders.some(([, order]) => order['state'] !== 'draft');
  if (asks)
    return {
      type: 'ir.actions.act_window',
      res_model: 'sale.order.cancel',
      view_mode: 'form',
      target: 'new',
      name: 'Cancel Sales Order',
    };
  for (const [id] of orders)
    env.store.update('sale.order', id, { state: 'cancel', write_date: env.now, write_uid: env.user });
  return true;
}

const ordersOf = (env: Environment, ids: readonly number[]): [number, Row][] =>
  ids.map((id) => {
    const order = env.store.get('sale.order', id);
    if (order === undefined) throw missingError('sale.order', id);
    return [id, order];
  });

/** Only drafts and cancelled orders can be deleted; their lines go with them inside the database. */
export function checkOrderRemoval(order: Row): void {
  if (order['state'] === 'draft' || order['state'] === 'cancel') return;
  throw userError(
    'You can not delete a sent quotation or a confirmed sales order. You must first cancel it.',
  );
}

/** The lines of a confirmed order stay. */
export function checkLineRemoval(env: Environment, line: Row): void {
  const order = env.store.get('sale.order', Number(line['order_id']));
  if (order?.['state'] !== 'sale' && order?.['state'] !== 'done') return;
  throw userError(
    'You can not remove an order line once the sales order is confirmed.\nYou should rather set the quantity to 0.',
  );
}
