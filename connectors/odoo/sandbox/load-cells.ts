import { DateTime } from 'luxon';
import { type Environment, modelOf } from './environment.ts';
import type { CellRecord } from './load-records.ts';
import type { Field } from './schema.ts';
import { search } from './domain.ts';

/** A cell that cannot be read: a text in which `%(field)s` stands for the field's label. */
export class CellError extends Error {
  readonly moreinfo: unknown;

  constructor(message: string, moreinfo?: unknown) {
    super(message);
    this.name = 'CellError';
    this.moreinfo = moreinfo;
  }
}

const naming = new Set(['id', '.id']);

/** What a method would be given for a cell. An empty cell is `false`, whatever the field. */
export function convertCell(env: Environment, field: Field, cell: string | readonly CellRecord[]): unknown {
  if (cell.length === 0) return false;
  if (typeof cell !== 'string')
    return field.type === 'one2many'
      ? convertLines(env, field, cell)
      : convertReference(env, field, cell[0] ?? {});
  switch (field.type) {
    case 'boolean':
      return !['', '0', 'false', 'no'].includes(cell.toLowerCase());
    case 'integer':
      if (/^\s*[+-]?\d+\s*$/.test(cell)) return Number(cell);
      throw new CellError(`'${cell}' does not seem to be an integer for field '%(field)s'`);
    case 'float':
    case 'monetary':
      if (/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(cell)) return cell;
      throw new CellError(`'${cell}' does not seem to be a number for field '%(field)s'`);
    case 'date':
      if (DateTime.fromFormat(cell.slice(0, 10), 'yyyy-MM-dd').isValid) return cell.slice(0, 10);
      throw new CellError(
        `'${cell}' does not seem to be a valid date for field '%(field)s'`,
        "Use the format '2012-12-31'",
      );
    case 'datetime':
      return convertInstant(env, cell);
    case 'selection':
      return convertChoice(field, cell);
    default:
      return cell;
  }
}

/** Import takes a datetime for local time in the zone of the context. */
function convertInstant(env: Environment, cell: string): string {
  const zone = typeof env.context['tz'] === 'string' ? env.context['tz'] : 'UTC';
  const format = cell.length === 10 ? 'yyyy-MM-dd' : 'yyyy-MM-dd HH:mm:ss';
  const local = DateTime.fromFormat(cell, format, { zone });
  if (!local.isValid)
    throw new CellError(
      `'${cell}' does not seem to be a valid datetime for field '%(field)s'`,
      "Use the format '2012-12-31 23:59:59'",
    );
  return local.toUTC().toFormat('yyyy-MM-dd HH:mm:ss');
}

function convertChoice(field: Field, cell: string): string {
  const wanted = cell.toLowerCase();
  const found = field.selection?.find(
    ([key, label]) => key.toLowerCase() === wanted || label.toLowerCase() === wanted,
  );
  if (found !== undefined) return found[0];
  throw new CellError(
    `Value '${cell}' not found in selection field '%(field)s'`,
    field.selection?.map(([, label]) => label),
  );
}

function convertReference(env: Environment, field: Field, reference: CellRecord): unknown {
  const given = Object.keys(reference);
  if (given.length > 1)
    throw new CellError(
      `Ambiguous specification for field '%(field)s', only provide one of name, external id or database id`,
    );
  const text = reference[given[0] ?? ''];
  return resolve(env, field, given[0] ?? '', typeof text === 'string' ? text : '');
}

function resolve(env: Environment, field: Field, kind: string, text: string): number | false {
  const model = field.relation ?? '';
  if (kind === '.id') {
    if (text === '0') return false;
    if (!/^\d+$/.test(text)) throw new CellError(`Invalid database id '${text}' for the field '%(field)s'`);
    if (search(env, model, [['id', '=', Number(text)]]).length > 0) return Number(text);
    throw new CellError(`No matching record found for database id '${text}' in field '%(field)s'`);
  }
  if (kind === 'id') {
    const found = recordNamed(env, text, model);
    if (found !== null) return found;
    throw new CellError(`No matching record found for external id '${text}' in field '%(field)s'`);
  }
  const [found] = search(env, model, [['name', '=', text]]);
  if (found !== undefined) return found;
  throw new CellError(`No matching record found for name '${text}' in field '%(field)s'`);
}

/** The record that an external id stands for, if both are there. Archived or not does not matter here. */
function recordNamed(env: Environment, externalId: string, model: string): number | null {
  const full = externalId.includes('.') ? externalId : `${env.importModule ?? '__import__'}.${externalId}`;
  const row = env.store.get('ir.model.data', env.store.externalId(full) ?? 0);
  const id = Number(row?.['res_id'] ?? 0);
  return row?.['model'] === model && env.store.get(model, id) !== undefined ? id : null;
}

/** Lines become commands: one that is known is updated, another is created under the external id it was given. */
function convertLines(env: Environment, field: Field, lines: readonly CellRecord[]): unknown[] {
  const model = modelOf(env, field.relation ?? '');
  return lines.flatMap((line) => {
    const values: Record<string, unknown> = {};
    for (const [name, cell] of Object.entries(line)) {
      const of = model.fields.get(name);
      if (naming.has(name) || of === undefined) continue;
      try {
        values[name] = convertCell(env, of, cell);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        throw new CellError(error.message.replace('%(field)s', `%(field)s/${of.string}`), error.moreinfo);
      }
    }
    const externalId = typeof line['id'] === 'string' ? line['id'] : '';
    const known = externalId === '' ? null : recordNamed(env, externalId, field.relation ?? '');
    if (known !== null)
      return [
        [4, known, 0],
        [1, known, values],
      ];
    return [[0, 0, { ...values, ...(externalId !== '' && { id: externalId }) }]];
  });
}
