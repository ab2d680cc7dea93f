import { PgBoss } from 'pg-boss';
import type { Sql } from '../store/database.ts';
import { deadLetterQueue, pushQueue, writeBackQueue } from './names.ts';

const yearSeconds = 365 * 24 * 3600;

/** pg-boss would otherwise delete waiting jobs after 14 days, silently. */
const waitingSeconds = yearSeconds;

/** Dead letters are for people to clear, and never for pg-boss: this is about as long as it can be told. */
const letterSeconds = 60 * yearSeconds;

/** Seconds without a sign of life after which a worker's jobs go back to the queue. pg-boss allows no less than 10. */
export const leaseSeconds = 15;

export type QueueOptions = {
  readonly onError: (error: Error) => void;
  /** How often jobs of dead workers are looked for. */
  readonly superviseSeconds: number;
};

/** Starts pg-boss in a schema of its own; it migrates itself, once, whichever of several processes comes first. */
export async function startBoss(url: string, options: QueueOptions): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'causeway jobs',
    schema: 'causeway_jobs',
    max: 4,
    schedule: false,
    superviseIntervalSeconds: options.superviseSeconds,
    monitorIntervalSeconds: options.superviseSeconds,
  });
  boss.on('error', options.onError);
  await boss.start();
  return boss;
}

/**
 * Creates the queues of a flow where they do not exist and warms pg-boss's cache of them: a look-up in the middle of
 * a transaction would go through another connection. Policy `exclusive` keyed by source id: one job for a record.
 * Queues of an older program, or of another configuration, are told the times of today.
 */
export async function ensureQueues(
  boss: PgBoss,
  flow: string,
  finishedSeconds: number = 24 * 3600,
): Promise<void> {
  const ofLetters = { retentionSeconds: letterSeconds, deleteAfterSeconds: 0 };
  const ofJobs = { retentionSeconds: waitingSeconds, deleteAfterSeconds: finishedSeconds };
  for (const name of [pushQueue(flow), writeBackQueue(flow)]) {
    const dead = deadLetterQueue(name);
    await boss.createQueue(dead, { policy: 'standard', ...ofLetters });
    await boss.createQueue(name, {
      policy: 'exclusive',
      deadLetter: dead,
      retryLimit: 10,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: 900,
      heartbeatSeconds: leaseSeconds,
      expireInSeconds: 3600,
      ...ofJobs,
    });
    await keepTimes(boss, name, ofJobs);
    await keepTimes(boss, dead, ofLetters);
  }
}

type Times = { readonly retentionSeconds: number; readonly deleteAfterSeconds: number };

async function keepTimes(boss: PgBoss, name: string, times: Times): Promise<void> {
  const queue = await boss.getQueue(name);
  if (
    queue?.retentionSeconds !== times.retentionSeconds ||
    queue.deleteAfterSeconds !== times.deleteAfterSeconds
  ) {
    await boss.updateQueue(name, times);
    await boss.getQueue(name);
  }
}

/** Lets pg-boss take part in our transaction. */
export function inTransaction(tx: Sql): {
  db: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> };
} {
  return { db: { executeSql: (text, values) => tx.query(text, values) } };
}
