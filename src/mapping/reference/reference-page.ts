import { catalogue } from '../../errors/catalogue.ts';
import { readCases } from '../case/case-file.ts';
import { runCases } from '../case/cases.ts';
import { declaration } from '../declaration.ts';
import { functions, macros, methods } from '../expression/language.ts';
import type { Ending } from '../mapping.ts';
import { readMappings } from '../read.ts';
import {
  accountsMapping,
  exampleMapping,
  links,
  paymentTerms,
  type RuleExample,
  ruleExamples,
  wholeExample,
} from './reference-examples.ts';
import { keyListIn, meaningIn, shapeIn } from './key-list.ts';
import { lookupSections } from './reference-lookups.ts';
import { testExample, tests } from './reference-tests.ts';
import type { YamlPath } from '../yaml.ts';

/**
 * The text of docs/mapping-reference.md. Keys and their meaning come from the declaration, and what an example gives
 * is found out by running it. Throws when an example does not work.
 */
export function mappingReferencePage(): string {
  checkWholeExample();
  return `${[
    '# Mapping files',
    intro,
    `\`\`\`yaml\n${wholeExample}\`\`\``,
    '## The file',
    keyList([]),
    '## `read`',
    keyList(['read']),
    '## `write`',
    keyList(['write']),
    '## `ceiling`',
    ceilingIntro,
    keyList(['ceiling']),
    'Both take these keys:',
    keyList(['ceiling', 'removals']),
    '## Rules',
    rules,
    ...Object.keys(shapeAt(['fields', ''])).flatMap((key) => ruleSection(key)),
    '## `lines`',
    linesIntro,
    keyList(['lines', '']),
    '## `value_maps`',
    valueMapsIntro,
    keyList(['value_maps', '']),
    '## `write_back`',
    keyList(['write_back', 0]),
    '## `also`',
    alsoIntro,
    keyList(['also', '']),
    '### `write` under `also`',
    keyList(['also', '', 'write']),
    '## Expressions',
    expressions,
    '## What ends a record',
    endings,
    recordCodes(),
    '## Tests',
    tests,
    ...lookupSections(),
  ].join('\n\n')}\n`;
}

const intro = `A mapping file says how records of one kind in the CRM become records of one kind in the ERP. It is YAML, and every value is read as the text that stands there: \`0123\` keeps its zero and \`NO\` is Norway. A key that is not listed here is refused, and all problems of all files are told at once, each with its line. An editor that knows \`docs/schema/mapping.json\` completes the keys. A file may have 500,000 characters; longer tables of values go into CSV files.

This page is generated from the code; write it anew with \`node scripts/generate-docs.ts\`.`;

const rules = `ERP field on the left, rule on the right. A rule has exactly one of \`from\`, \`value\`, \`template\`, \`choose\` and \`expr\`. The order is always the same, whatever the order of the keys: source, first that is not empty, \`reference\`, \`map\`, \`default\`, \`as\`, \`max\`. Null, a missing field and the empty text are empty; a space is not. An empty value leaves the field of the ERP alone, unless the rule says \`when_empty: clear\`.

In the examples, the company 5 is linked to the customer 42 of the ERP, the company 6 is not in the ERP yet, and \`currencies\` is the value map above.`;

const ceilingIntro = `What is due at once is what waits to be done, what waits for an answer already, and what was done without asking within the last hour. When it is more than one of the two measures, nothing of it is done before a person has answered; everything else of the flow goes on. An update that a person asked for (\`resync\`, \`redrive\`) is no change of the source, and is not counted; a removal is counted always.`;

const linesIntro = `Lines of a record, such as those of an order. When the source has no such list at all, the lines of the ERP are left alone; when it has an empty one, \`removed_lines\` decides. Rules of a line have the same keys as others, except \`write_on\`.`;

const valueMapsIntro = `A value map is a group of \`source value: ERP value\`, or has these keys. Values match exactly, capitals and all. A CSV file begins with the line \`from,to\`, or \`from,to,note\`.`;

const alsoIntro = `One source record may make several records of the ERP. Each entry under \`also\` is a flow of its own, named \`<flow>.<name>\`: it has its own links, states and history, and commands and references call it by that name. It shares \`read\`, the schedule, \`freshness\`, \`value_maps\` and the connection it writes to with the file, and nothing else: \`only_when\` of the file is not asked for it. To name the record that the file makes, write \`{ reference: <flow>, from: id }\`; then it waits until that one is in the ERP. Where the file has an \`only_when\`, repeat it there: a record that the file leaves out would be waited for in vain.`;

