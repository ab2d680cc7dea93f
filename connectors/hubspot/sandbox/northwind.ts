/** The Northwind company as a HubSpot account: customers, products, and orders as deals that are won. */
import { Decimal } from 'decimal.js';
import type { ObjectType } from './object-types.ts';
import { bothSides } from './associations.ts';
import { readCsv } from './csv.ts';
import { idOf } from './world.ts';
import type { Entry } from './world.ts';

type Line = { readonly [column: string]: string | null };
type Properties = { readonly [name: string]: string | null };

const dayMs = 86_400_000;
/** The import ran a month ago, a hundred records at a time: all of a batch share one stamp. */
const importedBefore = 30 * dayMs;
const batchSize = 100;
const betweenBatches = 700;

const file = (name: string) => new URL(`northwind/${name}.csv`, import.meta.url);

export function northwind(now: number): Entry[] {
  const customers = readCsv(file('customers'));
  const products = readCsv(file('products'));
  const orders = readCsv(file('orders'));
  const details = Map.groupBy(readCsv(file('order-details')), (detail) => detail['orderID'] ?? '');
  const add = importer(now - importedBefore);

  const companies = new Map(
    customers.map((customer) => [customer['customerID'], add('companies', company(customer))]),
  );
  for (const customer of customers) {
    const id = add('contacts', contact(customer));
    add.link('contacts', id, 'companies', companies.get(customer['customerID'])!, [1]);
  }
  const catalogue = new Map(
    products.map((product) => {
      const name = product['productName'] ?? '';
      return [product['productID'], { name, id: add('products', article(product)) }] as const;
    }),
  );
  for (const order of orders) {
    const lines = details.get(order['orderID'] ?? '') ?? [];
    const deal = add('deals', dealOf(order, lines));
    add.link('deals', deal, 'companies', companies.get(order['customerID'])!, [5]);
    for (const [position, line] of lines.entries()) {
      const item = add('line_items', lineItem(line, position, catalogue.get(line['productID'])!));
      add.link('line_items', item, 'deals', deal, []);
    }
  }
  return add.entries;
}

function importer(start: number) {
  const entries: Entry[] = [];
  const made: { [type: string]: number } = {};
  const add = (type: ObjectType, properties: Properties): string => {
    const count = made[type] ?? 0;
    made[type] = count + 1;
    const id = idOf(type, count);
    const at = start + Math.floor(count / batchSize) * betweenBatches;
    entries.push({ op: 'put', type, id, properties, at });
    return id;
  };
  const link = (
    from: ObjectType,
    id: string,
    to: ObjectType,
    toId: string,
    types: readonly number[],
  ): void => {
    entries.push({ op: 'link', from, id, to, toId, ...bothSides(from, to, types)! });
  };
  return Object.assign(add, { link, entries });
}

function company(customer: Line): Properties {
  return {
    name: customer['companyName']!,
    address: customer['address']!,
    city: customer['city']!,
    state: customer['region']!,
    zip: customer['postalCode']!,
    country: customer['country']!,
    phone: customer['phone']!,
    fax: customer['fax']!,
    northwind_id: customer['customerID']!,
  };
}

function contact(customer: Line): Properties {
  const [, first, last] = /^(\S+)\s*(.*)$/.exec(customer['contactName'] ?? '') ?? [];
  return {
    firstname: first ?? null,
    lastname: last || null,
    jobtitle: customer['contactTitle']!,
    phone: customer['phone']!,
  };
}

function article(product: Line): Properties {
  return {
    name: product['productName']!,
    hs_sku: product['productID']!,
    price: product['unitPrice']!,
    description: product['quantityPerUnit']!,
    discontinued: String(product['discontinued'] === '1'),
  };
}

function dealOf(order: Line, lines: readonly Line[]): Properties {
  const amount = lines.reduce((sum, line) => sum.plus(lineTotal(line)), new Decimal(0));
  return {
    dealname: `Order ${order['orderID']}`,
    dealstage: 'closedwon',
    pipeline: 'default',
    closedate: `${order['orderDate']?.slice(0, 10)}T00:00:00Z`,
    amount: amount.toFixed(2),
    northwind_order_id: order['orderID']!,
    required_date: order['requiredDate']?.slice(0, 10) ?? null,
    freight: order['freight']!,
  };
}

/** A line's total, rounded half away from zero to cents. */
function lineTotal(line: Line): Decimal {
  const part = new Decimal(1).minus(line['discount'] ?? 0);
  const total = new Decimal(line['unitPrice'] ?? 0).times(line['quantity'] ?? 0).times(part);
  return total.toDecimalPlaces(2, Decimal.ROUND_HALF_UP);
}

function lineItem(
  line: Line,
  position: number,
  product: { readonly name: string; readonly id: string },
): Properties {
  return {
    hs_product_id: product.id,
    name: product.name,
    hs_sku: line['productID']!,
    quantity: line['quantity']!,
    price: line['unitPrice']!,
    hs_discount_percentage: new Decimal(line['discount'] ?? 0).times(100).toFixed(),
    hs_position_on_quote: String(position),
  };
}
