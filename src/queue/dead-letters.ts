import type { PgBoss } from 'pg-boss';
import type { Sql } from '../store/database.ts';
import type { LetterId } from '../store/dead-letter.ts';
import { inTransaction } from './boss.ts';
import { deadLetterQueue, pushQueue } from './names.ts';

/** Puts letters into the dead-letter queue of a flow, in the caller's transaction. Nothing is ever fetched from it. */
export async function putLetters(
  boss: PgBoss,
  tx: Sql,
  flow: string,
  letters: readonly LetterId[],
): Promise<void> {
  if (letters.length === 0) return;
  const jobs = letters.map(({ sourceId, id }) => ({ id, data: { flow, sourceId }, singletonKey: sourceId }));
  await boss.insert(deadLetterQueue(pushQueue(flow)), jobs, inTransaction(tx));
}

/** Takes the dead letters of records away, table and queue in one statement, because something newer is known of them. */
export async function dropDeadLetters(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await sql.query(
    `with gone as (delete from dead_letter where flow = $1 and source_id = any($3::text[]) returning id)
     delete from causeway_jobs.job where name = $2 and id in (select id from gone)`,
    [flow, deadLetterQueue(pushQueue(flow)), sourceIds],
  );
}

/**
 * Records of a flow whose link, letter and job in the dead-letter queue do not agree, in id order: letters of an older
 * program, letters that pg-boss wrote itself when a job had lost its lease too often, and what was lost in the queue.
 */
export async function findOddLetters(sql: Sql, flow: string, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    `with job as materialized (select id, singleton_key as source_id from causeway_jobs.job where name = $2)
     select source_id from (
       select source_id from link l where flow = $1 and state = 'dead' and not exists (select from dead_letter d where d.flow = $1 and d.source_id = l.source_id)
       union select source_id from dead_letter d where flow = $1 and (not exists (select from job where job.id = d.id)
         or not exists (select from link l where l.flow = $1 and l.source_id = d.source_id and l.state = 'dead'))
       union select source_id from job where not exists (select from dead_letter d where d.flow = $1 and d.id = job.id)
     ) as odd where source_id is not null order by source_id limit $3`,
    [flow, deadLetterQueue(pushQueue(flow)), limit],
  );
  return rows.map((row) => row.source_id);
}

/** Takes every job of records out of the dead-letter queue, whoever put it there. */
export async function clearLetterJobs(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query('delete from causeway_jobs.job where name = $1 and singleton_key = any($2::text[])', [
    deadLetterQueue(pushQueue(flow)),
    sourceIds,
  ]);
}
