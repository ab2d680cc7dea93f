import { Decimal } from 'decimal.js';
import type { Value } from '../../src/connector/value.ts';
import { codedModels, type CodeTable } from './codes.ts';
import type { OdooField } from './fields.ts';

const plain = (raw: unknown): string => (typeof raw === 'string' ? raw : JSON.stringify(raw));

/**
 * Reads a value that Odoo gave. `false` stands for empty everywhere but in a boolean; a many2one is `[id, name]` and
 * becomes `{ id, name }`, with the `code` of a country or currency; datetimes are UTC without a zone.
 */
export function readValue(field: OdooField, raw: unknown, codes: ReadonlyMap<string, CodeTable>): Value {
  if (field.type === 'boolean') return raw === true;
  if (raw === false || raw === null || raw === undefined) return null;
  if (field.type === 'many2one') return reference(field, raw, codes);
  if (field.type === 'datetime') return typeof raw === 'string' ? instantOf(raw) : null;
  if (Array.isArray(raw)) return raw.map(plain);
  if (field.type === 'float' || field.type === 'monetary') return decimalText(plain(raw));
  return plain(raw);
}

function reference(field: OdooField, raw: unknown, codes: ReadonlyMap<string, CodeTable>): Value {
  const [id, name]: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  const relation = field.relation ?? '';
  const code = codedModels[relation] && codes.get(relation)?.byId.get(Number(id));
  return {
    id: plain(id),
    name: name === undefined || name === false ? '' : plain(name),
    ...(code !== undefined && { code }),
  };
}

/** `2026-03-01 09:30:00` in UTC becomes an instant. */
export const instantOf = (text: string): string => `${text.slice(0, 19).replace(' ', 'T')}Z`;

/** Odoo writes `5.0` and `1e-05`; nobody wants to compare those. */
function decimalText(text: string): string {
  return /^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(text) ? new Decimal(text).toFixed() : text;
}
