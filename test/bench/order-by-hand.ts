/** The order of the bench, written by hand. */
import { Decimal } from 'decimal.js';
import type { SourceRecord } from '../../src/connector/value.ts';
import type { Ending, Given } from '../../src/mapping/mapping.ts';
import { day, ended, type Fields, instant, link, missing, money, textOf, type Work } from './by-hand.ts';

export function orderByHand(record: SourceRecord, given: Given): Ending {
  if (record['stage'] !== 'won')
    return { kind: 'skipped', code: 'only_when', reason: 'does not meet `only_when`: stage == "won"' };
  const work: Work = { problems: [], waits: new Map(), given };
  const fields: Fields = {};

  const id = textOf(record['id']);
  if (id !== '') fields['client_order_ref'] = id;
  const company = record['company'] as SourceRecord | null | undefined;
  const companyId = textOf(company?.['id']);
  if (companyId === '') missing(work, 'partner_id', 'company.id');
  else fields['partner_id'] = link(work, 'accounts', companyId);
  const closed = textOf(record['closed_at']);
  if (closed !== '') fields['date_order'] = instant(work, 'date_order', 'closed_at', closed);
  const required = textOf(record['required_date']);
  if (required !== '') fields['commitment_date'] = day(work, 'commitment_date', 'required_date', required);
  if (id !== '') fields['origin'] = `CRM ${id}`;
  const freight = textOf(record['freight']).trim();
  if (freight !== '') fields['note'] = `Freight as agreed: ${freight}`;

  const items = record['items'];
  const rows = Array.isArray(items) ? lineRows(work, items as readonly SourceRecord[]) : null;
  return ended(work, () => ({
    kind: 'record',
    fields,
    lines: rows === null ? {} : { order_line: { removed: 'delete', rows } },
    createOnly: ['origin'],
    updateOnly: [],
  }));
}

function lineRows(work: Work, items: readonly SourceRecord[]): { key: string; fields: Fields }[] {
  const lines = new Map<string, SourceRecord>();
  for (const item of items) {
    const key = textOf(item['id']);
    if (lines.has(key)) {
      const message = `\`items\` has two lines whose \`id\` is ${JSON.stringify(key)}`;
      work.problems.push({ code: 'lines_unusable', field: 'order_line', message });
    } else lines.set(key, item);
  }
  return [...lines].map(([key, item]) => ({ key, fields: lineFields(work, key, item) }));
}

function lineFields(work: Work, key: string, item: SourceRecord): Fields {
  const fields: Fields = {};
  const at = `order_line[${key}].`;
  const product = textOf(item['product_id']);
  if (product === '') missing(work, `${at}product_id`, 'product_id');
  else fields['product_id'] = link(work, 'products', product);
  const name = textOf(item['name']);
  if (name !== '') fields['name'] = name;
  const quantity = textOf(item['quantity']);
  if (quantity === '') missing(work, `${at}product_uom_qty`, 'quantity');
  else
    fields['product_uom_qty'] = money(
      work,
      `${at}product_uom_qty`,
      'quantity',
      quantity,
      3,
      Decimal.ROUND_HALF_EVEN,
    );
  const price = textOf(item['price']);
  if (price === '') missing(work, `${at}price_unit`, 'price');
  else fields['price_unit'] = money(work, `${at}price_unit`, 'price', price, 2, Decimal.ROUND_HALF_UP);
  const discount = textOf(item['discount']) || '0';
  fields['discount'] = money(work, `${at}discount`, 'discount', discount, 2, Decimal.ROUND_HALF_EVEN);
  return fields;
}
