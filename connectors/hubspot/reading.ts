import { hubspotObject, objectBatch } from './answers.ts';
import type { HubSpotObject } from './answers.ts';
import type { HubSpotClient } from './client.ts';
import { consumedIds } from './records.ts';
import { compareIds } from './objects.ts';
import type { ObjectType } from './objects.ts';

/** Inputs that HubSpot takes in one batch of objects. */
export const batchInputs = 100;

/** What became of an id: the object under that id, the object it was merged into, or nothing. */
export type Located = { readonly id: string; readonly object: HubSpotObject | null };

export function slices<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** Reads objects by id, sorted by id: HubSpot's own order is any. Ids that do not exist any more are left out. */
export async function readObjects(
  client: HubSpotClient,
  type: ObjectType,
  ids: readonly string[],
  properties: readonly string[],
  signal: AbortSignal,
): Promise<HubSpotObject[]> {
  const path = `${client.paths.objects(type)}/batch/read`;
  const batches = await Promise.all(
    slices(ids, batchInputs).map((slice) => {
      const body = { inputs: slice.map((id) => ({ id })), properties, propertiesWithHistory: [] };
      return client.query(path, body, objectBatch, signal);
    }),
  );
  return batches.flatMap((batch) => batch.results).toSorted((left, right) => compareIds(left.id, right.id));
}

/**
 * Finds what every id stands for, one answer per id in the order asked. After a merge HubSpot answers an old id with
 * the surviving object; a batch does not say for which id, so an id that is not answered under its own name is
 * looked for among the merged ids of the answers, and asked for alone before it is called missing.
 */
export async function locate(
  client: HubSpotClient,
  type: ObjectType,
  ids: readonly string[],
  properties: readonly string[],
  signal: AbortSignal,
): Promise<Located[]> {
  const asked = [...new Set([...properties, 'hs_merged_object_ids'])];
  // One id that is no number would have HubSpot refuse the whole batch.
  const possible = [...new Set(ids)].filter((id) => /^\d+$/.test(id));
  const answers = new Map<string, HubSpotObject>();
  const learn = async (some: readonly string[]): Promise<void> => {
    const objects = await readObjects(client, type, some, asked, signal);
    for (const object of objects) for (const id of consumedIds(object)) answers.set(id, object);
    for (const object of objects) answers.set(object.id, object);
  };
  await learn(possible);
  const survivors = new Map<string, string>();
  await Promise.all(
    possible
      .filter((id) => !answers.has(id))
      .map(async (id) => {
        const path = `${client.paths.objects(type)}/${id}`;
        const object = await client.find(path, { properties: 'hs_object_id' }, hubspotObject, signal);
        if (object !== null) survivors.set(id, object.id);
      }),
  );
  await learn([...new Set(survivors.values())].filter((id) => !answers.has(id)));
  return ids.map((id) => ({ id, object: answers.get(id) ?? answers.get(survivors.get(id) ?? '') ?? null }));
}
