import type { Change, ChangesRequest, Page } from '../../src/connector/contract.ts';
import { Fault } from '../../src/connector/fault.ts';
import type { Account, Step } from './account.ts';
import { objectPage } from './answers.ts';
import type { HubSpotObject } from './answers.ts';
import { archivedDeals, archivedObjects } from './archived.ts';
import { enterPhase, finishWindow, nextPhase, openWindow, positionOf, trustClock } from './cursor.ts';
import type { Position, Window } from './cursor.ts';
import { compareIds, knownObjects } from './objects.ts';
import type { ObjectType } from './objects.ts';
import { readObjects } from './reading.ts';
import { changesOf, isoOf } from './records.ts';
import { associationsOf, recordsWith } from './related.ts';

type Task = { readonly type: ObjectType; readonly relations: readonly string[] };

export const pageSize = 200;
/** HubSpot refuses a longer body of a search. */
const longestSearch = 3000;
/** Requests of one call that found nothing, before the cursor is handed back to be committed. */
const emptySteps = 20;

/** One page of a catch-up: see cursor.ts for its phases. Steps that find nothing are taken in the same call. */
export async function changesSince(
  account: Account,
  type: ObjectType,
  request: ChangesRequest,
  signal: AbortSignal,
): Promise<Page> {
  const task = { type, relations: request.with };
  let position = positionOf(request.cursor);
  let window = position.window ?? openWindow(position, request.now, account.settings);
  if (window === null) return pageOf(position, [], null);
  for (let steps = 0; ; steps += 1) {
    const step: Step = await takeStep(account, task, position, window, signal);
    position = advance(position, step, task, request.now);
    if (position.window === null || step.changes.length > 0 || steps >= emptySteps)
      return pageOf(position, step.changes, step.total);
    window = position.window;
  }
}

function pageOf(position: Position, changes: readonly Change[], total: number | null): Page {
  const watermark = position.watermark === null ? null : isoOf(position.watermark);
  return { changes, cursor: position, caughtUp: position.window === null, watermark, total };
}

function advance(position: Position, step: Step, task: Task, now: Date): Position {
  if (step.last !== null) return { ...position, window: { ...step.window, after: step.last } };
  const phase = nextPhase(position, step.window, task.relations.includes('line_items'), now);
  return phase === null ? finishWindow(position, step.window, now) : enterPhase(position, step.window, phase);
}

function takeStep(
  account: Account,
  task: Task,
  position: Position,
  window: Window,
  signal: AbortSignal,
): Promise<Step> {
  switch (window.phase) {
    case 'modified':
      return modifiedObjects(account, task, window, signal);
    case 'lines':
      return dealsOfModifiedLines(account, task, window, signal);
    case 'archived':
      return archivedObjects(account, task.type, position, window, signal);
    default:
      return archivedDeals(account, position, window, signal, (ids) => upserts(account, task, ids, signal));
  }
}

async function modifiedObjects(
  account: Account,
  task: Task,
  window: Window,
  signal: AbortSignal,
): Promise<Step> {
  const { asked } = await account.properties.of(task.type, signal);
  const found = await searchWindow(account, task.type, window, asked, signal);
  // Where the list of properties makes the search too long, it finds the ids alone.
  const objects = found.complete
    ? found.objects
    : await readObjects(
        account.client,
        task.type,
        found.objects.map(({ id }) => id),
        asked,
        signal,
      );
  const changes = await changesWith(account, task, objects, signal);
  const read = window.read + found.objects.length;
  const total = found.total === null ? null : window.read + found.total;
  return { changes, last: found.last, window: { ...found.window, read }, total };
}

/** A line that was edited, added or moved does not stamp its deal, so the deals of modified lines are read again. */
async function dealsOfModifiedLines(
  account: Account,
  task: Task,
  window: Window,
  signal: AbortSignal,
): Promise<Step> {
  const found = await searchWindow(account, knownObjects.line_items, window, ['hs_object_id'], signal);
  const ids = found.objects.map(({ id }) => id);
  const deals = await associationsOf(
    account.client,
    knownObjects.line_items,
    knownObjects.deals,
    ids,
    signal,
  );
  const dealIds = new Set([...deals.values()].flat().map(({ id }) => id));
  return {
    changes: await upserts(account, task, [...dealIds], signal),
    last: found.last,
    window: found.window,
    total: null,
  };
}

async function upserts(
  account: Account,
  task: Task,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Change[]> {
  const { asked } = await account.properties.of(task.type, signal);
  const objects = await readObjects(account.client, task.type, ids, asked, signal);
  return changesWith(account, task, objects, signal);
}

async function changesWith(
  account: Account,
  { type, relations }: Task,
  objects: readonly HubSpotObject[],
  signal: AbortSignal,
): Promise<Change[]> {
  const records = await recordsWith(account, type, objects, relations, signal);
  return objects.flatMap((object, index) => changesOf(type, object, records[index]!));
}

type Found = {
  readonly objects: readonly HubSpotObject[];
  /** False when only ids were asked for. */
  readonly complete: boolean;
  readonly last: string | null;
  readonly total: number | null;
  readonly window: Window;
};

/**
 * The next objects of the window by id. Keyed pages never meet HubSpot's ceiling of 10,000 results for one query, and
 * objects that share a stamp cannot be torn apart. An object modified meanwhile leaves the window at its end and is
 * found by the next one.
 */
async function searchWindow(
  { client, settings }: Account,
  type: ObjectType,
  window: Window,
  properties: readonly string[],
  signal: AbortSignal,
): Promise<Found> {
  const modified = type.modified;
  const filters = [
    ...(window.from === null
      ? []
      : [{ propertyName: modified, operator: 'GTE', value: String(window.from) }]),
    { propertyName: modified, operator: 'LTE', value: String(window.to) },
    ...(window.after === null ? [] : [{ propertyName: 'hs_object_id', operator: 'GT', value: window.after }]),
  ];
  const search = (asked: readonly string[]) => ({
    filterGroups: [{ filters }],
    sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    properties: asked,
    limit: pageSize,
    after: '0',
  });
  const complete = JSON.stringify(search(properties)).length <= longestSearch;
  const body = search(complete ? properties : ['hs_object_id']);
  const answer = await client.search(type, body, objectPage, signal);
  const { results, total, paging } = answer.body;
  const last = lastInOrder(type, results, window.after);
  const more = results.length > 0 && (results.length >= pageSize || paging?.next?.after !== undefined);
  const settled = window.after === null ? trustClock(window, answer.date, settings) : window;
  return { objects: results, complete, last: more ? last : null, total: total ?? null, window: settled };
}

/** Objects out of order would be skipped by the next page without anybody noticing; so it is checked. */
function lastInOrder(
  type: ObjectType,
  objects: readonly HubSpotObject[],
  after: string | null,
): string | null {
  let last = after;
  for (const { id } of objects) {
    if (last !== null && compareIds(last, id) >= 0) {
      throw new Fault({
        kind: 'bug',
        code: 'hubspot_out_of_order',
        message: `HubSpot gave ${type.name} ${id} after ${last}, though they were to be sorted by hs_object_id.`,
      });
    }
    last = id;
  }
  return last;
}
