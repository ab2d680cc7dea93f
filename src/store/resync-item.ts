import type { Sql } from './database.ts';
import type { RequestOutcome } from './resync-request.ts';

/** Adds records to a request, in the caller's transaction, and counts them. One that is there already stays as it is. */
export async function addItems(tx: Sql, request: string, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  const { rowCount } = await tx.query(
    `insert into resync_item (request_id, source_id) select $1, id from unnest($2::text[]) as id order by id on conflict do nothing`,
    [request, sourceIds],
  );
  await tx.query(
    `update resync_request set counts = jsonb_set(counts, '{asked}', to_jsonb(coalesce((counts->>'asked')::int, 0) + $2)) where id = $1`,
    [request, rowCount ?? 0],
  );
}

/** Records of a request that were not queued yet, in id order. */
export async function unqueuedItems(sql: Sql, request: string, limit: number): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `select source_id as id from resync_item where request_id = $1 and (outcome is null or outcome = 'waiting') and queued_at is null
     order by source_id limit $2`,
    [request, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Takes records of a request to be queued in the caller's transaction, and keeps how their links stand, to be put back
 * should the request be cancelled. Gives those that nobody else has queued or cancelled meanwhile. To be called with the
 * mirror rows locked, and before the links are written.
 */
export async function takeItems(
  tx: Sql,
  request: string,
  flow: string,
  sourceIds: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `with own as (select source_id from resync_item where request_id = $1 and source_id = any($3::text[]) and queued_at is null and outcome is null
       order by source_id for update)
     update resync_item i set queued_at = now(), requests = coalesce(l.requests, 0) + 1, fingerprint = l.fingerprint,
       before = case when l.state in ('synced', 'skipped') then jsonb_build_object('state', l.state, 'code', l.code, 'reason', l.reason, 'since', l.since) end
     from own left join link l on l.flow = $2 and l.source_id = own.source_id
     where i.request_id = $1 and i.source_id = own.source_id returning i.source_id as id`,
    [request, flow, sourceIds],
  );
  return rows.map(({ id }) => id).sort();
}

/** Records that the source does not know: nothing is queued for them. */
export async function noteUnknown(sql: Sql, request: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query(
    `update resync_item set outcome = 'unknown', code = 'not_in_source', message = 'the source has no record with this id'
     where request_id = $1 and source_id = any($2::text[]) and queued_at is null and outcome is null`,
    [request, sourceIds],
  );
}

/** What is still open of a request. */
export type OpenItems = { readonly moved: number; readonly pending: number };

/** What became of a queued record, by its link; null is pending. */
const became = `case
           when l.state = 'synced' then case when l.delivered_at > i.queued_at then 'synced' else 'unchanged' end
           when l.state in ('skipped', 'waiting', 'dead', 'removed') then l.state
           when l.state = 'pending' and l.code = 'needs_approval' then 'waiting' end`;

