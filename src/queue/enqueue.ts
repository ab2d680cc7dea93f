import type { JobInsert, PgBoss } from 'pg-boss';
import type { Sql } from '../store/database.ts';
import { inTransaction } from './boss.ts';
import { type Priority, priorities } from './names.ts';

/** A job says that a record must be sent, never what: the payload is the mirror's newest state at sending time. */
export type JobData = { readonly flow: string; readonly sourceId: string };

export type Enqueue = { readonly sourceId: string; readonly startAfter: Date | null };

/**
 * Inserts one keyed job for each record, in the caller's transaction and in one statement. A record that waits
 * already keeps its job and gets no second one.
 */
export async function enqueue(
  boss: PgBoss,
  tx: Sql,
  queue: string,
  flow: string,
  records: readonly Enqueue[],
  priority: Priority,
): Promise<void> {
  if (records.length === 0) return;
  const jobs: JobInsert<JobData>[] = records.map(({ sourceId, startAfter }) => ({
    data: { flow, sourceId },
    singletonKey: sourceId,
    priority: priorities[priority],
    ...(startAfter === null ? {} : { startAfter }),
  }));
  await boss.insert(queue, jobs, inTransaction(tx));
}

/**
 * Lets records that wait already go before the others, because a person asked for them; due at once. That is said as no
 * delay: pg-boss moves the end of a job's keeping with its beginning, and deletes one that should have begun long ago.
 */
export async function raisePriority(
  boss: PgBoss,
  tx: Sql,
  queue: string,
  sourceIds: readonly string[],
): Promise<void> {
  for (const singletonKey of sourceIds) {
    await boss.update(queue, undefined, {
      singletonKey,
      priority: priorities.interactive,
      startAfter: 0,
      ...inTransaction(tx),
    });
  }
}

/** Takes jobs that nobody has in hand out of a queue, in the caller's transaction. Gives the records whose job is gone. */
export async function takeJobs(tx: Sql, queue: string, sourceIds: readonly string[]): Promise<string[]> {
  if (sourceIds.length === 0) return [];
  const { rows } = await tx.query<{ id: string }>(
    `delete from causeway_jobs.job where name = $1 and singleton_key = any($2::text[]) and state < 'active' returning singleton_key as id`,
    [queue, sourceIds],
  );
  return rows.map(({ id }) => id).sort();
}
