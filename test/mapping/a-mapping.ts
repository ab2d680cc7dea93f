import type { SourceRecord } from '../../src/connector/value.ts';
import type { CompiledMapping } from '../../src/mapping/compile.ts';
import type { Ending, Given } from '../../src/mapping/mapping.ts';
import { readMappings } from '../../src/mapping/read.ts';

/** The flow that `aMapping` may refer to. */
export const accounts = {
  path: 'mappings/accounts.yaml',
  text: 'flow: accounts\nread: { from: crm, entity: companies }\nwrite: { to: erp, entity: res.partner }\nfields: { name: { from: name } }\n',
};

export const head =
  'flow: deals\nread: { from: crm, entity: deals }\nwrite: { to: erp, entity: sale.order }\n';

/** Reads a mapping of deals from the keys that follow its head. Fails when it has a problem. */
export function aMapping(rest: string, files: { [path: string]: string } = {}): CompiledMapping {
  const values = Object.entries(files).map(([path, text]) => ({ path, text }));
  const { mappings, problems } = readMappings(
    [accounts, { path: 'mappings/deals.yaml', text: head + rest }],
    values,
  );
  const mapping = mappings.find(({ flow }) => flow === 'deals');
  if (mapping === undefined)
    throw new Error(problems.map(({ message, frame }) => `${message}\n${frame ?? ''}`).join('\n'));
  return mapping;
}

/** A mapping with one rule, for the field `x`. */
export function aRule(rule: string): CompiledMapping {
  const maps = rule.includes('map: currencies')
    ? "value_maps:\n  currencies: { Euro: EUR, Dollar: USD, 'true': 'yes' }\n"
    : '';
  return aMapping(`fields:\n  x: ${rule}\n${maps}`);
}

/** The links of `5` alone. */
export const given: Given = {
  linked: ({ flow, id }) => (flow === 'accounts' && id === '5' ? '42' : null),
  now: '2026-01-31T09:30:00Z',
};

/** What the rule makes of the record: the value; undefined when the field is left alone; else how the record ended. */
export function resultOf(rule: string, record: SourceRecord): unknown {
  const ending = aRule(rule).run(record, given);
  return ending.kind === 'record' ? ending.fields['x'] : told(ending);
}

export function told(ending: Ending): unknown {
  if (ending.kind === 'rejected')
    return ending.problems.map(({ code, field, message }) => `${code} ${field}: ${message}`);
  if (ending.kind === 'waiting') return { waiting: ending.for.map(({ flow, id }) => `${flow}/${id}`) };
  return ending;
}

/** The problems of one mapping text, as `line:column code message`. */
export function problemsOf(text: string, files: { [path: string]: string } = {}): string[] {
  const values = Object.entries(files).map(([path, content]) => ({ path, text: content }));
  const { problems } = readMappings([accounts, { path: 'mappings/deals.yaml', text }], values);
  return problems.map(({ at, code, message }) => `${at?.line}:${at?.column} ${code} ${message}`);
}