/** Of these requests, those of which something became of a record, or nothing is pending. Locks nothing, and is cheap. */
export async function stirredRequests(sql: Sql, requests: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ id: string }>({
    name: 'stirred_requests',
    text: `select r.id from resync_request r where r.id = any($1::uuid[]) and (
       not exists (select from resync_item i where i.request_id = r.id and i.outcome is null)
       or exists (select from resync_item i join link l on l.flow = r.flow and l.source_id = i.source_id
         where i.request_id = r.id and i.queued_at is not null and (i.outcome is null or i.outcome = 'waiting')
           and i.outcome is distinct from ${became}))`,
    values: [requests],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * Looks what became of the queued records that nothing is known of yet, by their links: a settle of anybody after the
 * queueing counts. A record that waits, for another one or for a person, may become something else. To be called in a
 * transaction; the counts of the request are made anew where something has moved.
 */
export async function judgeItems(tx: Sql, request: string, flow: string): Promise<OpenItems> {
  const { rowCount: moved } = await tx.query({
    name: 'judge_items',
    text: `with judged as (
       select i.source_id, l.code, l.reason, l.target_id, ${became} as outcome
       from resync_item i join link l on l.flow = $2 and l.source_id = i.source_id
       where i.request_id = $1 and i.queued_at is not null and (i.outcome is null or i.outcome = 'waiting'))
     update resync_item i set outcome = judged.outcome, code = judged.code, message = judged.reason, target_id = judged.target_id from judged
     where i.request_id = $1 and i.source_id = judged.source_id and i.outcome is distinct from judged.outcome and (i.outcome is null or i.outcome = 'waiting')`,
    values: [request, flow],
  });
  const { rows } = await tx.query<{ pending: number }>(
    'select count(*)::int as pending from resync_item where request_id = $1 and outcome is null',
    [request],
  );
  return { moved: moved ?? 0, pending: rows[0]?.pending ?? 0 };
}

/** Makes the counts of a request anew of its records. */
export async function countItems(tx: Sql, request: string): Promise<void> {
  await tx.query(
    `update resync_request set counts = (select coalesce(jsonb_object_agg(outcome, n), '{}') || jsonb_build_object('asked', coalesce(sum(n) , 0) + (
         select count(*) from resync_item where request_id = $1 and outcome is null))
       from (select outcome, count(*) as n from resync_item where request_id = $1 and outcome is not null group by 1) c) where id = $1`,
    [request],
  );
}

/** Takes back what was not queued yet. */
export async function cancelUnqueued(tx: Sql, request: string): Promise<void> {
  await tx.query(
    `update resync_item set outcome = 'cancelled' where request_id = $1 and queued_at is null and outcome is null`,
    [request],
  );
}

/** Records of a request that are pending, in id order, whose links may be put back as they were. */
export async function revocableItems(
  sql: Sql,
  request: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `select source_id as id from resync_item where request_id = $1 and outcome is null and before is not null and source_id > $2
     order by source_id limit $3`,
    [request, after, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Of these records, those for which nobody but the request asks: their links stand as it left them, and no change in the
 * source waits. To be called with the mirror rows locked.
 */
export async function wantedByNobodyElse(
  tx: Sql,
  request: string,
  mapping: { readonly flow: string; readonly connection: string; readonly entity: string },
  sourceIds: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select i.source_id as id from resync_item i join link l on l.flow = $2 and l.source_id = i.source_id
       join mirror m on m.connection = $3 and m.entity = $4 and m.source_id = i.source_id
     where i.request_id = $1 and i.source_id = any($5::text[]) and i.outcome is null and i.before is not null
       and l.state = 'pending' and l.code in ('resync', 'mapping_changed') and l.requests = i.requests and l.version >= m.version order by 1`,
    [request, mapping.flow, mapping.connection, mapping.entity, sourceIds],
  );
  return rows.map(({ id }) => id);
}

/** Puts the links of records back as they were before the request, in the caller's transaction. */
export async function putLinksBack(
  tx: Sql,
  request: string,
  flow: string,
  sourceIds: readonly string[],
): Promise<void> {
  await tx.query(
    `update link l set state = i.before->>'state', code = i.before->>'code', reason = i.before->>'reason', since = (i.before->>'since')::timestamptz,
       fingerprint = i.fingerprint, requests = l.requests + 1
     from (select * from resync_item where request_id = $1 and source_id = any($3::text[]) order by source_id) i
     where l.flow = $2 and l.source_id = i.source_id`,
    [request, flow, sourceIds],
  );
  await tx.query(
    `update resync_item set outcome = 'cancelled' where request_id = $1 and source_id = any($2::text[])`,
    [request, sourceIds],
  );
}

/** One record of a request; a null outcome is pending. */
export type RequestedRecord = {
  readonly id: string;
  readonly outcome: RequestOutcome | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly targetId: string | null;
};

/** Records of a request, those that need a look first. */
export async function itemsOf(sql: Sql, request: string, limit: number): Promise<RequestedRecord[]> {
  const { rows } = await sql.query<RequestedRecord>(
    `select source_id as id, outcome, code, message, target_id as "targetId" from resync_item where request_id = $1
     order by case outcome when 'dead' then 0 when 'unknown' then 1 when 'waiting' then 2 else 3 end, source_id limit $2`,
    [request, limit],
  );
  return rows;
}

/** Whether a resync is open in which a record is still pending: then its flow is run at once. */
export async function isRequested(sql: Sql, flow: string, sourceId: string): Promise<boolean> {
  const { rowCount } = await sql.query(
    `select from resync_request r join resync_item i on i.request_id = r.id
     where r.finished_at is null and r.flow = $1 and i.source_id = $2 and i.outcome is null limit 1`,
    [flow, sourceId],
  );
  return (rowCount ?? 0) > 0;
}
