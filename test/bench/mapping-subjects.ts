/** What the mapping bench maps: the mappings as an admin writes them, and the records that go through them. */
import type { SourceRecord } from '../../src/connector/value.ts';
import { type CompiledMapping } from '../../src/mapping/compile.ts';
import type { Given } from '../../src/mapping/mapping.ts';
import { readMappings } from '../../src/mapping/read.ts';

const valueMaps = `value_maps:
  currencies: { EUR: EUR, Euro: EUR, USD: USD, Dollar: USD, GBP: GBP }
  terms: { at once: IMMEDIATE, two weeks: NET14, a month: NET30 }
`;

/** Twenty fields, with the sources that most rules have. One of them needs two expressions: \`choose\`. */
const plain = `fields:
  name: { from: name, required: true, max: 64 }
  ref: { from: [legacy_number, id] }
  is_company: { value: 'true', as: boolean }
  street: { from: address }
  street2: { from: state }
  city: { from: city }
  zip: { from: zip, max: 8, too_long: cut }
  country_id: { from: country, as: country }
  parent_id: { reference: accounts, from: parent.id }
  credit_limit: { from: credit_limit, as: decimal, scale: 2, rounding: half_up, default: '0' }
  revenue: { from: annualrevenue, as: decimal, scale: 2 }
  discount: { from: discount, as: decimal, scale: 3 }
  employees: { from: numberofemployees, as: integer }
  customer_since: { from: became_customer_at, as: date, timezone: Europe/Paris }
  contract_end: { from: contract_end, as: date }
  last_order: { from: last_order_at, as: datetime }
  currency_id: { from: currency, map: currencies }
  payment_term: { from: terms, map: terms, default: NET30 }
  comment: { template: '{contact}, fax {fax}' }
  type:
    choose:
      - { when: kind == "shop", value: delivery }
      - { when: numberofemployees != null && numberofemployees > 250, value: key_account }
    else: { value: other }
${valueMaps}`;

/** The same twenty fields with the same result, and an expression in each of them. */
const expressions = `fields:
  name: { expr: name, required: true, max: 64 }
  ref: { expr: 'legacy_number != null && legacy_number != "" ? legacy_number : id' }
  is_company: { expr: 'true', as: boolean }
  street: { expr: address }
  street2: { expr: state }
  city: { expr: city }
  zip: { expr: zip, max: 8, too_long: cut }
  country_id: { expr: country, as: country }
  parent_id: { reference: accounts, from: parent.id }
  credit_limit: { expr: credit_limit, as: decimal, scale: 2, rounding: half_up, default: '0' }
  revenue: { expr: annualrevenue, as: decimal, scale: 2 }
  discount: { expr: discount, as: decimal, scale: 3 }
  employees: { expr: numberofemployees, as: integer }
  customer_since: { expr: became_customer_at, as: date, timezone: Europe/Paris }
  contract_end: { expr: contract_end, as: date }
  last_order: { expr: last_order_at, as: datetime }
  currency_id: { expr: currency, map: currencies }
  payment_term: { expr: terms, map: terms, default: NET30 }
  comment: { expr: 'has(contact) && has(fax) ? contact + ", fax " + fax : has(contact) ? contact + ", fax" : has(fax) ? ", fax " + fax : ""' }
  type: { expr: 'kind == "shop" ? "delivery" : numberofemployees != null && numberofemployees > 250 ? "key_account" : "other"' }
${valueMaps}`;

const order = `only_when: stage == "won"
fields:
  client_order_ref: { from: id }
  partner_id: { reference: accounts, from: company.id, required: true }
  date_order: { from: closed_at, as: datetime }
  commitment_date: { from: required_date, as: date }
  origin: { template: 'CRM {id}', write_on: create }
  note: { template: 'Freight as agreed: {freight}' }
lines:
  order_line:
    for_each: items
    key: id
    removed_lines: delete
    fields:
      product_id: { reference: products, from: product_id, required: true }
      name: { from: name }
      product_uom_qty: { from: quantity, as: decimal, scale: 3, required: true }
      price_unit: { from: price, as: decimal, scale: 2, rounding: half_up, required: true }
      discount: { from: discount, as: decimal, scale: 2, default: '0' }
`;

const file = (flow: string, rest: string) => ({
  path: `mappings/${flow}.yaml`,
  text: `flow: ${flow}\nread: { from: crm, entity: things, with: [parent, company, items] }\nwrite: { to: erp, entity: ${flow} }\n${rest}`,
});
const other = 'fields: { name: { from: name } }\n';

function compiled(): ReadonlyMap<string, CompiledMapping> {
  const files = [
    file('accounts', other),
    file('products', other),
    file('plain', plain),
    file('expressions', expressions),
    file('order', order),
  ];
  const { mappings, problems } = readMappings(files, []);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  return new Map(mappings.map((mapping) => [mapping.flow, mapping]));
}

