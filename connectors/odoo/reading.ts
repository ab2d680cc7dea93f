import { z } from 'zod';
import type { Found } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import { codedModels, type CodeTable } from './codes.ts';
import { databaseId, existing } from './existing.ts';
import { externalIdName } from './external-id.ts';
import { type OdooFields, readAnswer } from './fields.ts';
import { instantOf, readValue } from './read-value.ts';
import type { Session } from './session.ts';

const stamped = z.looseObject({ id: z.number(), write_date: z.union([z.string(), z.literal(false)]) });

/** Reads records by id, archived ones too. What is gone, or hidden from the user by a rule, is missing. */
export async function readByIds(
  session: Session,
  request: { entity: string; ids: readonly string[]; fields: readonly string[] },
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const { entity: model, ids, fields: names } = request;
  const fields = await fieldsFor(session, model, names, signal);
  const numbers = ids.flatMap((id) => databaseId(id) ?? []);
  const codes = await codesFor(session, fields, names, signal);
  const rows = await readRows(session, model, numbers, names, signal);
  return ids.map((id) => {
    const row = rows.get(id);
    if (row === undefined) return { id, status: 'missing' };
    const record = Object.fromEntries(
      names.map((name) => [name, readValue(fields.get(name)!, row[name], codes)]),
    );
    return {
      id,
      status: 'found',
      modifiedAt: row.write_date === false ? '' : instantOf(row.write_date),
      record,
    };
  });
}

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

async function codesFor(
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
): Promise<Map<string, z.output<typeof stamped>>> {
  if (ids.length === 0) return new Map();
  const params = { domain: [['id', 'in', ids]], fields: [...new Set([...names, 'write_date'])] };
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
