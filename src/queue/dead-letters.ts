import type { Sql } from '../store/database.ts';
import { deadLetterQueue } from './names.ts';

/** Takes the dead letters of records away, because something newer is known of them. Nothing is ever fetched to be looked at. */
export async function dropDeadLetters(sql: Sql, queue: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query('delete from causeway_jobs.job where name = $1 and singleton_key = any($2::text[])', [
    deadLetterQueue(queue),
    sourceIds,
  ]);
}
