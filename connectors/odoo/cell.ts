import type { Value } from '../../src/connector/value.ts';
import type { FieldFault } from '../../src/connector/fault.ts';
import { codedModels, type CodeTable } from './codes.ts';
import type { OdooField } from './fields.ts';

/** One cell of an import: the column path below the field's record, and the text. An empty text clears. */
export type Cell = { readonly column: string; readonly text: string };

/**
 * Writes a value as Odoo's import reads it. A many2one is named by its database id or its external id, and a country
 * or currency also by its code. Odoo converts the rest itself and says what it does not like; only what it would
 * misread without a word is refused here.
 */
export function cellOf(
  name: string,
  field: OdooField,
  value: Value,
  codes: ReadonlyMap<string, CodeTable>,
): Cell | FieldFault {
  const plain = (text: string): Cell => ({ column: name, text });
  if (field.type === 'many2one') return reference(name, field, value, codes);
  if (field.type === 'many2many') return references(name, value);
  if (field.type === 'one2many') return wrong(name, 'is a list of lines and is written under `lines`');
  if (value === null) return plain('');
  if (typeof value === 'object') return wrong(name, 'takes a single value, not a list or a record');
  if (typeof value === 'boolean') return plain(value ? '1' : '0');
  if (field.type === 'datetime') return instant(name, value);
  return plain(value);
}

const wrong = (field: string, message: string): FieldFault => ({ field, message: `${field} ${message}` });

const databaseId = /^[1-9]\d*$/;
const externalId = /^[A-Za-z_]\w*\.[\w.-]+$/;

function reference(
  name: string,
  field: OdooField,
  value: Value,
  codes: ReadonlyMap<string, CodeTable>,
): Cell | FieldFault {
  if (value === null || value === '') return { column: `${name}/.id`, text: '' };
  if (typeof value !== 'string') return wrong(name, 'takes the id of one record');
  if (databaseId.test(value)) return { column: `${name}/.id`, text: value };
  const coded = codedModels[field.relation ?? ''];
  const table = codes.get(field.relation ?? '');
  if (coded !== undefined && table !== undefined) {
    const found = table.byCode.get(value.toUpperCase());
    if (found === undefined) return wrong(name, `"${value}" is not the code of a ${coded.what} in Odoo`);
    if (!found.active) return wrong(name, `the ${coded.what} ${value} is switched off in Odoo`);
    return { column: `${name}/.id`, text: String(found.id) };
  }
  if (externalId.test(value)) return { column: `${name}/id`, text: value };
  return wrong(
    name,
    `"${value}" is neither the database id nor the external id of a record (${field.relation ?? 'unknown model'})`,
  );
}

function references(name: string, value: Value): Cell | FieldFault {
  if (value === null || value === '') return { column: `${name}/.id`, text: '' };
  const listed: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(',')
      : [value];
  const ids = listed.map((id) => (typeof id === 'string' ? id.trim() : ''));
  if (ids.every((id) => databaseId.test(id))) return { column: `${name}/.id`, text: ids.join(',') };
  if (ids.every((id) => externalId.test(id))) return { column: `${name}/id`, text: ids.join(',') };
  return wrong(name, 'takes a list of database ids or a list of external ids');
}

const isoInstant = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Odoo takes whole seconds of UTC without a zone (the zone of the context, which is always UTC here). */
function instant(name: string, value: string): Cell | FieldFault {
  const match = isoInstant.exec(value);
  if (value === '') return { column: name, text: '' };
  if (match === null) return wrong(name, `"${value}" is not a date and time (YYYY-MM-DDTHH:MM:SSZ)`);
  if (match[2] === undefined) return { column: name, text: `${match[1]} 00:00:00` };
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(value) ? value.replace(' ', 'T') : `${match[1]}T${match[2]}Z`;
  const time = Date.parse(zoned);
  if (Number.isNaN(time)) return wrong(name, `"${value}" is not a date and time that exists`);
  return { column: name, text: new Date(time).toISOString().slice(0, 19).replace('T', ' ') };
}
