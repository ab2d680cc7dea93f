/** The test file of the page's whole example; the page is not made when one of its cases fails. */
export const testExample = `cases:
  - name: a deal that is won becomes an order with its lines
    record:
      id: 7
      stage: closedwon
      amount: 35.1
      closed_at: 2026-01-30T23:30:00Z
      currency: Euro
      company: { id: 5, terms: 30 }
      line_items: [{ id: 901, name: Chai, quantity: 2, price: 19.5, discount: 0.1 }]
    given: { references: { accounts: { 5: 42 } } }
    expect:
      fields:
        client_order_ref: 7
        partner_id: 42
        date_order: 2026-01-31
        currency_id: EUR
        payment_term: NET30
        note: null
        origin: CRM 7
        x_revised: true
      lines:
        order_line:
          901: { name: Chai, qty: 2.000, price_unit: 17.5500, due: 2026-01-30 }

  - name: a currency of one's own, whatever the value map has today
    record: { id: 7, stage: closedwon, amount: 1, currency: Taler }
    given: { value_maps: { currencies: { Taler: XTA } } }
    expect_some: { fields: { currency_id: XTA } }

  - name: a deal that is lost is left out
    record: { id: 7, stage: closedlost, amount: 35.1 }
    skipped: only_when

  - name: a deal waits for its customer
    record: { id: 7, stage: closedwon, amount: 35.1, company: { id: 6 } }
    waiting: [accounts/6]

  - name: a quantity that is no number, and a currency that nobody knows, are told of both at once
    record:
      { id: 7, stage: closedwon, amount: 35.1, currency: Taler, line_items: [{ id: 901, quantity: two }] }
    rejected: [value_not_mapped, value_not_decimal, expression_failed]

  - name: the visit is planned for the day on which it was asked for
    flow: won-deals.visit
    record: { id: 7, stage: closedwon, visit_wanted: 'yes', dealname: Chai for the team }
    given:
      references: { won-deals: { 7: 1001 } }
      now: 2026-03-31T22:30:00Z
    expect: { fields: { name: Visit for Chai for the team, sale_order_id: 1001, date_assign: 2026-04-01 } }
`;

/** The section of the page on the tests beside a mapping file. */
export const tests = `The cases of \`accounts.yaml\` stand beside it in \`accounts.test.yaml\`: a record goes in, and a case says how it ends. An editor that knows \`docs/schema/mapping-test.json\` completes the keys. These are the cases of the example at the top:

\`\`\`yaml
# yaml-language-server: $schema=../docs/schema/mapping-test.json
${testExample}\`\`\`

Each case has a \`name\` and a \`record\`, and ends in just one of these:

- \`expect\`: the record is written with just these \`fields\` and \`lines\` (by field and key of the line), and no others. Fields that a rule writes only on create, or only on update, are expected like all others. \`null\` clears a field.
- \`expect_some\`: these are among what is written, and the rest is not looked at.
- \`skipped\`: the record is left out; the code \`only_when\`, or the whole reason.
- \`waiting\`: the record waits for just these, such as \`[accounts/5]\`.
- \`rejected\`: these are all the codes of its problems, in any order. One more or one fewer is a failure.

A case may say more:

- \`flow\`: \`won-deals.visit\`, for a record under \`also\`. Without it the case is of the flow of the file.
- \`given\`: what the mapping knows beside the record. \`references\` are the records that are in the ERP, by flow and source id, with their ERP ids; any other is not there yet. \`value_maps\` gives entries that take the place of all those of a value map; its \`unknown\` stays as it is. \`now\` is the instant that \`now()\` gives, 2026-01-31T09:30:00Z unless given.

A source gives texts, \`true\`, \`false\` and \`null\`, and so does a case: a number is read as the text that stands there, and \`'true'\` in quotes is a text.

A name that the mapping does not have is a problem with its line, and the case is not run: an expected field that no rule writes, a flow that no rule refers to, a value map that is not there, a code with which no record is rejected.

\`causeway mapping test\` runs the cases of all files, \`causeway mapping test accounts\` those of one flow and of the records under its \`also\`; with \`--watch\` they are run again after every edit. It opens no database and asks no system. A failed case shows what was expected (\`-\`) and what came out (\`+\`), as one would write it in the file:

\`\`\`
mappings/won-deals.test.yaml:2:11: a deal that is won becomes an order with its lines
    client_order_ref: 7
    partner_id: 42
  - date_order: 2026-01-30
  + date_order: 2026-01-31
    currency_id: EUR
    payment_term: NET30
\`\`\`

Then it tells what no case touched: fields whose rule gave no value to any record that was written, branches of \`choose\` that no record took, rows of value maps that no case used. These are no failures. It ends with 0 when every case passed, with 1 when one failed or a file has a problem.`;
