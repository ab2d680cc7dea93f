/** What is compared at the end of a run: the truth of both systems, and what Causeway's tables say. Plain data. */
import type pg from 'pg';
import type { Write } from './door.ts';
import type { SystemName, WorkerName } from './plan.ts';
import type { CrmEntity, CrmEntry, ErpEntry } from './users.ts';

/** A record of the CRM as a person sees it. `company` is the id of the related one. */
export type CrmRecord = { readonly id: string; readonly archived: boolean } & {
  readonly [property: string]: string | boolean | null;
};
/** A record of one of the ERPs. `store` is the entity there; `keys` are our external keys that are stamped on it. */
export type ErpRecord = {
  readonly store: string;
  readonly id: string;
  readonly keys: readonly string[];
  /** How requests name it, beside its id. */
  readonly names: readonly string[];
  readonly fields: { readonly [field: string]: unknown };
  readonly lines: readonly { readonly [field: string]: unknown }[];
};

/** What the systems themselves say, and what people and Causeway did in them. */
export type Truth = {
  readonly crm: { readonly [entity in CrmEntity | 'line_items']: readonly CrmRecord[] };
  readonly erp: readonly ErpRecord[];
  readonly crmJournal: readonly CrmEntry[];
  readonly erpJournal: readonly ErpEntry[];
  readonly writes: { readonly [system in SystemName]: readonly Write[] };
  /** Every address that was asked for. */
  readonly targets: readonly string[];
  /** How often the plain ERP has misbehaved, by rule. */
  readonly strikes: { readonly [rule: string]: number };
};

export type Link = {
  readonly flow: string;
  readonly sourceId: string;
  readonly targetId: string | null;
  readonly state: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly behind: boolean;
};
export type Mirrored = {
  readonly entity: string;
  readonly sourceId: string;
  readonly deleted: boolean;
  readonly mergedInto: string | null;
  readonly record: { readonly [field: string]: unknown } | null;
};
export type Event = {
  readonly flow: string;
  readonly sourceId: string;
  readonly event: string;
  readonly code: string | null;
  readonly at: Date;
};
export type Job = { readonly queue: string; readonly sourceId: string; readonly state: string };

export type Tables = {
  readonly mirror: readonly Mirrored[];
  readonly links: readonly Link[];
  readonly intents: readonly { readonly flow: string; readonly sourceId: string }[];
  readonly waiting: readonly {
    readonly flow: string;
    readonly sourceId: string;
    readonly parentFlow: string;
    readonly parentId: string;
  }[];
  /** Live jobs; those of dead-letter queues are `letters`. */
  readonly jobs: readonly Job[];
  readonly letters: readonly Job[];
  readonly counts: { readonly created: number; readonly updated: number; readonly removed: number };
  readonly history: readonly Event[];
};

/** When a worker was not itself: dead, stopped, or cut off from something. */
export type Disturbance = {
  readonly worker: WorkerName;
  readonly what: string;
  readonly from: number;
  readonly to: number;
};

export type Snapshot = {
  readonly truth: Truth;
  readonly tables: Tables;
  readonly disturbances: readonly Disturbance[];
  /** What had not come to rest when the wait for it ended. */
  readonly hanging: readonly string[];
};

/** Reads Causeway's tables, in one transaction. */
export async function readTables(client: pg.Client): Promise<Tables> {
  const rows = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> =>
    (await client.query<T>(sql)).rows;
  await client.query('begin isolation level repeatable read read only');
  try {
    const queued = await rows<Job>(
      `select name as queue, coalesce(singleton_key, data->>'sourceId') as "sourceId", state::text as state from causeway_jobs.job
       where state < 'completed'`,
    );
    return {
      mirror: await rows(
        'select entity, source_id as "sourceId", deleted, merged_into as "mergedInto", record from causeway.mirror',
      ),
      links: await rows(
        `select l.flow, l.source_id as "sourceId", l.target_id as "targetId", l.state, l.code, l.reason, l.attempts,
           exists (select from causeway.mirror m where m.source_id = l.source_id and m.version > l.version) as behind from causeway.link l`,
      ),
      intents: await rows('select flow, source_id as "sourceId" from causeway.intent'),
      waiting: await rows(
        'select flow, source_id as "sourceId", parent_flow as "parentFlow", parent_id as "parentId" from causeway.waiting',
      ),
      jobs: queued.filter(({ queue }) => !queue.endsWith('/dead')),
      letters: queued.filter(({ queue }) => queue.endsWith('/dead')),
      counts: (
        await rows<Tables['counts']>(
          `select coalesce(sum(created), 0)::int as created, coalesce(sum(updated), 0)::int as updated,
             coalesce(sum(removed), 0)::int as removed from causeway.run`,
        )
      )[0] ?? { created: 0, updated: 0, removed: 0 },
      history: await rows(
        'select flow, source_id as "sourceId", event, code, at from causeway.history order by id',
      ),
    };
  } finally {
    await client.query('rollback');
  }
}

/** A number that grows with everything that happens to a record. */
export async function progressOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'select count(*)::int as count from causeway.history',
  );
  return rows[0]?.count ?? 0;
}

/** When something has happened last in the CRM that a reader must have seen: a change, and a delete of each entity. */
export type Newest = {
  readonly changed: number;
  readonly removed: readonly { readonly entity: string; readonly at: number }[];
};

/** What has not come to rest yet, in words; nothing when all is carried that has happened until then. */
export async function stillMoving(client: pg.Client, { changed, removed }: Newest): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(
    `select 'queue ' || name || ': ' || count(*) || ' ' || state as what from causeway_jobs.job
       where state < 'completed' and name not like '%/dead' group by name, state
     union all select 'flow ' || flow || ': ' || count(*) || ' records ' || state || ', ' || min(coalesce(reason, '')) from causeway.link
       where state in ('pending', 'retrying', 'in_doubt') group by flow, state
     union all select 'connection ' || connection || ': ' || state || ', ' || coalesce(reason, '') || ', until ' || coalesce(until::text, 'a person acts')
       from causeway.connection_state where state <> 'up'
     union all select 'reading ' || entity || ': covered until ' || coalesce(watermark::text, 'nothing') from causeway.source_cursor
       where watermark is null or watermark <= to_timestamp($1 / 1000.0)
     union all select 'reading ' || c.entity || ': deletes are known until ' || coalesce(c.position #>> '{archived,until}', 'nothing')
       from causeway.source_cursor c join unnest($2::text[], $3::bigint[]) as r (entity, at) using (entity)
       where r.at > 0 and coalesce((c.position #>> '{archived,until}')::bigint, 0) <= r.at
     union all select 'reading: ' || count(*) || ' of 3 have begun' from causeway.source_cursor having count(*) < 3`,
    [changed, removed.map(({ entity }) => entity), removed.map(({ at }) => at)],
  );
  return rows.map(({ what }) => what);
}