const all = compiled();

/** One of `plain`, `expressions` and `order`. */
export function mappingOf(flow: string): CompiledMapping {
  const mapping = all.get(flow);
  if (mapping === undefined) throw new Error(`there is no mapping ${flow}`);
  return mapping;
}

/** Everything is linked but the records whose id begins with a 9. */
export const given: Given = {
  linked: ({ id }) => (id.startsWith('9') ? null : `77${id}`),
  now: '2026-11-20T08:00:00Z',
};

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const two = (number: number): string => String(number).padStart(2, '0');

/** An account with the gaps and the spellings that real ones have. The same number always gives the same account. */
export function account(at: number): SourceRecord {
  return {
    id: String(10_000 + at),
    name: `${pick(['Alfreds Futterkiste', 'Bon app’', 'Vins et alcools Chevalier', 'Old World'], at)} ${at}`,
    legacy_number: at % 3 === 0 ? `A${at}` : at % 3 === 1 ? '' : null,
    address: `${at % 200} rue de l'Abbaye`,
    state: at % 4 === 0 ? 'Co. Cork' : null,
    city: pick(['Berlin', 'México D.F.', 'Reims', 'São Paulo', 'Cork'], at),
    zip: pick(['12209', '05021', '51100-1234', 'S-958 22'], at),
    country: pick(['Germany', 'FR', 'USA', 'Ireland', 'brazil', 'GB', 'Austria'], at),
    parent: at % 5 === 0 ? { id: String(10_000 + at * 7), name: 'Parent' } : null,
    credit_limit: at % 6 === 0 ? null : `${at * 17}.${two(at % 100)}5`,
    annualrevenue: at % 7 === 0 ? '' : `${at * 1234}.5`,
    discount: `0.${two(at % 100)}`,
    numberofemployees: at % 8 === 0 ? null : String(at % 900),
    became_customer_at: `20${two(10 + (at % 15))}-${two(1 + (at % 12))}-${two(1 + (at % 28))}T23:30:00.000Z`,
    contract_end: at % 4 === 0 ? null : `2027-${two(1 + (at % 12))}-${two(1 + (at % 28))}`,
    last_order_at: `2026-${two(1 + (at % 10))}-${two(1 + (at % 28))}T${two(at % 24)}:15:00Z`,
    currency: pick(['EUR', 'Euro', 'USD', 'GBP'], at),
    terms: pick(['at once', 'two weeks', 'a month', null], at),
    contact: at % 9 === 0 ? null : 'Maria Anders',
    fax: at % 2 === 0 ? '030-0076545' : null,
    kind: pick(['shop', 'office', 'warehouse'], at),
  };
}

/** Accounts that cannot be carried, and one that has to wait. */
export const badAccounts: readonly SourceRecord[] = [
  { ...account(1), name: '' },
  { ...account(2), name: 'x'.repeat(65), discount: '12,5', numberofemployees: '3.5' },
  { ...account(3), country: 'Atlantis', became_customer_at: 'yesterday', contract_end: '2027-02-30' },
  { ...account(4), currency: 'Taler', last_order_at: '2026-11-20', credit_limit: 'much' },
  { ...account(5), parent: { id: '9001' } },
  { ...account(6), terms: 'never', annualrevenue: '1e5000' },
];

/** An order that was won, with ten lines. */
export function tenLines(at: number): SourceRecord {
  return {
    id: String(50_000 + at),
    stage: 'won',
    company: { id: String(10_000 + at), name: 'Alfreds Futterkiste' },
    closed_at: `2026-${two(1 + (at % 10))}-${two(1 + (at % 28))}T${two(at % 24)}:15:00Z`,
    required_date: at % 3 === 0 ? null : `2026-12-${two(1 + (at % 28))}`,
    freight: at % 2 === 0 ? `${at % 90}.25` : null,
    items: Array.from({ length: 10 }, (_, line) => ({
      id: String(at * 10 + line),
      product_id: String(100 + line),
      name: `Product ${line}`,
      quantity: String(1 + ((at + line) % 40)),
      price: `${(at * (line + 3)) % 500}.${two((at + line) % 100)}5`,
      discount: line % 3 === 0 ? null : '5',
    })),
  };
}

export const badOrders: readonly SourceRecord[] = [
  { ...tenLines(1), stage: 'lost' },
  { ...tenLines(2), company: null },
  {
    ...tenLines(3),
    company: { id: '9003' },
    items: [{ id: '1', product_id: '9100', quantity: '1', price: '2' }],
  },
  { ...tenLines(4), items: [{ id: '1', product_id: '5', quantity: 'many', price: null }] },
  { ...tenLines(5), items: [{ id: '1', product_id: '5', quantity: '1', price: '1' }, { id: '1' }] },
  { ...tenLines(6), items: null },
];
