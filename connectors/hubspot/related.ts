import type { SourceRecord, Value } from '../../src/connector/value.ts';
import type { Account } from './account.ts';
import { associationBatch } from './answers.ts';
import type { HubSpotObject } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { compareIds, knownObjects } from './objects.ts';
import type { ObjectType, Relation } from './objects.ts';
import { readObjects, slices } from './reading.ts';
import { recordOf } from './records.ts';

/** Inputs that HubSpot takes in one read of associations. */
const associationInputs = 1000;

/** An associated object, and the association types that HubSpot itself defines between the two. */
type Association = { readonly id: string; readonly types: readonly number[] };

/**
 * The associated objects of each id; an id that has none is left out. HubSpot answers 207 when some ids have none,
 * leaves these out of the results, and pages through the associations of one id with a cursor of its own. Pages of an id
 * that has `most` of them are not asked for.
 */
export async function associationsOf(
  client: HubSpotClient,
  from: ObjectType,
  to: ObjectType,
  ids: readonly string[],
  signal: AbortSignal,
  most = Number.POSITIVE_INFINITY,
): Promise<Map<string, Association[]>> {
  const found = new Map<string, Association[]>();
  const path = `${client.paths.associations(from, to)}/batch/read`;
  let inputs: { id: string; after?: string }[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const answers = await Promise.all(
      slices(inputs, associationInputs).map((slice) =>
        client.query(path, { inputs: slice }, associationBatch, signal),
      ),
    );
    inputs = [];
    for (const result of answers.flatMap((answer) => answer.results)) {
      const associations = result.to.map(({ toObjectId, associationTypes }) => ({
        id: toObjectId,
        types: associationTypes
          .filter(({ category }) => (category ?? 'HUBSPOT_DEFINED') === 'HUBSPOT_DEFINED')
          .map(({ typeId }) => typeId),
      }));
      const all = [...(found.get(result.from.id) ?? []), ...associations];
      found.set(result.from.id, all);
      const after = result.paging?.next?.after;
      if (after !== undefined && associations.length > 0 && all.length < most)
        inputs.push({ id: result.from.id, after });
    }
  }
  return found;
}

/** The records of objects of one type, with the related records nested under the names asked for in `relations`. */
export async function recordsWith(
  account: Account,
  type: ObjectType,
  objects: readonly HubSpotObject[],
  relations: readonly string[],
  signal: AbortSignal,
): Promise<SourceRecord[]> {
  const set = await account.properties.of(type, signal);
  const ids = objects.map(({ id }) => id);
  const nested = await Promise.all(
    relations.flatMap((name) => {
      const relation = type.relations[name];
      if (!relation || ids.length === 0) return [];
      return relatedRecords(account, type, relation, ids, signal).then((related) => ({
        name,
        relation,
        related,
      }));
    }),
  );
  return objects.map((object) => {
    const record = recordOf(object, set);
    for (const { name, relation, related } of nested) {
      const list = related.get(object.id) ?? [];
      record[name] = relation.many ? list : (list[0] ?? null);
    }
    return record;
  });
}

async function relatedRecords(
  { client, properties }: Account,
  from: ObjectType,
  relation: Relation,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Value[]>> {
  const to = knownObjects[relation.to];
  const associations = await associationsOf(client, from, to, ids, signal);
  const chosen = new Map([...associations].map(([id, list]) => [id, choose(list, relation)]));
  const set = await properties.of(to, signal);
  const wanted = [...new Set([...chosen.values()].flat())];
  const found = await readObjects(client, to, wanted, set.asked, signal);
  const byId = new Map(found.map((object) => [object.id, object]));
  return new Map(
    [...chosen].map(([id, list]) => {
      const nested = list.flatMap((target) => byId.get(target) ?? []);
      if (relation.many) nested.sort(byPosition);
      return [id, nested.map((object) => recordOf(object, set))];
    }),
  );
}

function choose(associations: readonly Association[], relation: Relation): string[] {
  if (relation.many) return [...new Set(associations.map(({ id }) => id))];
  const primary = associations.find(
    ({ types }) => relation.primaryType !== null && types.includes(relation.primaryType),
  );
  return [primary ?? associations[0]].flatMap((association) => association?.id ?? []);
}

/** As the lines stand on the quote; those without a position follow, by id. */
function byPosition(left: HubSpotObject, right: HubSpotObject): number {
  const [a, b] = [left, right].map((object) => Number(object.properties['hs_position_on_quote'] ?? Infinity));
  return a === b || Number.isNaN(a! - b!) ? compareIds(left.id, right.id) : a! - b!;
}
