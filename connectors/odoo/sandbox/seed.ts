import countries from 'i18n-iso-countries';
import type { Store } from './store.ts';
import type { Row } from './schema.ts';

const stamp = '2026-01-01 00:00:00.000000';

const currencies: readonly (readonly [code: string, symbol: string, active: boolean])[] = [
  ['EUR', '€', true],
  ['USD', '$', true],
  ['GBP', '£', true],
  ['CHF', 'CHF', true],
  ['SEK', 'kr', false],
  ['NOK', 'kr', false],
  ['DKK', 'kr', false],
  ['PLN', 'zł', false],
  ['CZK', 'Kč', false],
  ['JPY', '¥', false],
  ['CAD', '$', false],
  ['AUD', '$', false],
  ['CNY', '¥', false],
  ['INR', '₹', false],
  ['BRL', 'R$', false],
  ['MXN', '$', false],
  ['ZAR', 'R', false],
  ['TRY', '₺', false],
];

const terms: readonly (readonly [externalId: string, name: string])[] = [
  ['account_payment_term_immediate', 'Immediate Payment'],
  ['account_payment_term_15days', '15 Days'],
  ['account_payment_term_21days', '21 Days'],
  ['account_payment_term_30days', '30 Days'],
  ['account_payment_term_45days', '45 Days'],
  ['account_payment_term_end_following_month', 'End of Following Month'],
];

/**
 * What a fresh Odoo with the sales app holds before anybody works with it; the same each time. Without `ownPartners`
 * every partner is one that was carried.
 */
export function seedDatabase(store: Store, ownPartners: boolean): void {
  const insert = (model: string, row: Row): number =>
    store.insert(model, { ...row, create_date: stamp, create_uid: 1, write_date: stamp, write_uid: 1 });
  const named = (externalId: string, model: string, row: Row): number => {
    const id = insert(model, row);
    const [module = '', name = ''] = externalId.split('.');
    insert('ir.model.data', { module, name, model, res_id: id, noupdate: true });
    return id;
  };
  for (const [code, name] of Object.entries(countries.getNames('en')).sort(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    named(`base.${code.toLowerCase()}`, 'res.country', { name, code });
  }
  const usa = [...store.rows('res.country')].find(([, row]) => row['code'] === 'US')?.[0] ?? 0;
  named('base.state_us_5', 'res.country.state', {
    name: 'California',
    code: 'CA',
    country_id: usa,
  });
  named('base.state_us_27', 'res.country.state', {
    name: 'New York',
    code: 'NY',
    country_id: usa,
  });
  for (const [code, symbol, active] of currencies)
    named(`base.${code}`, 'res.currency', { name: code, symbol, active });
  const euro = 1;
  for (const [name, label] of terms)
    named(`account.${name}`, 'account.payment.term', { name: label, active: true });
  named('base.main_company', 'res.company', { name: 'My Company', currency_id: euro });
  if (ownPartners) seedPartners(named);
  named('base.user_root', 'res.users', { name: 'OdooBot', login: '__system__', active: false });
  named('base.user_admin', 'res.users', {
    name: 'Mitchell Admin',
    login: 'admin',
    ...(ownPartners ? { partner_id: 2 } : {}),
    active: true,
  });
  named('base.user_demo', 'res.users', { name: 'Marc Demo', login: 'demo', active: true });
  insert('ir.config_parameter', { key: 'database.uuid', value: '5f7c1a52-0d5e-11f1-9f3a-0242ac120002' });
  seedStock(named);
  insert('ir.sequence', { code: 'sale.order', number_next: 1 });
}

/** The warehouse that Odoo makes with the stock app. */
function seedStock(named: (externalId: string, model: string, row: Row) => number): void {
  const location = (externalId: string, row: Row): number =>
    named(`stock.${externalId}`, 'stock.location', row);
  const warehouse = named('stock.warehouse0', 'stock.warehouse', { name: 'My Company', code: 'WH' });
  location('stock_location_stock', {
    name: 'Stock',
    complete_name: 'WH/Stock',
    usage: 'internal',
    warehouse_id: warehouse,
  });
  location('stock_location_customers', {
    name: 'Customers',
    complete_name: 'Partners/Customers',
    usage: 'customer',
  });
}

function seedPartners(named: (externalId: string, model: string, row: Row) => number): void {
  const partner = {
    active: true,
    type: 'contact',
    lang: 'en_US',
    is_company: false,
    customer_rank: 0,
    credit_limit: '0',
  };
  named('base.main_partner', 'res.partner', {
    ...partner,
    name: 'My Company',
    is_company: true,
    commercial_partner_id: 1,
  });
  named('base.partner_admin', 'res.partner', {
    ...partner,
    name: 'Mitchell Admin',
    parent_id: 1,
    commercial_partner_id: 1,
  });
}
