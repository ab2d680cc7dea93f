import { leaseSeconds } from './boss.ts';
import type { Sql } from '../store/database.ts';
import { priorities } from './names.ts';

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
  /** False for an active job whose worker has shown no sign of life for longer than a lease. */
  readonly alive: boolean;
};

export async function liveJob(sql: Sql, queue: string, sourceId: string): Promise<LiveJob | null> {
  const { rows } = await sql.query<LiveJob>(
    `select state::text as state, start_after as "startAfter", retry_count as attempts,
       state <> 'active' or heartbeat_on is null or heartbeat_on > now() - $3 * interval '1 second' as alive from causeway_jobs.job
     where name = $1 and coalesce(singleton_key, '') = $2 and state <= 'active' and policy = 'exclusive'`,
    [queue, sourceId, leaseSeconds],
  );
  return rows[0] ?? null;
}

/**
 * When the oldest waiting job of each queue was made. One probe of pg-boss's fetch index for each queue and priority,
 * however long the queues are.
 */
export async function oldestQueued(sql: Sql, queues: readonly string[]): Promise<Map<string, Date>> {
  const { rows } = await sql.query<{ name: string; oldest: Date }>(
    `select q.name, min(j.created_on) as oldest from unnest($1::text[]) as q (name) cross join unnest($2::int[]) as p (priority)
     cross join lateral (select created_on from causeway_jobs.job where name = q.name and priority = p.priority and state < 'active' and not blocked
       order by created_on limit 1) j group by 1`,
    [queues, Object.values(priorities)],
  );
  return new Map(rows.map(({ name, oldest }) => [name, oldest]));
}

/** Which of these queues hold a job that may be taken now: a probe of pg-boss's fetch index for each queue and priority. */
export async function queuesDue(sql: Sql, queues: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql.query<{ name: string }>({
    name: 'queues_due',
    text: `select distinct q.name from unnest($1::text[]) as q (name) cross join unnest($2::int[]) as p (priority)
     cross join lateral (select from causeway_jobs.job where name = q.name and priority = p.priority and state < 'active' and not blocked
       and start_after <= now() limit 1) j`,
    values: [queues, Object.values(priorities)],
  });
  return new Set(rows.map(({ name }) => name));
}

/** How many jobs wait and are in hand, as pg-boss counted them a few seconds ago. */
export type QueueSize = { readonly queue: string; readonly queued: number; readonly active: number };

export async function queueSizes(sql: Sql, queues: readonly string[]): Promise<QueueSize[]> {
  const { rows } = await sql.query<QueueSize>(
    `select name as queue, queued_count as queued, active_count as active from causeway_jobs.queue where name = any($1::text[]) order by 1`,
    [queues],
  );
  return rows;
}
