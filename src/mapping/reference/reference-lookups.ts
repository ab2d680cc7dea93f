import type { Capabilities } from '../../connector/contract.ts';
import { runLookupCases } from '../lookup/lookup-cases.ts';
import { lookupDeclaration, notInReplies } from '../lookup/lookup-declaration.ts';
import { readLookups } from '../lookup/read-lookups.ts';
import { keyListIn, shapeIn } from './key-list.ts';

/** The sections of docs/mapping-reference.md on lookup files. Throws when the example or one of its cases does not work. */
export function lookupSections(): string[] {
  checkExample();
  return [
    '## Lookup files',
    intro,
    `\`\`\`yaml\n${lookupExample}\`\`\``,
    answers,
    '### The keys of a lookup',
    keyListIn(lookupDeclaration, []),
    '### Questions',
    questions,
    keyListIn(lookupDeclaration, ['ask', '']),
    '### Lines of a reply',
    lines,
    keyListIn(lookupDeclaration, ['lines', '']),
    '### Rules of a reply',
    `${rules}\n\n${Object.entries(notInReplies)
      .filter(([key]) => key in shapeOfOthers)
      .map(([key, why]) => `- \`${key}\`: ${why}.`)
      .join('\n')}`,
    '### Tests of a lookup',
    tests,
    `\`\`\`yaml\n${lookupTestExample}\`\`\``,
    testKeys,
  ];
}

/** The keys of rules that a lookup does without, so that a person who comes from mappings finds them. */
const shapeOfOthers = { reference: true, if_missing: true, write_on: true, when_empty: true };

const intro = `A lookup is a synchronous read: somebody asks \`GET /v1/lookups/machine-status/4711\`, or \`causeway lookup machine-status 4711\`, and has the answer of the ERP within the deadline. Its file stands in \`lookups/\` beside the mappings, is read and checked as they are, and is used from its next save on; the last good version goes on while an edit is bad. An editor that knows \`docs/schema/lookup.json\` completes the keys.`;

export const lookupExample = `lookup: machine-status
about: How a machine is, who looks after it, and what is to be paid for it.
ask:
  machine:
    from: erp
    entity: x_machine
    by_link: machines # the key is the id of the machine in the CRM
    optional: [x_power_kw]
  visits:
    from: erp
    entity: x_visit
    where:
      x_machine_id: { record: machine }
      x_state: [planned, done]
    order_by: -x_date
    at_most: 20
    may_be_absent: true
take: all
deadline: 2s
ttl: 30s
refresh_ahead: 10s
stale_for: 15m
fallback: [stale, mirror]
fields:
  serial_number: { from: machine.x_serial_number, required: true }
  state: { from: machine.x_state, map: states }
  customer: { from: machine.x_partner_id.name }
  power_kw: { from: machine.x_power_kw, as: decimal, scale: 1 }
  to_be_paid:
    choose: [{ when: visits != null, expr: 'visits.map(v, v.x_amount).sum()' }]
    as: decimal
    scale: 2
lines:
  visits:
    for_each: visits
    group_by: x_technician_id.id
    fields:
      technician: { from: x_technician_id.name }
      last: { from: x_date, as: date }
      machine: { from: ..machine.x_serial_number }
      count: { expr: size(rows), as: integer }
value_maps:
  states: { running: in use, stopped: out of use }
`;

