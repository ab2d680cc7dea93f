import { readFileSync } from 'node:fs';
import { Decimal } from 'decimal.js';
import type { World } from './processes.ts';

/** A small CSV reader of the test's own: it must not share a mistake with what it checks. */
function rows(name: string): Record<string, string>[] {
  const text = readFileSync(
    new URL(`../../connectors/hubspot/sandbox/northwind/${name}.csv`, import.meta.url),
    'utf8',
  );
  const table = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) =>
      [...line.trim().matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
        cell.replace(/^"|"$/g, '').replaceAll('""', '"'),
      ),
    );
  const [head = [], ...body] = table;
  return body.map((cells) => Object.fromEntries(head.map((key, index) => [key, cells[index] ?? ''])));
}

type Partner = {
  id: number;
  ref: string | false;
  name: string;
  is_company: boolean;
  parent_id: [number, string] | false;
  street: string | false;
  street2: string | false;
  zip: string | false;
  city: string | false;
  country_id: [number, string] | false;
};
type Order = {
  id: number;
  client_order_ref: string;
  origin: string;
  partner_id: [number, string];
  order_line: number[];
  amount_untaxed: number;
  amount_total: number;
  date_order: string;
};
type Line = {
  id: number;
  order_id: [number, string];
  product_id: [number, string];
  product_uom_qty: number;
  price_unit: number;
  discount: number;
  price_subtotal: number;
};
type Product = { id: number; default_code: string; name: string; list_price: number };
type Deal = { id: string; northwind_order_id: string; erp_order_number: string | null };
type Company = { id: string; northwind_id: string; erp_customer_number: string | null };

/** What the ERP holds, counted and compared with the CSV files; every difference in words. */
export type Verdict = {
  readonly companies: number;
  readonly contacts: number;
  readonly products: number;
  readonly orders: number;
  readonly lines: number;
  readonly total: string;
  readonly differences: readonly string[];
};

export type Expectation = {
  readonly rounding: 'by_line' | 'globally';
  /** Orders that the ERP refused, by Northwind number: they must be missing, and nothing else. */
  readonly missingOrders?: ReadonlySet<string>;
};

const cents = (amount: Decimal): Decimal => amount.toDecimalPlaces(2, Decimal.ROUND_HALF_UP);

/** Judges from the systems' own tables and the CSV files alone. */
export async function judge(world: World, expectation: Expectation): Promise<Verdict> {
  const partners = await world.truth<Partner>('erp', 'res.partner');
  const orders = await world.truth<Order>('erp', 'sale.order');
  const lines = await world.truth<Line>('erp', 'sale.order.line');
  const products = await world.truth<Product>('erp', 'product.product');
  const deals = await world.truth<Deal>('crm', 'deals');
  const companies = await world.truth<Company>('crm', 'companies');
  const differences: string[] = [];
  const differ = (what: string, found: unknown, expected: unknown): void => {
    if (String(found) !== String(expected))
      differences.push(`${what}: ${String(found)}, expected ${String(expected)}`);
  };
  const empty = (text: string | undefined): string | false =>
    text === undefined || text === '' ? false : text;

  for (const customer of rows('customers')) {
    const found = partners.filter((partner) => partner.ref === customer['customerID']);
    differ(`partners for ${customer['customerID']}`, found.length, 1);
    const [partner] = found;
    if (partner === undefined) continue;
    differ(`${partner.ref} name`, partner.name, customer['companyName']);
    differ(`${partner.ref} street`, partner.street, empty(customer['address']));
    differ(`${partner.ref} region`, partner.street2, empty(customer['region']));
    differ(`${partner.ref} zip`, partner.zip, empty(customer['postalCode']));
    differ(`${partner.ref} city`, partner.city, empty(customer['city']));
    const people = partners.filter(
      (person) => person.parent_id !== false && person.parent_id[0] === partner.id,
    );
    differ(`${partner.ref} contacts`, people.map(({ name }) => name).join(), customer['contactName']);
    const company = companies.find(({ northwind_id }) => northwind_id === customer['customerID']);
    differ(`${partner.ref} number in the CRM`, company?.erp_customer_number, partner.id);
  }

  const productIds = new Map(products.map((product) => [product.default_code, product.id]));
  const details = Map.groupBy(rows('order-details'), (detail) => detail['orderID'] ?? '');
  const partnerByRef = new Map(partners.map((partner) => [partner.ref, partner.id]));
  let total = new Decimal(0);
  for (const order of rows('orders')) {
    const number = order['orderID'] ?? '';
    const deal = deals.find(({ northwind_order_id }) => northwind_order_id === number);
    const found = orders.filter(({ client_order_ref }) => client_order_ref === deal?.id);
    const expected = expectation.missingOrders?.has(number) ? 0 : 1;
    differ(`orders for ${number}`, found.length, expected);
    const [erp] = found;
    if (erp === undefined) continue;
    differ(`${number} customer`, erp.partner_id[0], partnerByRef.get(order['customerID'] ?? ''));
    differ(`${number} date`, erp.date_order, order['orderDate']?.slice(0, 19));
    const own = lines.filter(({ order_id }) => order_id[0] === erp.id);
    let sum = new Decimal(0);
    for (const detail of details.get(number) ?? []) {
      const exact = new Decimal(detail['unitPrice'] ?? 0)
        .mul(detail['quantity'] ?? 0)
        .mul(new Decimal(1).minus(detail['discount'] ?? 0));
      const matching = own.filter((line) => line.product_id[0] === productIds.get(detail['productID'] ?? ''));
      differ(`${number} lines of product ${detail['productID']}`, matching.length, 1);
      differ(
        `${number} product ${detail['productID']} subtotal`,
        new Decimal(matching[0]?.price_subtotal ?? 0),
        cents(exact),
      );
      sum = sum.plus(expectation.rounding === 'by_line' ? cents(exact) : exact);
    }
    differ(`${number} lines`, own.length, details.get(number)?.length);
    differ(`${number} total`, new Decimal(erp.amount_untaxed), cents(sum));
    total = total.plus(erp.amount_untaxed);
  }
  return {
    companies: partners.filter((partner) => partner.is_company).length,
    contacts: partners.filter((partner) => !partner.is_company).length,
    products: products.length,
    orders: orders.length,
    lines: lines.length,
    total: total.toFixed(2),
    differences,
  };
}
