/**
 * The webhooks of the sandbox: what HubSpot would send of every change, signed, in batches of a hundred at most, again
 * where nobody answered, and, if the rules say so, twice and in disorder.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { signatureV3 } from '../signature.ts';
import type { ObjectType } from './object-types.ts';
import type { Entry } from './world.ts';

/** What the sandbox signs with unless told otherwise, and what a connection to it judges by. */
export const webhookSecret = 'sandbox-webhook-secret';

const here = z.url().refine((url) => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname), {
  message: 'must be on this machine',
});

/** Where webhooks go; an empty object sends none. */
export const webhookTarget = z.union([
  z.strictObject({}).transform(() => null),
  z.strictObject({ url: here, secret: z.string().min(1).default(webhookSecret) }),
]);
type WebhookTarget = z.output<typeof webhookTarget>;

export type WebhookRules = {
  /** Every event is sent so many times in all. */
  readonly webhookCopies: number;
  /** The events of a batch, and the batches, go out newest first. */
  readonly webhookDisorder: boolean;
  /** HubSpot gathers what happens for a moment before it sends. */
  readonly webhookDelayMs: number;
};

export type Webhooks = {
  /** Where webhooks are sent from now on; null sends none. */
  aim(target: WebhookTarget): void;
  /** Hears of what was committed. */
  committed(entries: readonly Entry[]): void;
  /** How many were sent and taken, and how many are still to be. */
  stats(): { readonly sent: number; readonly taken: number; readonly waiting: number };
  close(): Promise<void>;
};

/** HubSpot's largest batch, its patience, and how often it tries. */
const batchSize = 100;
const patienceMs = 5000;
const attempts = 10;
const concurrency = 10;

const singular: { readonly [type in ObjectType]?: string } = {
  companies: 'company',
  contacts: 'contact',
  deals: 'deal',
  line_items: 'line_item',
  products: 'product',
  tickets: 'ticket',
};

type WebhookEvent = { readonly [key: string]: unknown };

export function webhooks(portalId: number, now: () => number, rules: () => WebhookRules): Webhooks {
  const closing = new AbortController();
  let target: WebhookTarget = null;
  let gathered: WebhookEvent[] = [];
  let flushing: NodeJS.Timeout | null = null;
  let eventId = 0;
  const counts = { sent: 0, taken: 0 };
  const queue: WebhookEvent[][] = [];
  const underWay = new Set<Promise<void>>();

  const flush = (): void => {
    flushing = null;
    const { webhookCopies, webhookDisorder } = rules();
    const events = Array.from({ length: webhookCopies }, () => gathered).flat();
    if (webhookDisorder) events.reverse();
    gathered = [];
    while (events.length > 0) queue.push(events.splice(0, batchSize));
    startMore();
  };
  const startMore = (): void => {
    while (underWay.size < concurrency && !closing.signal.aborted) {
      const batch = queue.shift();
      if (batch === undefined) return;
      const sending = deliver(batch).finally(() => {
        underWay.delete(sending);
        startMore();
      });
      underWay.add(sending);
    }
  };

  async function deliver(batch: WebhookEvent[]): Promise<void> {
    for (let attemptNumber = 0; attemptNumber < attempts; attemptNumber++) {
      const aim = target;
      if (aim === null || closing.signal.aborted) return;
      counts.sent += 1;
      if (
        await post(
          aim,
          batch.map((event) => ({ ...event, attemptNumber })),
        )
      ) {
        counts.taken += 1;
        return;
      }
      // HubSpot waits for minutes and hours; a second stands for them here.
      await delay(Math.min(1000, 100 * 2 ** attemptNumber), undefined, { signal: closing.signal }).catch(
        () => {},
      );
    }
  }

  async function post(
    { url, secret }: NonNullable<WebhookTarget>,
    events: readonly WebhookEvent[],
  ): Promise<boolean> {
    const body = Buffer.from(JSON.stringify(events));
    const timestamp = String(now());
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-hubspot-request-timestamp': timestamp,
          'x-hubspot-signature-v3': signatureV3(secret, { method: 'POST', url, body, timestamp }),
        },
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(patienceMs)]),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  return {
    aim: (next) => void (target = next),
    committed(entries) {
      if (target === null) return;
      for (const event of entries.flatMap(eventsOf))
        gathered.push({
          ...event,
          eventId: (eventId += 1),
          subscriptionId: 1,
          portalId,
          appId: 1,
          occurredAt: now(),
        });
      if (gathered.length > 0) flushing ??= setTimeout(flush, rules().webhookDelayMs);
    },
    stats: () => ({ ...counts, waiting: gathered.length + queue.flat().length + underWay.size }),
    async close() {
      closing.abort();
      if (flushing !== null) clearTimeout(flushing);
      await Promise.allSettled(underWay);
    },
  };
}

/** What HubSpot tells of a change: of each property of its own event, of an association two. */
function eventsOf(entry: Entry): WebhookEvent[] {
  if (entry.op === 'define' || entry.op === 'undefine') return [];
  const object = (type: ObjectType): string | null => singular[type] ?? null;
  if (entry.op === 'link' || entry.op === 'unlink') {
    const [from, to] = [object(entry.from), object(entry.to)];
    if (from === null || to === null) return [];
    return [
      association(from, entry.id, to, entry.toId, entry.op === 'unlink'),
      association(to, entry.toId, from, entry.id, entry.op === 'unlink'),
    ];
  }
  const name = object(entry.type);
  if (name === null) return [];
  switch (entry.op) {
    case 'put':
      return Object.entries(entry.properties).map(([propertyName, propertyValue]) => ({
        subscriptionType: `${name}.propertyChange`,
        objectId: Number(entry.id),
        propertyName,
        propertyValue: propertyValue ?? '',
        changeSource: 'CRM_UI',
      }));
    case 'merge':
      return [
        {
          subscriptionType: `${name}.merge`,
          objectId: Number(entry.into),
          primaryObjectId: Number(entry.consumed[0]),
          mergedObjectIds: entry.consumed.map(Number),
          newObjectId: Number(entry.into),
        },
      ];
    default:
      return [
        {
          subscriptionType: `${name}.${entry.op === 'purge' ? 'privacyDeletion' : 'deletion'}`,
          objectId: Number(entry.id),
          changeFlag: 'DELETED',
        },
      ];
  }
}

function association(from: string, fromId: string, to: string, toId: string, removed: boolean): WebhookEvent {
  return {
    subscriptionType: `${from}.associationChange`,
    associationType: `${from}_to_${to}`.toUpperCase(),
    fromObjectId: Number(fromId),
    toObjectId: Number(toId),
    associationRemoved: removed,
  };
}
