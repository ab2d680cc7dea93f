import { z } from 'zod';
import type { LinesFound, LinesRequest } from '../../src/connector/contract.ts';
import { databaseId } from './existing.ts';
import { lineIdName } from './external-id.ts';
import { readAnswer } from './fields.ts';
import { readByIds } from './reading.ts';
import type { Session } from './session.ts';

const row = z.looseObject({ id: z.number() });

/** Reads the lines of records, each with the key that it was written under; a line that somebody added has none. */
export async function readLines(
  session: Session,
  request: LinesRequest,
  signal: AbortSignal,
): Promise<readonly LinesFound[]> {
  const { entity, field, fields, items } = request;
  const { relation: model, relation_field: parent } =
    (await session.models.fields(entity, signal)).get(field) ?? {};
  if (model === undefined || parent === undefined)
    return items.map(({ targetId }) => ({ targetId, lines: [] }));
  const parents = items.flatMap(({ targetId }) => databaseId(targetId) ?? []);
  const lineIds = await idsByParent(session, model, parent, parents, signal);
  const all = [...lineIds.values()].flat();
  if (all.length === 0) return items.map(({ targetId }) => ({ targetId, lines: [] }));
  const names = await session.externalIds.namesOf(model, all, signal);
  const found = await readByIds(session, { entity: model, ids: all.map(String), fields }, signal);
  const records = new Map(
    found.flatMap((one) => (one.status === 'found' ? [[one.id, one.record] as const] : [])),
  );
  return items.map(({ targetId, externalKey, keys }) => {
    const keyOf = new Map(keys.map((key) => [lineIdName(externalKey, field, key), key]));
    const lines = (lineIds.get(targetId) ?? []).flatMap((id) => {
      const record = records.get(String(id));
      return record === undefined ? [] : [{ key: keyOf.get(names.get(id) ?? '') ?? null, record }];
    });
    return { targetId, lines };
  });
}

async function idsByParent(
  session: Session,
  model: string,
  parent: string,
  parents: readonly number[],
  signal: AbortSignal,
): Promise<Map<string, number[]>> {
  const lines = new Map<string, number[]>();
  if (parents.length === 0) return lines;
  const params = { domain: [[parent, 'in', parents]], fields: [parent] };
  const answer = await session.call(
    { model, method: 'search_read', params, context: { active_test: false } },
    signal,
  );
  for (const line of readAnswer(z.array(row), answer)) {
    const [of] = readAnswer(z.tuple([z.number(), z.unknown()]), line[parent]);
    lines.set(String(of), [...(lines.get(String(of)) ?? []), line.id]);
  }
  return lines;
}
