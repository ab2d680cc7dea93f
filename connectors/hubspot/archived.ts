import type { Change } from '../../src/connector/contract.ts';
import type { Account, Step } from './account.ts';
import { objectPage } from './answers.ts';
import type { HubSpotObject } from './answers.ts';
import { archivedSince } from './cursor.ts';
import type { Position, Window } from './cursor.ts';
import { knownObjects } from './objects.ts';
import type { ObjectType } from './objects.ts';
import { instantOf, isoOf, mergesInto } from './records.ts';

/** HubSpot's largest page of a listing. */
const listLimit = '100';

type Listed = {
  readonly recent: readonly HubSpotObject[];
  readonly last: string | null;
  readonly window: Window;
};

/**
 * Deletes. An archived object is never found by a search and keeps its stamp, so the archived objects are listed and
 * those archived since the last listing count. One without `archivedAt` counts always: a delete may come twice. One that
 * is not archived never counts: were the filter overlooked, every good record would be deleted. A record
 * may be merged and archived between two catch-ups, so the ids that it consumed are told here, too.
 */
export async function archivedObjects(
  account: Account,
  type: ObjectType,
  position: Position,
  window: Window,
  signal: AbortSignal,
): Promise<Step> {
  const listed = await listArchived(account, type, position, window, {}, signal);
  const changes = listed.recent.flatMap((object): Change[] => {
    const archivedAt = isoOf(instantOf(object.archivedAt) ?? window.to);
    return [{ kind: 'delete', id: object.id, modifiedAt: archivedAt }, ...mergesInto(object, archivedAt)];
  });
  return { changes, last: listed.last, window: listed.window, total: null };
}

/** A line that was removed does not stamp its deal either: the deals of archived lines are read again. */
export async function archivedDeals(
  account: Account,
  position: Position,
  window: Window,
  signal: AbortSignal,
  upserts: (ids: readonly string[]) => Promise<Change[]>,
): Promise<Step> {
  const listed = await listArchived(
    account,
    knownObjects.line_items,
    position,
    window,
    { associations: 'deals' },
    signal,
  );
  const deals = listed.recent.flatMap(({ associations }) => associations?.['deals']?.results ?? []);
  const ids = [...new Set(deals.map(({ id }) => id))];
  return { changes: await upserts(ids), last: listed.last, window: listed.window, total: null };
}

async function listArchived(
  { client, settings }: Account,
  type: ObjectType,
  position: Position,
  window: Window,
  query: { readonly [name: string]: string },
  signal: AbortSignal,
): Promise<Listed> {
  const after = window.after === null ? {} : { after: window.after };
  const all = { archived: 'true', limit: listLimit, properties: 'hs_merged_object_ids', ...query, ...after };
  const { results, paging } = await client.get(client.paths.objects(type), all, objectPage, signal);
  const since = archivedSince(position, window, settings);
  const next = paging?.next?.after ?? null;
  return {
    recent: results.filter(
      ({ archived, archivedAt }) =>
        (archived ?? Boolean(archivedAt)) && (instantOf(archivedAt) ?? Infinity) >= since,
    ),
    last: next === window.after ? null : next,
    window: { ...window, archivedPages: window.archivedPages + (isSecondListing(window) ? 0 : 1) },
  };
}

/** The first page of the lines' listing is no page beyond the first: an account without deletes need not rest. */
const isSecondListing = ({ after, archivedPages }: Window): boolean => after === null && archivedPages > 0;