const lookupTestExample = `cases:
  - name: a machine with two visits of one technician
    answers:
      machine: { id: 9, x_serial_number: M-9, x_state: running, x_partner_id: { id: 3, name: Ernst Handel } }
      visits:
        - { x_date: 2026-01-20, x_amount: 80, x_technician_id: { id: 5, name: Ana } }
        - { x_date: 2025-11-02, x_amount: 79.5, x_technician_id: { id: 5, name: Ana } }
    expect:
      serial_number: M-9
      state: in use
      customer: Ernst Handel
      power_kw: null
      to_be_paid: 159.50
      visits: [{ technician: Ana, last: 2026-01-20, machine: M-9, count: 2 }]

  - name: visits are not kept in this system
    answers: { machine: { id: 9, x_serial_number: M-9, x_state: stopped } }
    expect_some: { state: out of use, to_be_paid: null, visits: null }

  - name: there are more visits than are read
    answers: { machine: { id: 9, x_serial_number: M-9 }, visits: [{ x_amount: 1 }] }
    more: [visits]
    expect_some: { to_be_paid: 1.00 }
    cut: [to_be_paid, visits]

  - name: a machine without a serial number has no reply
    answers: { machine: { id: 9 }, visits: [] }
    rejected: [value_missing]
`;

const answers = `The rules read the answers, each under the name of its question: \`machine.x_state\` is a field of the record that the question \`machine\` found. The reply has the names of the file, and none of the vendor's. Its form never changes: what is empty is null, and so is a list of an entity that is not there.`;

const questions = `A question finds one record (\`by_link\`, \`by_id\` or \`by_field\`; exactly one of them) or a list (\`where\`). Which fields are asked for follows from the rules. All questions of a lookup are asked at once, except for lists of a record that is found by a field: these come second. With \`take: first\`, questions that find records are asked one after the other, until one finds its record; a rule then names them all: \`from: [machine.x_name, old_machine.name]\`.`;

const lines = `Every record of the list makes a line; in its rules, paths begin at the record, and \`..machine.x_serial_number\` leads to the answers of other questions. A list is cut at \`at_most\`: the answer says which parts of the reply were made of a list that goes on.`;

const rules = `The rules are those of mappings: source, first that is not empty, \`map\`, \`default\`, \`as\`, \`max\`. A rule that fails leaves no reply: the caller is told every problem. \`now()\` may be asked for anywhere. These keys mean nothing here:`;

const tests = `The cases of \`lookups/machine-status.yaml\` stand beside it in \`lookups/machine-status.test.yaml\`: answers of the systems go in, and a case says what the reply is. \`causeway mapping test\` runs them with those of mappings, \`causeway mapping test lookups/machine-status\` alone. These are the cases of the example:`;

const testKeys = `Each case has a \`name\` and \`answers\`, and ends in one of \`expect\` (the whole reply), \`expect_some\` (this is among it) and \`rejected\` (all the codes of its problems). A field that the case does not name is empty; a question that it does not name found nothing, which only one that may be missing can. \`more\` are the lists that go on beyond what was read, and \`cut\` what of the reply is said to be made of them. \`given\` may hold \`value_maps\` and \`now\`, as in the cases of mappings.`;

const sink: NonNullable<Capabilities['sink']> = {
  creates: true,
  atomicBatches: false,
  idempotentCreates: true,
  listsOwn: true,
  findsByField: true,
  searches: true,
  removals: [],
};

function checkExample(): void {
  const { lookups, problems } = readLookups([{ path: 'lookups/machine-status.yaml', text: lookupExample }], {
    valueFiles: [],
    flows: [
      {
        flow: 'machines',
        read: { from: 'crm', entity: 'machines' },
        write: { to: 'erp', entity: 'x_machine' },
      },
    ],
    offers: [{ name: 'erp', title: 'The ERP', capabilities: { source: null, sink } }],
  });
  const [lookup] = lookups;
  const ran = lookup && runLookupCases(lookup, { path: 'test.yaml', text: lookupTestExample });
  const unused = Object.keys(shapeIn(lookupDeclaration, [])).filter(
    (key) => !`\n${lookupExample}`.includes(`\n${key}:`),
  );
  const wrong = [...problems, ...(ran?.problems ?? [])]
    .map(({ message }) => message)
    .concat((ran?.results ?? []).flatMap(({ passed, name }) => (passed ? [] : `the case "${name}" fails`)))
    .concat(unused.map((key) => `${key} is not shown`));
  if (wrong.length > 0) throw new Error(`the example of a lookup is wrong: ${wrong.join('; ')}`);
}
