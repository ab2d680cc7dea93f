import { Decimal } from 'decimal.js';
import type { Environment } from './environment.ts';
import { type Field, type Row, type Stored, textOf } from './schema.ts';
import { foreignKey, invalidText, valueError } from './server-error.ts';

/** Turns a value that a method was given into what is kept, as Odoo's fields do. */
export function toStored(
  env: Environment,
  model: string,
  name: string,
  field: Field,
  value: unknown,
  writing: 'create' | 'write',
): Stored {
  if (field.type === 'boolean') return Boolean(value);
  if (value === null || value === undefined || value === false || value === '') return emptyOf(field);
  switch (field.type) {
    case 'integer':
      return integer(value);
    case 'float':
    case 'monetary':
      return rounded(value, field.decimals ?? null);
    case 'selection':
      if (field.selection?.some(([key]) => key === value)) return plain(value);
      throw valueError(`Wrong value for ${model}.${name}: '${plain(value)}'`);
    case 'date':
      return matching(value, /^\d{4}-\d{2}-\d{2}/, 10, '%Y-%m-%d');
    case 'datetime':
      return matching(value, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 19, '%Y-%m-%d %H:%M:%S');
    case 'many2one':
      return reference(env, model, name, field, value, writing);
    default:
      return plain(value);
  }
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const emptyOf = (field: Field): Stored =>
  field.type === 'float' || field.type === 'monetary' ? '0' : field.type === 'integer' ? 0 : false;

function integer(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw valueError(`invalid literal for int() with base 10: '${plain(value)}'`);
  return number;
}

/** Odoo rounds half away from zero, to the field's precision. */
export function rounded(value: unknown, decimals: number | null): string {
  const text = plain(value);
  if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text))
    throw valueError(`could not convert string to float: '${text}'`);
  const number = new Decimal(text.trim());
  return decimals === null
    ? number.toFixed()
    : number.toDecimalPlaces(decimals, Decimal.ROUND_HALF_UP).toFixed();
}

function matching(value: unknown, pattern: RegExp, length: number, format: string): string {
  const text = plain(value);
  const cut = text.slice(0, length);
  if (
    !pattern.test(length === 19 ? text : cut) ||
    Number.isNaN(Date.parse(`${cut.replace(' ', 'T')}${length === 19 ? 'Z' : ''}`))
  ) {
    throw valueError(`time data '${text}' does not match format '${format}'`);
  }
  return cut;
}

/** Version 19 takes a text for no record at all when it is written, and only minds when it creates. */
function reference(
  env: Environment,
  model: string,
  name: string,
  field: Field,
  value: unknown,
  writing: 'create' | 'write',
): Stored {
  const id = typeof value === 'number' ? value : /^\d+$/.test(plain(value)) ? Number(value) : null;
  if (typeof value !== 'number' && writing === 'write' && env.version === 19) return false;
  if (id === null) throw invalidText(plain(value));
  if (env.store.get(field.relation ?? '', id) === undefined)
    throw foreignKey(model.replaceAll('.', '_'), name, field.string);
  return id;
}

/** A float as Python writes it into JSON: `5.0`, not `5`. */
type RawJson = (text: string) => unknown;
const rawJson: RawJson = Reflect.get(JSON, 'rawJSON') as RawJson;

function pythonFloat(text: string): unknown {
  const plain = String(Number(text));
  return rawJson(/[.e]/.test(plain) ? plain : `${plain}.0`);
}

/** Turns what is kept into what a method answers: floats, pairs for many2one, `false` for empty, whole seconds. */
export function toAnswer(env: Environment, id: number, row: Row, name: string, field: Field): unknown {
  if (name === 'display_name') return displayName(env, row);
  if (field.type === 'one2many')
    return [...env.store.pointingTo(field.relation ?? '', field.inverse ?? '', id)];
  const value = field.answered?.(env, id, row) ?? row[name] ?? emptyOf(field);
  if (field.type === 'float' || field.type === 'monetary') return pythonFloat(String(value));
  if (field.type === 'datetime') return typeof value === 'string' ? value.slice(0, 19) : false;
  if (field.type !== 'many2one' || typeof value !== 'number') return value;
  const target = env.store.get(field.relation ?? '', value);
  return target === undefined ? false : [value, displayName(env, target)];
}

/** What a record is called where another one names it. */
function displayName(env: Environment, row: Row): string {
  const parent = env.store.get('res.partner', Number(row['parent_id'] ?? 0));
  const own = textOf(row, 'name') || textOf(row, 'x_name') || textOf(row, 'key') || textOf(row, 'id');
  if (parent !== undefined) return `${textOf(parent, 'name')}, ${own}`;
  const code = textOf(row, 'default_code');
  if (textOf(row, 'complete_name') !== '') return textOf(row, 'complete_name');
  return code === '' ? own : `[${code}] ${own}`;
}
