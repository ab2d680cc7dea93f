/** An example of a rule. What it gives is not written here: the page runs it. */
export type RuleExample = { readonly rule: string; readonly record: string };

/** Examples for every key of a rule, by key. `linked` companies have ERP ids, and `currencies` is a value map. */
export const ruleExamples: { readonly [key: string]: readonly RuleExample[] } = {
  from: [
    { rule: '{ from: company.id }', record: '{ company: { id: "5" } }' },
    { rule: '{ from: [mobile, phone] }', record: '{ mobile: "", phone: "030 1" }' },
  ],
  value: [{ rule: "{ value: 'true', as: boolean }", record: '{}' }],
  template: [
    { rule: "{ template: '{firstname} {lastname}' }", record: '{ firstname: Ada, lastname: Lovelace }' },
    { rule: "{ template: '{firstname} {lastname}' }", record: '{ lastname: Lovelace }' },
    { rule: "{ template: '{zip} {city}, {country}' }", record: '{ zip: "10115", city: Berlin }' },
    { rule: "{ template: 'Fax {fax}' }", record: '{}' },
  ],
  expr: [
    {
      rule: "{ expr: 'decimal(price) * (1 - decimal(discount) / 100)', as: decimal, scale: 2 }",
      record: '{ price: "19.99", discount: "15" }',
    },
    {
      rule: '{ expr: \'contacts.filter(c, c.main == "true").map(c, c.email).join(", ")\' }',
      record: '{ contacts: [{ main: "true", email: a@b.example }, { main: "false" }] }',
    },
  ],
  choose: [
    {
      rule: '{ choose: [{ when: price == 0, value: gift }, { when: price > 999, from: grade }] }',
      record: '{ price: "0.00" }',
    },
  ],
  else: [
    {
      rule: '{ choose: [{ when: price == 0, value: gift }], else: { value: goods } }',
      record: '{ price: "3" }',
    },
  ],
  reference: [
    { rule: '{ reference: accounts, from: company.id }', record: '{ company: { id: "5" } }' },
    { rule: '{ reference: accounts, from: company.id }', record: '{ company: { id: "6" } }' },
  ],
  if_missing: [
    {
      rule: "{ reference: accounts, from: company.id, if_missing: 'null' }",
      record: '{ company: { id: "6" } }',
    },
  ],
  map: [
    { rule: '{ from: currency, map: currencies }', record: '{ currency: Euro }' },
    { rule: '{ from: currency, map: currencies }', record: '{ currency: Yen }' },
  ],
  default: [{ rule: '{ from: terms, default: NET30 }', record: '{ terms: "" }' }],
  as: [
    { rule: '{ from: zip, as: text }', record: '{ zip: "05021" }' },
    { rule: '{ from: seats, as: integer }', record: '{ seats: "12.0" }' },
    { rule: '{ from: amount, as: decimal }', record: '{ amount: "1200.50" }' },
    { rule: '{ from: amount, as: decimal }', record: '{ amount: "1,200.50" }' },
    { rule: '{ from: active, as: boolean }', record: '{ active: "yes" }' },
    { rule: '{ from: due, as: date }', record: '{ due: "2026-03-31" }' },
    { rule: '{ from: closed, as: datetime }', record: '{ closed: "2026-03-31T09:30:00+02:00" }' },
    { rule: '{ from: closed, as: datetime }', record: '{ closed: "1774942200000" }' },
    { rule: '{ from: country, as: country }', record: '{ country: Deutschland }' },
    { rule: '{ from: currency, as: currency }', record: '{ currency: US Dollar }' },
    { rule: '{ from: phone, as: phone }', record: '{ phone: "+49 (0)30 123456" }' },
    { rule: '{ from: phone, as: phone }', record: '{ phone: "+49 30 123456 ext. 12" }' },
    { rule: '{ from: email, as: email }', record: '{ email: " Ana@Example.COM " }' },
    { rule: '{ from: website, as: url }', record: '{ website: www.example.com }' },
  ],
  scale: [{ rule: '{ from: price, as: decimal, scale: 2 }', record: '{ price: "7.5" }' }],
  rounding: ['half_even', 'half_up', 'half_down', 'up', 'down'].map((rounding) => ({
    rule: `{ from: price, as: decimal, scale: 2, rounding: ${rounding} }`,
    record: '{ price: "-2.125" }',
  })),
  timezone: [
    {
      rule: '{ from: closed, as: date, timezone: Europe/Paris }',
      record: '{ closed: "2026-03-31T22:30:00Z" }',
    },
    { rule: '{ from: due, as: datetime, timezone: Europe/Paris }', record: '{ due: "2026-03-31" }' },
  ],
  country: [
    { rule: '{ from: phone, as: phone, country: DE }', record: '{ phone: 030 123456 }' },
    {
      rule: '{ from: phone, as: phone, country: company.country }',
      record: '{ phone: 01 23 45 67 89, company: { country: France } }',
    },
    {
      rule: '{ from: phone, as: phone, country: company.country }',
      record: '{ phone: 030 123456, company: { country: null } }',
    },
  ],
  max: [{ rule: '{ from: name, max: 10 }', record: '{ name: Alfreds Futterkiste }' }],
  too_long: [{ rule: '{ from: name, max: 10, too_long: cut }', record: '{ name: Alfreds Futterkiste }' }],
  when_empty: [
    { rule: '{ from: note }', record: '{ note: "" }' },
    { rule: '{ from: note, when_empty: clear }', record: '{ note: "" }' },
  ],
  required: [{ rule: '{ from: name, required: true }', record: '{ name: null }' }],
  write_on: [
    { rule: "{ template: 'CRM {id}', write_on: create }", record: '{ id: "7" }' },
    {
      rule: "{ expr: 'now()', as: date, timezone: Europe/Paris, write_on: create }",
      record: '{}',
    },
    { rule: "{ value: 'true', as: boolean, write_on: update }", record: '{}' },
  ],
};

