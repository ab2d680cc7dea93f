/** The twenty fields of the bench, written by hand. */
import { Decimal } from 'decimal.js';
import countries from 'i18n-iso-countries';
import { DateTime } from 'luxon';
import type { SourceRecord } from '../../src/connector/value.ts';
import type { Ending, Given } from '../../src/mapping/mapping.ts';
import {
  day,
  ended,
  type Fields,
  instant,
  link,
  missing,
  money,
  notDate,
  number,
  textOf,
  type Work,
  wrong,
} from './by-hand.ts';

const countryCodes = new Map<string, string>([['uk', 'GB']]);
for (const [code, names] of Object.entries(countries.getNames('en', { select: 'all' })))
  for (const name of names) countryCodes.set(name.toLowerCase(), code);
for (const [two, three] of Object.entries(countries.getAlpha2Codes())) {
  countryCodes.set(two.toLowerCase(), two);
  countryCodes.set(three.toLowerCase(), two);
}
const currencies = new Map([
  ['EUR', 'EUR'],
  ['Euro', 'EUR'],
  ['USD', 'USD'],
  ['Dollar', 'USD'],
  ['GBP', 'GBP'],
]);
const terms = new Map([
  ['at once', 'IMMEDIATE'],
  ['two weeks', 'NET14'],
  ['a month', 'NET30'],
]);

export function accountByHand(record: SourceRecord, given: Given): Ending {
  const work: Work = { problems: [], waits: new Map(), given };
  const fields: Fields = {};
  fillAddress(work, fields, record);
  fillMoney(work, fields, record);
  fillDates(work, fields, record);
  fillCodes(work, fields, record);
  return ended(work, () => ({ kind: 'record', fields, lines: {}, createOnly: [], updateOnly: [] }));
}

function fillAddress(work: Work, fields: Fields, record: SourceRecord): void {
  const name = textOf(record['name']);
  if (name === '') missing(work, 'name', 'name');
  else if (name.length > 64 && Array.from(name).length > 64)
    wrong(
      work,
      'value_too_long',
      'name',
      'name',
      name,
      `has ${Array.from(name).length} characters; the field holds 64`,
    );
  else fields['name'] = name;
  const ref = textOf(record['legacy_number']) || textOf(record['id']);
  if (ref !== '') fields['ref'] = ref;
  fields['is_company'] = true;
  const street = textOf(record['address']);
  if (street !== '') fields['street'] = street;
  const street2 = textOf(record['state']);
  if (street2 !== '') fields['street2'] = street2;
  const city = textOf(record['city']);
  if (city !== '') fields['city'] = city;
  const zip = textOf(record['zip']);
  if (zip !== '') fields['zip'] = zip.length > 8 ? Array.from(zip).slice(0, 8).join('').trimEnd() : zip;
  const country = textOf(record['country']);
  if (country !== '') {
    const code = countryCodes.get(country.trim().toLowerCase());
    if (code !== undefined) fields['country_id'] = code;
    else
      wrong(
        work,
        'value_not_country',
        'country_id',
        'country',
        country,
        'is not a country that is known by this name or code',
      );
  }
  const parent = record['parent'] as SourceRecord | null | undefined;
  const parentId = textOf(parent?.['id']);
  if (parentId !== '') fields['parent_id'] = link(work, 'accounts', parentId);
}

function fillMoney(work: Work, fields: Fields, record: SourceRecord): void {
  const limit = textOf(record['credit_limit']) || '0';
  fields['credit_limit'] = money(work, 'credit_limit', 'credit_limit', limit, 2, Decimal.ROUND_HALF_UP);
  const revenue = textOf(record['annualrevenue']);
  if (revenue !== '')
    fields['revenue'] = money(work, 'revenue', 'annualrevenue', revenue, 2, Decimal.ROUND_HALF_EVEN);
  const discount = textOf(record['discount']);
  if (discount !== '')
    fields['discount'] = money(work, 'discount', 'discount', discount, 3, Decimal.ROUND_HALF_EVEN);
  const employees = textOf(record['numberofemployees']);
  if (employees !== '') {
    if (number.test(employees.trim()) && new Decimal(employees.trim()).isInteger())
      fields['employees'] = new Decimal(employees.trim()).toFixed(0);
    else
      wrong(work, 'value_not_integer', 'employees', 'numberofemployees', employees, 'is not a whole number');
  }
}

function fillDates(work: Work, fields: Fields, record: SourceRecord): void {
  const since = textOf(record['became_customer_at']);
  if (since !== '') {
    const date = DateTime.fromISO(since, { zone: 'Europe/Paris' });
    if (date.isValid) fields['customer_since'] = date.toISODate();
    else notDate(work, 'customer_since', 'became_customer_at', since);
  }
  const end = textOf(record['contract_end']);
  if (end !== '') fields['contract_end'] = day(work, 'contract_end', 'contract_end', end);
  const last = textOf(record['last_order_at']);
  if (last !== '') fields['last_order'] = instant(work, 'last_order', 'last_order_at', last);
}

function fillCodes(work: Work, fields: Fields, record: SourceRecord): void {
  const currency = textOf(record['currency']);
  if (currency !== '') {
    const code = currencies.get(currency);
    if (code !== undefined) fields['currency_id'] = code;
    else
      wrong(
        work,
        'value_not_mapped',
        'currency_id',
        'currency',
        currency,
        'the value map `currencies` does not have',
      );
  }
  const term = textOf(record['terms']);
  if (term === '') fields['payment_term'] = 'NET30';
  else if (terms.has(term)) fields['payment_term'] = terms.get(term) ?? null;
  else wrong(work, 'value_not_mapped', 'payment_term', 'terms', term, 'the value map `terms` does not have');
  const contact = textOf(record['contact']).trim();
  const fax = textOf(record['fax']).trim();
  if (contact !== '' || fax !== '') fields['comment'] = `${contact}, fax ${fax}`.trim();
  if (record['kind'] === 'shop') fields['type'] = 'delivery';
  else {
    const employees = textOf(record['numberofemployees']);
    fields['type'] = employees !== '' && Number(employees) > 250 ? 'key_account' : 'other';
  }
}
