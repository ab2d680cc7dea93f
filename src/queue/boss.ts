import { PgBoss } from 'pg-boss';
import type { Sql } from '../store/database.ts';
import { deadLetterQueue, pushQueue, writeBackQueue } from './names.ts';

/** A year: pg-boss would otherwise delete waiting jobs and dead letters after 14 days, silently. */
const retentionSeconds = 365 * 24 * 3600;

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
 */
export async function ensureQueues(boss: PgBoss, flow: string): Promise<void> {
  for (const name of [pushQueue(flow), writeBackQueue(flow)]) {
    const dead = deadLetterQueue(name);
    await boss.createQueue(dead, { policy: 'standard', retentionSeconds, deleteAfterSeconds: 0 });
    await boss.createQueue(name, {
      policy: 'exclusive',
      deadLetter: dead,
      retryLimit: 10,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: 900,
      heartbeatSeconds: leaseSeconds,
      expireInSeconds: 3600,
      retentionSeconds,
      deleteAfterSeconds: 24 * 3600,
    });
    await boss.getQueue(name);
    await boss.getQueue(dead);
  }
}

/** Lets pg-boss take part in our transaction. */
export function inTransaction(tx: Sql): {
  db: { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> };
} {
  return { db: { executeSql: (text, values) => tx.query(text, values) } };
}