const expressions = `Expressions are CEL, the Common Expression Language. The fields of the record are the variables; inside \`lines\` these are the fields of the line, \`line\` is the whole line, and \`record\` the whole record, so that \`record["a name"]\` reaches a field with an odd name. A field that is not there is null.

- Values of a source are texts. Against a number, a text is compared as a number: \`amount > 0\`. Two texts are compared as texts, which is right for dates; for numbers write \`decimal(a) > decimal(b)\`. Against \`true\` or \`false\`, the texts "true" and "false" are the same as these: \`discontinued == false\`. \`x in [1, 2]\` compares as \`==\` does.
- \`+\` joins texts, and fields are texts: \`price + freight\` of 19 and 5 is 195. To add, write \`decimal(price) + decimal(freight)\`; to join, \`name + ", " + city\`. A list of numbers is added up by \`items.map(i, i.price).sum()\`, to an exact decimal.
- A number with a point is an exact decimal. \`decimal(x)\` makes one of a text; sums and products lose nothing. A division of two whole numbers is whole: \`size(items) / 2\` of 7 items is 3, so that \`7 / 2\` is refused and \`7.0 / 2\` is 3.5. \`int(decimal(x))\` cuts off what is behind the point.
- An empty value cannot be compared by \`<\` or counted with, and nothing can be called on it: test \`x != null\` first. \`has(x)\` is the same test.
- Functions: ${[...functions].map((name) => `\`${name}\``).join(', ')}. On texts and lists: ${[...methods].map((name) => `\`${name}\``).join(', ')}. Over lists of up to 1,000: ${[...macros].map((name) => `\`${name}\``).join(', ')}.
- \`now()\` is the instant at which the record is decided about, as a text. It may be asked for in a rule with \`write_on: create\` alone: anywhere else in a mapping it would give another value, and something to send, at every run. In a lookup, which sends nothing, any rule may ask for it.
- There are no regular expressions, no dates to calculate with, and nothing that could run without end: an expression takes at most a million steps. To go to an item of a list is one, to look at a field another, and a long text is one more for every 128 characters. What it makes costs more: a text one for every 16 characters, a list one for every 8 items, each item one when the list is compared or given. An expression that gives the same for every record has 10,000.`;

const endings = `A record ends in one of four ways: it is written; it is skipped, with the reason; it is rejected, with every problem at once; or it waits for the records it refers to. Skipped goes before all others, and rejected before waiting. These are the problems:`;

const shapeAt = (path: YamlPath): { readonly [key: string]: unknown } => shapeIn(declaration, path);
const meaning = (path: YamlPath): string => meaningIn(declaration, path);
const keyList = (path: YamlPath): string => keyListIn(declaration, path);

function ruleSection(key: string): string[] {
  const examples = ruleExamples[key] ?? [];
  if (examples.length === 0) throw new Error(`the rule key ${key} has no example`);
  return [`### \`${key}\``, meaning(['fields', '', key]), ...examples.map(runExample)];
}

function runExample({ rule, record }: RuleExample): string {
  const { mappings, problems } = readMappings(
    [
      { path: 'example.yaml', text: exampleMapping(rule) },
      { path: 'accounts.yaml', text: accountsMapping },
    ],
    [],
  );
  const mapping = mappings.find(({ flow }) => flow === 'example');
  const { cases, problems: caseProblems } = readCases({
    path: 'example',
    text: `cases: [{ name: example, record: ${record}, skipped: '-' }]`,
  });
  const [given] = cases;
  if (mapping === undefined || given === undefined) {
    throw new Error(
      `the example ${rule} is wrong: ${[...problems, ...caseProblems].map(({ message }) => message).join('; ')}`,
    );
  }
  const ending = mapping.run(given.record, {
    linked: ({ id }) => links[id] ?? null,
    now: '2026-01-31T09:30:00Z',
  });
  return `\`\`\`yaml\nfield: ${rule}\n\`\`\`\n\n${record === '{}' ? 'It' : `\`${record}\``} ${outcome(ending)}`;
}

function outcome(ending: Ending): string {
  if (ending.kind === 'waiting')
    return `waits for ${ending.for.map(({ flow, id }) => `\`${flow}/${id}\``).join(', ')}.`;
  if (ending.kind === 'skipped') return `is skipped: ${ending.reason}.`;
  if (ending.kind === 'rejected')
    return ending.problems.map(({ code, message }) => `is rejected as \`${code}\`: ${message}.`).join(' ');
  const { field } = ending.fields;
  if (field === undefined) return 'leaves the field alone.';
  if (field === null) return 'clears the field.';
  const when = [
    ...ending.createOnly.map(() => ' when the record is created'),
    ...ending.updateOnly.map(() => ' when the record is updated'),
  ];
  return `gives \`${JSON.stringify(field)}\`${when.join('')}.`;
}

function recordCodes(): string {
  const codes = Object.entries(catalogue).filter(([code]) =>
    /^(value_|reference_not|expression_|lines_)/.test(code),
  );
  return codes.map(([code, { title, remedy }]) => `- \`${code}\`: ${title} ${remedy}`).join('\n');
}

function checkWholeExample(): void {
  const files = [
    { path: 'won-deals.yaml', text: wholeExample },
    { path: 'accounts.yaml', text: accountsMapping },
  ];
  const { mappings, problems } = readMappings(files, [
    { path: 'values/payment-terms.csv', text: paymentTerms },
  ]);
  const { results, problems: inTest } = runCases(
    mappings.filter(({ file }) => file === 'won-deals.yaml'),
    { path: 'won-deals.test.yaml', text: testExample },
  );
  const failed = results.filter(({ passed }) => !passed);
  const unused = Object.keys(shapeAt([])).filter(
    (key) => !wholeExample.includes(`\n${key}:`) && key !== 'flow',
  );
  const wrong = [...problems, ...inTest]
    .map(({ message }) => message)
    .concat(failed.map(({ name }) => `the case "${name}" fails`))
    .concat(unused.map((key) => `${key} is not shown`));
  if (wrong.length > 0) throw new Error(`the examples of the page are wrong: ${wrong.join('; ')}`);
}