/** A whole mapping that uses every key of the file, and two records of the ERP for one of the CRM. */
export const wholeExample = `flow: won-deals
about: A deal that is won in the CRM becomes a sales order in the ERP.
read: { from: crm, entity: deals, with: [company, line_items] }
write: { to: erp, entity: sale.order, key: client_order_ref }
schedule: '*/5 * * * *'
schedule_timezone: Europe/Paris
freshness: 1h
full_scan: 1d
only_when: stage == "closedwon" && amount > 0
when_it_leaves: cancel
when_deleted: keep
ceiling: { removals: { count: 50, percent: 10 }, changes: { count: 2000 } }
fields:
  client_order_ref: { from: id }
  partner_id: { reference: accounts, from: company.id }
  date_order: { from: closed_at, as: date, timezone: Europe/Paris }
  currency_id: { from: currency, map: currencies }
  payment_term: { from: company.terms, map: payment_terms, default: NET30 }
  note: { from: note, when_empty: clear }
  origin: { template: 'CRM {id}', write_on: create }
  x_revised: { value: 'true', as: boolean, write_on: update }
  x_phone: { from: company.phone, as: phone, country: company.country }
lines:
  order_line:
    for_each: line_items
    key: id
    removed_lines: delete
    fields:
      name: { from: name, max: 200, too_long: cut }
      qty: { from: quantity, as: decimal, scale: 3 }
      price_unit: { expr: 'decimal(price) * (1 - decimal(discount))', as: decimal, scale: 4 }
      due: { from: ..closed_at, as: date }
value_maps:
  currencies: { Euro: EUR, Dollar: USD }
  payment_terms: { file: values/payment-terms.csv, unknown: reject }
write_back:
  - { to: crm, field: erp_order_number, from: name }
also:
  visit:
    about: The same deal asks for a visit by the service team.
    write: { entity: project.task }
    only_when: stage == "closedwon" && visit_wanted == "yes"
    when_it_leaves: cancel
    fields:
      name: { template: 'Visit for {dealname}' }
      sale_order_id: { reference: won-deals, from: id }
      date_assign: { expr: 'now()', as: date, timezone: Europe/Paris, write_on: create }
`;

/** The mapping that the rule examples are run in. */
export function exampleMapping(rule: string): string {
  const maps = rule.includes('map: currencies')
    ? 'value_maps:\n  currencies: { Euro: EUR, Dollar: USD }\n'
    : '';
  return `flow: example
read: { from: crm, entity: deals }
write: { to: erp, entity: sale.order }
fields:
  field: ${rule}
${maps}`;
}

/** The flow that the examples refer to, and the links it has made. */
export const accountsMapping = `flow: accounts
read: { from: crm, entity: companies }
write: { to: erp, entity: res.partner }
fields:
  name: { from: name }
`;
export const links: { readonly [id: string]: string } = { '5': '42' };
export const paymentTerms = 'from,to\n30,NET30\n';
