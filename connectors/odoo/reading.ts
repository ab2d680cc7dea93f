import { z } from 'zod';
import type { Found, OwnPage, OwnRecord, ReadRequest } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { SourceRecord } from '../../src/connector/value.ts';
import { codedModels, type CodeTable } from './codes.ts';
import { databaseId, existing } from './existing.ts';
import { externalIdName, keyOfName } from './external-id.ts';
import { type OdooFields, readAnswer } from './fields.ts';
import { instantOf, readValue } from './read-value.ts';
import type { Session } from './session.ts';

const stamped = z.looseObject({
  id: z.number(),
  write_date: z.union([z.string(), z.literal(false)]),
  write_uid: z
    .union([z.tuple([z.number(), z.string()]), z.literal(false)])
    .optional()
    .catch(undefined),
});
type Stamped = z.output<typeof stamped>;

/** Reads records by id, archived ones too. What is gone, or hidden from the user by a rule, is missing. */
export async function readByIds(
  session: Session,
  request: ReadRequest,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const { entity: model, ids, optional = [] } = request;
  const needed = request.fields.filter((name) => !optional.includes(name));
  const fields = await fieldsFor(session, model, needed, signal);
  const there = optional.length === 0 ? fields : await session.models.ifThere(model, request.fields, signal);
  const names = request.fields.filter((name) => (there ?? fields).has(name));
  const numbers = ids.flatMap((id) => databaseId(id) ?? []);
  const codes = await codesFor(session, there ?? fields, names, signal);
  const rows = await readRows(session, model, numbers, names, signal);
  return ids.map((id) => {
    const row = rows.get(id);
    if (row === undefined) return { id, status: 'missing' };
    const record = recordOf(there ?? fields, request.fields, row, codes);
    const by = changedBy(row);
    const modifiedAt = changedAt(row) ?? '';
    return { id, status: 'found', modifiedAt, ...(by !== undefined && { modifiedBy: by }), record };
  });
}

/** The fields asked for, as texts; one that Odoo does not have is null. */
export function recordOf(
  fields: OdooFields,
  asked: readonly string[],
  row: { readonly [field: string]: unknown },
  codes: ReadonlyMap<string, CodeTable>,
): SourceRecord {
  return Object.fromEntries(
    asked.map((name) => {
      const field = fields.get(name);
      return [name, field === undefined ? null : readValue(field, row[name], codes)];
    }),
  );
}

const changedAt = ({ write_date }: Stamped): string | undefined =>
  write_date === false ? undefined : instantOf(write_date);

/** The user's name, as Odoo shows it beside the date. */
const changedBy = ({ write_uid }: Stamped): string | undefined =>
  write_uid === undefined || write_uid === false ? undefined : write_uid[1];

async function fieldsFor(
  session: Session,
  model: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<OdooFields> {
  const known = await session.models.fields(model, signal);
  const fields = names.every((name) => known.has(name)) ? known : await session.models.reload(model, signal);
  const unknown = names.filter((name) => !fields.has(name));
  if (unknown.length === 0) return fields;
  throw new Fault({
    kind: 'config',
    code: 'odoo_unknown_field',
    message: `${model} has no field ${unknown.join(', ')} that the user of the connection may see.`,
  });
}

export async function codesFor(
  session: Session,
  fields: OdooFields,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, CodeTable>> {
  const relations = names
    .map((name) => fields.get(name)?.relation ?? '')
    .filter((relation) => codedModels[relation] !== undefined);
  const codes = new Map<string, CodeTable>();
  for (const relation of new Set(relations))
    codes.set(relation, await session.codes.table(relation, [], signal));
  return codes;
}

async function readRows(
  session: Session,
  model: string,
  ids: readonly number[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Stamped>> {
  if (ids.length === 0) return new Map();
  const params = {
    domain: [['id', 'in', ids]],
    fields: [...new Set([...names, 'write_date', 'write_uid'])],
  };
  const answer = await session.call(
    { model, method: 'search_read', params, context: { active_test: false } },
    signal,
  );
  return new Map(readAnswer(z.array(stamped), answer).map((row) => [String(row.id), row]));
}

/**
 * Finds records by the external id that was stamped on them. An external id may outlive its record (a delete inside
 * the database leaves it behind), so that only those count whose record is there.
 */
export async function findByExternalKey(
  session: Session,
  request: { entity: string; keys: readonly string[] },
  signal: AbortSignal,
): Promise<readonly { key: string; targetId: string }[]> {
  if (request.keys.length === 0) return [];
  const names = request.keys.map(externalIdName);
  const ids = await session.externalIds.idsOf(request.entity, names, signal);
  const present = await existing(session.call, request.entity, [...ids.values()].map(String), signal);
  return request.keys.flatMap((key, index) => {
    const targetId = String(ids.get(names[index] ?? '') ?? '');
    return present.has(targetId) ? [{ key, targetId }] : [];
  });
}

/** Lists the records that bear an external id of ours and are there: see `pageOfOwn` of the contract. */
export async function pageOfOwn(
  session: Session,
  request: { entity: string; after: string | null; limit: number },
  signal: AbortSignal,
): Promise<OwnPage> {
  const { entity, limit } = request;
  const names = await session.externalIds.page(entity, Number(request.after ?? 0), limit, signal);
  if (names === null)
    throw new Fault({
      kind: 'config',
      code: 'odoo_external_ids_hidden',
      message:
        'The user of the connection may not read external ids in Odoo (ir.model.data); it takes the group Administration / Access Rights.',
    });
  const ids = [...new Set(names.map(({ res_id }) => res_id))];
  const rows = await readRows(session, entity, ids, [], signal);
  const items = names.flatMap(({ name, res_id }): OwnRecord[] => {
    const key = keyOfName(name);
    const row = rows.get(String(res_id));
    if (key === null || row === undefined) return [];
    const [at, by] = [changedAt(row), changedBy(row)];
    return [
      {
        key,
        targetId: String(res_id),
        ...(at !== undefined && { changedAt: at }),
        ...(by !== undefined && { changedBy: by }),
      },
    ];
  });
  return { items, next: names.length < limit ? null : String(names.at(-1)?.id) };
}

/** Finds records in use by the value of a text field. Odoo hides archived ones by itself. */
export async function findByField(
  session: Session,
  { entity, field, values }: { entity: string; field: string; values: readonly string[] },
  signal: AbortSignal,
): Promise<readonly { value: string; targetId: string }[]> {
  if (values.length === 0) return [];
  const params = { domain: [[field, 'in', values]], fields: [field] };
  const answer = await session.call({ model: entity, method: 'search_read', params }, signal);
  return readAnswer(z.array(z.looseObject({ id: z.number() })), answer).flatMap((row) => {
    const value = row[field];
    return typeof value === 'string' ? [{ value, targetId: String(row.id) }] : [];
  });
}
