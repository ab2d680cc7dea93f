import { Decimal } from 'decimal.js';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../../connectors/hubspot/sandbox/csv.ts';
import { bench } from './bench.ts';

describe('Northwind as a HubSpot account', () => {
  it('has every customer, product, order and line, and the exact sum of the orders', async () => {
    const own = await bench({ seed: 'northwind' });
    const count = async (entity: string) => (await own.all(entity)).length;
    expect(await count('companies')).toBe(91);
    expect(await count('contacts')).toBe(91);
    expect(await count('products')).toBe(77);
    expect(await count('line_items')).toBe(2155);
    const deals = await own.all('deals');
    expect(deals).toHaveLength(830);
    const sum = deals.reduce((total, deal) => total.plus(deal['amount'] ?? 0), new Decimal(0));
    expect(sum.toFixed()).toBe('1265793.29');
  });

  it('holds the records as HubSpot would, and leaves empty fields empty', async () => {
    const own = await bench({ seed: 'northwind' });
    const named = async (entity: string, field: string, value: string) =>
      (await own.all(entity)).find((record) => record[field] === value)!;
    const company = await named('companies', 'northwind_id', 'ALFKI');
    expect(company).toMatchObject({
      name: 'Alfreds Futterkiste',
      country: 'Germany',
      state: null,
      fax: '030-0076545',
    });
    expect(await named('contacts', 'company', company.id)).toMatchObject({
      firstname: 'Maria',
      lastname: 'Anders',
      email: null,
    });
    expect(await named('companies', 'northwind_id', 'GREAL')).toMatchObject({ state: 'OR' });
    const product = await named('products', 'hs_sku', '11');
    expect(product).toMatchObject({
      name: 'Queso Cabrales',
      price: '21.00',
      description: '1 kg pkg.',
      discontinued: 'false',
    });
    const deal = await named('deals', 'northwind_order_id', '10250');
    expect(deal).toMatchObject({
      dealname: 'Order 10250',
      dealstage: 'closedwon',
      pipeline: 'default',
      closedate: '1996-07-08T00:00:00Z',
      required_date: '1996-08-05',
      freight: '65.83',
      amount: '1552.60',
    });
    const lines = (await own.all('line_items')).filter((line) => line['deal'] === deal.id);
    expect(
      lines.map((line) => [line['hs_sku'], line['quantity'], line['price'], line['hs_discount_percentage']]),
    ).toEqual([
      ['41', '10', '7.70', '0'],
      ['51', '35', '42.40', '15'],
      ['65', '15', '16.80', '15'],
    ]);
    const ids = new Set((await own.all('products')).map(({ id }) => id));
    for (const line of lines) expect(ids).toContain(line['hs_product_id']);
  });

  it('was imported in batches, a hundred records to the millisecond, in the past', async () => {
    const own = await bench({ seed: 'northwind' });
    const deals = await own.all('deals');
    const stamps = deals.map((deal) => deal['hs_lastmodifieddate']!);
    expect(new Set(stamps).size).toBe(9);
    expect(stamps.every((stamp) => Date.parse(stamp) < own.clock.now().getTime())).toBe(true);
  });
});

describe('the CSV reader', () => {
  it('reads quotes, commas and line breaks inside them, and both line ends', () => {
    expect(parseCsv('a,b\r\n"1, ""x""","two\nlines"\n,\n')).toEqual([
      ['a', 'b'],
      ['1, "x"', 'two\nlines'],
      ['', ''],
    ]);
  });
});
