import { z } from 'zod';
import type { SearchRequest, SearchResult } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { codesFor, recordOf } from './reading.ts';
import { databaseId } from './existing.ts';
import { type OdooField, type OdooFields, readAnswer } from './fields.ts';
import type { Session } from './session.ts';

type Condition = SearchRequest['where'][number];

/**
 * Searches records in use by the values of their fields: see `readWhere` of the contract. A field may lead through
 * many2one fields (`location_id.usage`), as in Odoo's own domains.
 */
export async function readWhere(
  session: Session,
  request: SearchRequest,
  signal: AbortSignal,
): Promise<SearchResult | null> {
  try {
    return await search(session, request, signal);
  } catch (error) {
    if (request.mayBeAbsent === true && error instanceof Fault && absentCodes.has(error.code)) return null;
    throw error;
  }
}

/** A model or field that is not there, or that the user of the connection has no right to. */
const absentCodes = new Set(['odoo_unknown_model', 'odoo_unknown_field', 'odoo_access_error']);

async function search(session: Session, request: SearchRequest, signal: AbortSignal): Promise<SearchResult> {
  const { entity: model, order, limit, optional = [] } = request;
  const needed = request.fields.filter((name) => !optional.includes(name));
  const fields = await knownFields(session, model, [...needed, ...(order ? [order.field] : [])], signal);
  const domain: unknown[] = [];
  for (const condition of request.where) {
    const field = await fieldAt(session, model, condition.field, signal);
    const values = condition.values.flatMap((value) => wantedOf(field, value));
    if (values.length === 0) return { records: [], more: false };
    domain.push(values.length === 1 ? [condition.field, '=', values[0]] : [condition.field, 'in', values]);
  }
  const names = request.fields.filter((name) => fields.has(name));
  const codes = await codesFor(session, fields, names, signal);
  const params = {
    domain,
    fields: names.length === 0 ? ['id'] : names,
    // One more than asked tells whether there are more.
    limit: limit + 1,
    order: order === null ? 'id' : `${order.field}${order.descending ? ' desc' : ''}, id`,
  };
  const answer = await session.call({ model, method: 'search_read', params }, signal);
  const rows = readAnswer(z.array(z.looseObject({ id: z.number() })), answer);
  return {
    records: rows.slice(0, limit).map((row) => ({
      id: String(row.id),
      record: recordOf(fields, request.fields, row, codes),
    })),
    more: rows.length > limit,
  };
}

/** The fields of a model, when all that are needed are among them. What is missing is not asked for at every search. */
async function knownFields(
  session: Session,
  model: string,
  needed: readonly string[],
  signal: AbortSignal,
): Promise<OdooFields> {
  const fields = await session.models.ifThere(model, needed, signal);
  const missing = fields === null ? [] : needed.filter((name) => !fields.has(name));
  if (fields !== null && missing.length === 0) return fields;
  throw new Fault({
    kind: 'config',
    code: fields === null ? 'odoo_unknown_model' : 'odoo_unknown_field',
    message:
      fields === null
        ? `Odoo has no model ${model} that the user of the connection may see: is the app installed?`
        : `${model} has no field ${missing.join(', ')} that the user of the connection may see.`,
  });
}

async function fieldAt(
  session: Session,
  model: string,
  path: string,
  signal: AbortSignal,
): Promise<OdooField> {
  const [first = '', ...rest] = path.split('.');
  const field = (await knownFields(session, model, [first], signal)).get(first)!;
  return rest.length === 0 ? field : fieldAt(session, field.relation ?? model, rest.join('.'), signal);
}

/** A value as Odoo compares it; none where no record can hold it, which Odoo would answer with an error. */
function wantedOf({ type }: OdooField, value: Condition['values'][number]): (string | number | boolean)[] {
  switch (type) {
    case 'integer':
    case 'many2one':
    case 'many2many':
    case 'one2many':
    case 'many2one_reference':
      return databaseId(value) === null && value !== '0' ? [] : [Number(value)];
    case 'float':
    case 'monetary':
      return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? [Number(value)] : [];
    case 'boolean':
      return value === 'true' || value === 'false' ? [value === 'true'] : [];
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(value) ? [value] : [];
    case 'datetime':
      return Number.isNaN(Date.parse(value))
        ? []
        : [new Date(value).toISOString().slice(0, 19).replace('T', ' ')];
    default:
      // Odoo keeps an empty text as no value at all.
      if (value === '') return [false];
      return value.includes('\0') ? [] : [value];
  }
}
