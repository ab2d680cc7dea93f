import type { Mapping } from '../mapping/mapping.ts';
import { pushQueue, writeBackQueue } from '../queue/names.ts';
import { queueSizes, type QueueSize } from '../queue/backlog.ts';
import { type Alert, listOpenAlerts } from '../store/alert.ts';
import { noticesWaiting, type NoticesWaiting } from '../store/alert-notice.ts';
import { type Database, within } from '../store/database.ts';
import { countTroubled } from '../store/flow-facts.ts';
import { hintsWaiting } from '../store/hint.ts';
import { type Facts, type OwnFacts, readFacts } from '../sync/alert-facts.ts';
import { exposition } from '../telemetry/exposition.ts';
import type { MeasuredLookups } from './lookup-families.ts';
import { metricFamilies } from './metric-families.ts';
import type { Tally } from './tally.ts';
import type { WebhookTally } from './webhook-tally.ts';

export type MetricsParts = {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly own: () => OwnFacts;
  readonly tally: Tally;
  readonly lookups: MeasuredLookups;
  readonly webhooks: Pick<WebhookTally, 'counts'>;
  readonly version: string;
  readonly now: () => Date;
};

/** What the database said, all at one time. */
export type Collected = {
  readonly at: Date;
  readonly facts: Facts;
  readonly queues: readonly QueueSize[];
  readonly troubled: readonly { readonly flow: string; readonly state: string; readonly count: number }[];
  readonly alerts: readonly Alert[];
  readonly notices: NoticesWaiting;
  readonly hints: readonly { readonly connection: string; readonly count: number; readonly oldest: Date }[];
};

/** The database is asked at most this often, however many scrape. */
const freshForMs = 5000;

/** A scrape waits no longer for the database; what it knew before is given then. */
const patienceMs = 2000;

/** The database is given no longer for an answer. */
const limitMs = 10_000;

/**
 * Gives the function that writes the page of metrics. It asks the database once for all that scrape at a time, waits two
 * seconds for it at the most, and then says what is known: it never fails.
 */
export function metricsPage(parts: MetricsParts): () => Promise<string> {
  let known: Collected | null = null;
  let answers = false;
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    try {
      known = await collect(parts);
      answers = true;
    } catch {
      answers = false;
    } finally {
      asking = null;
    }
  };
  return async () => {
    const fresh = known !== null && answers && parts.now().getTime() - known.at.getTime() < freshForMs;
    if (!fresh) {
      asking ??= ask();
      if ((await settledWithin(asking, patienceMs)) === 'late') answers = false;
    }
    return exposition(metricFamilies(parts, known, answers));
  };
}

async function settledWithin(work: Promise<void>, ms: number): Promise<'settled' | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    return await Promise.race([work.then(() => 'settled' as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

function collect({ database, mappings, now }: MetricsParts): Promise<Collected> {
  const present = mappings();
  const flows = present.map(({ flow }) => flow);
  return within(database, { ms: limitMs, readOnly: true }, async (tx) => {
    const at = now();
    return {
      at,
      facts: await readFacts(tx, present, at),
      queues: await queueSizes(
        tx,
        flows.flatMap((flow) => [pushQueue(flow), writeBackQueue(flow)]),
      ),
      troubled: await countTroubled(tx, flows),
      alerts: await listOpenAlerts(tx),
      notices: await noticesWaiting(tx),
      hints: await hintsWaiting(tx),
    };
  });
}
