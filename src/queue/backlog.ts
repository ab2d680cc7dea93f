import type { Sql } from '../store/database.ts';

/** What a queue holds. `nextDue` is when the next waiting job may be taken, in the past when one is due now. */
export type Backlog = { readonly queued: number; readonly active: number; readonly nextDue: Date | null };

/** Counts the live jobs of queues in one query. */
export async function backlogs(sql: Sql, queues: readonly string[]): Promise<Map<string, Backlog>> {
  const { rows } = await sql.query<{ name: string } & Backlog>(
    `select name, count(*) filter (where state in ('created', 'retry'))::int as queued, count(*) filter (where state = 'active')::int as active,
       min(start_after) filter (where state in ('created', 'retry')) as "nextDue"
     from causeway_jobs.job where name = any($1::text[]) and state in ('created', 'retry', 'active') group by name`,
    [queues],
  );
  const found = new Map(rows.map(({ name, ...backlog }) => [name, backlog]));
  return new Map(queues.map((queue) => [queue, found.get(queue) ?? { queued: 0, active: 0, nextDue: null }]));
}

/** The live job of one record, if it has one. */
export type LiveJob = {
  readonly state: 'created' | 'retry' | 'active';
  readonly startAfter: Date;
  readonly attempts: number;
};

export async function liveJob(sql: Sql, queue: string, sourceId: string): Promise<LiveJob | null> {
  const { rows } = await sql.query<LiveJob>(
    `select state::text as state, start_after as "startAfter", retry_count as attempts from causeway_jobs.job
     where name = $1 and coalesce(singleton_key, '') = $2 and state <= 'active' and policy = 'exclusive'`,
    [queue, sourceId],
  );
  return rows[0] ?? null;
}
