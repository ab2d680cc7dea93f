import type { EntityDescription } from '../../connector/contract.ts';
import { noField, offered, own } from '../check/described-field.ts';
import type { Report } from '../report.ts';
import type { YamlPath } from '../yaml.ts';
import type { LookupDeclaration } from './lookup-declaration.ts';

/**
 * Reports the fields that questions search and sort by and that the described entities do not have, and values that a
 * pick list does not offer: such a condition is never met.
 */
export function checkSearched(
  { ask }: LookupDeclaration,
  entityOf: (question: string) => EntityDescription | null,
  report: Report,
): void {
  for (const [name, { where = {}, by_field: field, order_by: order }] of Object.entries(ask)) {
    const entity = entityOf(name);
    if (entity === null) continue;
    const at = ['ask', name];
    if (field !== undefined) checkField(field, entity, [...at, 'by_field'], 'value', report);
    if (order !== undefined)
      checkField(order.replace(/^-/, ''), entity, [...at, 'order_by'], 'value', report);
    for (const [path, wanted] of Object.entries(where)) {
      const place = [...at, 'where', path];
      checkField(path, entity, place, 'key', report);
      const values = typeof wanted === 'string' ? [wanted] : 'record' in wanted ? [] : wanted;
      checkOffered(path, values, entity, place, report);
    }
  }
}

function checkField(
  path: string,
  { entity, fields }: EntityDescription,
  at: YamlPath,
  on: 'key' | 'value',
  report: Report,
): void {
  const [first = ''] = path.split('.');
  if (first !== 'id' && own(fields, first) === undefined)
    report('lookup_unknown_field', noField(entity, first, fields), at, on);
}

function checkOffered(
  path: string,
  values: readonly string[],
  { entity, fields }: EntityDescription,
  at: YamlPath,
  report: Report,
): void {
  const field = own(fields, path);
  if (field?.type !== 'enum' || !field.options?.length) return;
  for (const [index, value] of values.entries()) {
    if (value === '' || field.options.includes(value)) continue;
    const message = `\`${path}\` of ${entity} is never \`${value}\`${offered(value, field.options)}`;
    report('mapping_value_not_offered', message, values.length === 1 ? at : [...at, index]);
  }
}
