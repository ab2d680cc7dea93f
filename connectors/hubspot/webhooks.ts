/** HubSpot's webhooks: arrays of events, in no order and more than once, of which only the ids are used. */
import { z } from 'zod';
import type { Source } from '../../src/connector/contract.ts';
import type { Hint, Read, WebhookReceipt, WebhookRequest } from '../../src/connector/webhook.ts';
import type { Account } from './account.ts';
import { entityOfTypeId, knownObject, otherObject, standardObject } from './objects.ts';
import type { ObjectType } from './objects.ts';
import { associationsOf } from './related.ts';
import type { HubSpotSettings } from './settings.ts';
import { judge } from './signature.ts';

const id = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => /^\d{1,20}$/u.test(text));
const name = z.string().max(100);

/** What is used of an event; everything else is let be. */
const webhookEvent = z.looseObject({
  subscriptionType: name.optional(),
  eventType: name.optional(),
  objectId: id.optional(),
  objectTypeId: name.optional(),
  primaryObjectId: id.optional(),
  mergedObjectIds: z.array(id).optional(),
  newObjectId: id.optional(),
  associationType: name.optional(),
  fromObjectId: id.optional(),
  fromObjectTypeId: name.optional(),
  toObjectId: id.optional(),
  toObjectTypeId: name.optional(),
});
type WebhookEvent = z.output<typeof webhookEvent>;

/** How the older subscriptions call the objects. */
const singular: { readonly [name: string]: string } = {
  company: 'companies',
  contact: 'contacts',
  deal: 'deals',
  line_item: 'line_items',
  product: 'products',
  ticket: 'tickets',
};

const actions = new Set([
  'creation',
  'propertyChange',
  'deletion',
  'merge',
  'restore',
  'associationChange',
  'privacyDeletion',
]);

/** Judges a webhook and names the records that it speaks of. */
export function receiveWebhook(settings: HubSpotSettings, request: WebhookRequest): WebhookReceipt {
  const judged = judge(settings, request);
  if (!judged.good) return { status: 'refused', why: judged.why };
  const events = eventsIn(request.body);
  if (events === null) return { status: 'refused', why: 'malformed' };
  const wanted = wantedEntities(request.reads);
  const hints = new Map<string, Hint>();
  const ignored: { [what: string]: number } = {};
  for (const event of events) {
    const named = hintsOf(event).filter(({ entity }) => wanted.has(entity));
    for (const hint of named) hints.set(`${hint.entity}/${hint.id}`, hint);
    if (named.length > 0) continue;
    const what = kindOf(event);
    ignored[what] = (ignored[what] ?? 0) + 1;
  }
  return { status: 'taken', hints: [...hints.values()], ignored, once: judged.once };
}

/** HubSpot sends arrays; one event alone is taken as well. Null for what is no JSON, or neither. */
function eventsIn(body: Buffer): unknown[] | null {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof json === 'object' && json !== null ? [json].flat() : null;
  } catch {
    return null;
  }
}

/** The kinds of a subscription that may be named in a metric: a handful, whatever is sent. */
function kindOf(event: unknown): string {
  const parsed = webhookEvent.safeParse(event);
  if (!parsed.success) return 'unreadable';
  const kind = parsed.data.subscriptionType ?? parsed.data.eventType ?? '';
  return /^[a-z_]{1,30}\.[a-zA-Z]{1,30}$/u.test(kind) ? kind : 'unknown';
}

function hintsOf(event: unknown): Hint[] {
  const parsed = webhookEvent.safeParse(event);
  if (!parsed.success) return [];
  const { data } = parsed;
  const [object = '', action = ''] = (data.subscriptionType ?? data.eventType ?? '').split('.');
  if (!actions.has(action)) return [];
  if (action === 'associationChange') return sidesOf(data);
  const entity = object === 'object' ? entityOf(data.objectTypeId) : (singular[object] ?? null);
  const ids = [data.objectId, data.primaryObjectId, data.newObjectId, ...(data.mergedObjectIds ?? [])];
  return entity === null ? [] : ids.flatMap((one) => (one === undefined ? [] : [{ entity, id: one }]));
}

/** Both sides of an association: `DEAL_TO_LINE_ITEM`, or type ids in the newer subscriptions. */
function sidesOf(event: WebhookEvent): Hint[] {
  const [from = '', to = ''] = (event.associationType ?? '').toLowerCase().split('_to_');
  const sides = [
    { entity: entityOf(event.fromObjectTypeId) ?? singular[from], id: event.fromObjectId },
    { entity: entityOf(event.toObjectTypeId) ?? singular[to], id: event.toObjectId },
  ];
  return sides.flatMap(({ entity, id: one }) =>
    entity === undefined || one === undefined ? [] : [{ entity, id: one }],
  );
}

/** A custom object is known by its type id alone here: a mapping that names it so gets its hints, any other polls. */
const entityOf = (typeId: string | undefined): string | null =>
  typeId === undefined ? null : (entityOfTypeId(typeId) ?? typeId);

const typeOf = (entity: string): ObjectType => standardObject(entity) ?? otherObject(entity, entity);

/** What is read, and what is nested into it. */
function wantedEntities(reads: readonly Read[]): Set<string> {
  const nested = reads.flatMap((read) => read.with.map((one) => typeOf(read.entity).relations[one]?.to));
  return new Set([...reads.map(({ entity }) => entity), ...nested.flatMap((to) => to ?? [])]);
}

/**
 * The records that nest these, by HubSpot's associations. A line that is gone has none any more: its deal is found by the
 * reading of archived lines. A custom object is asked for under the name that its mapping gives it.
 */
export async function nestedInto(
  account: Account,
  { entity, ids, reads, most }: Parameters<NonNullable<Source['nestedInto']>>[0],
  signal: AbortSignal,
): Promise<Hint[]> {
  const nesting = reads.filter((read) =>
    read.with.some((one) => typeOf(read.entity).relations[one]?.to === entity),
  );
  const from = knownObject(entity);
  if (from === null) return [];
  const found = await Promise.all(
    nesting.map(async (read) => {
      const to = await account.entities.find(read.entity, signal);
      const associations = await associationsOf(account.client, from, to, ids, signal, most);
      return [...associations.values()].flatMap((list) =>
        list.slice(0, most).map((one) => ({ entity: read.entity, id: one.id })),
      );
    }),
  );
  return found.flat();
}
