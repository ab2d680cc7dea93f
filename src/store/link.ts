import type { FieldFault } from '../connector/fault.ts';
import { presentTrace } from '../connector/trace.ts';
import type { SourceRecord, Value } from '../connector/value.ts';
import type { Reference } from '../mapping/mapping.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';
import { followMerged } from './merge.ts';

/** The states that a link can hold. `sending` is not among them: it is the queue that knows what is in flight. */
export type LinkState =
  | 'pending'
  | 'waiting'
  | 'in_doubt'
  | 'retrying'
  | 'synced'
  | 'skipped'
  | 'dead'
  | 'removed';

/** Everything that is needed to decide about one record, loaded for a whole batch in one query. */
export type Standing = {
  readonly sourceId: string;
  /** The mirror's version; null when the record is not mirrored (it never was, or the id is unknown). */
  readonly version: string | null;
  readonly record: SourceRecord | null;
  readonly deleted: boolean;
  readonly mergedInto: string | null;
  readonly targetId: string | null;
  readonly externalKey: string | null;
  readonly state: LinkState | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  /** How often it was asked for on purpose so far. */
  readonly requests: string;
  /** Of the output last delivered. */
  readonly fingerprint: Buffer | null;
  /** Of the create that was committed and not settled: the record is in doubt until it is looked up. */
  readonly intent: Buffer | null;
  /** Whether the CRM record holds the values that were to be written back. */
  readonly wished: boolean;
  /** Hash of the mapping that decided about it last. */
  readonly mappingHash: string | null;
  /** Whether it has changed in the source since it was last decided about. */
  readonly behind: boolean;
  /** Whether Causeway created the ERP record. Of a link that does not say so, its history is asked. */
  readonly ours: boolean;
  /** The trace of whoever asked for it on purpose, or of its newest change in the source where that is newer. */
  readonly traceId: string | null;
  /** How what is due of it stands: counted with the others, asked about, or answered in this state of the record. */
  readonly due: Due | null;
};

/** `counted` waits for the count of all that is due; `asked` waits for a person; the others are the answers. */
export type Due = 'counted' | 'asked' | 'approved' | 'refused';

/** SQL for whether Causeway created the ERP record of the link `l`. */
export const oursColumn = `case when l.target_id is null then false else coalesce(l.ours,
  exists (select from history h where h.flow = l.flow and h.source_id = l.source_id and h.event = 'created' and h.target_id = l.target_id)) end as ours`;

/**
 * Loads the standings in the order of the ids. The lateral joins with a limit hold the planner to one index probe for
 * each id: on tables that grow fast and are not analysed yet it would read them whole.
 */
export async function loadStandings(
  sql: Sql,
  flow: string,
  stream: Stream,
  sourceIds: readonly string[],
): Promise<Standing[]> {
  const { rows } = await sql.query<Standing>({
    name: 'load_standings',
    text: `select ids.source_id as "sourceId", m.version, m.record, coalesce(m.deleted, false) as deleted, m.merged_into as "mergedInto",
       case when l.trace_id is not null and l.since >= m.changed_at then l.trace_id else m.trace_id end as "traceId",
       l.target_id as "targetId", coalesce(l.external_key, i.external_key) as "externalKey", l.state, l.code, l.reason, coalesce(l.attempts, 0) as attempts, coalesce(l.requests, 0) as requests, l.fingerprint,
       i.fingerprint as intent, (l.write_back is not null and l.write_back is not distinct from l.written_back) as wished, l.mapping_hash as "mappingHash",
       (l.source_id is null or l.version < m.version) as behind, ${oursColumn},
       case when d.done_at is not null or d.kind = 'absence' then null when d.answer is not null then case when d.version = m.version then d.answer end
         when d.run_id is not null then 'asked' when d.source_id is not null then 'counted' end as due
     from unnest($4::text[]) with ordinality as ids (source_id, place)
     left join lateral (select * from mirror where connection = $2 and entity = $3 and source_id = ids.source_id limit 1) m on true
     left join lateral (select * from link where flow = $1 and source_id = ids.source_id limit 1) l on true
     left join lateral (select * from intent where flow = $1 and source_id = ids.source_id limit 1) i on true
     left join lateral (select * from due where flow = $1 and source_id = ids.source_id limit 1) d on true
     order by ids.place`,
    values: [flow, stream.connection, stream.entity, sourceIds],
  });
  return rows;
}

const referenceKey = (reference: Reference): string => JSON.stringify([reference.flow, reference.id]);

/**
 * The ERP ids of the references that are linked, all in one query; answers null for the others. A reference to a record
 * that was merged away means the one that survives: that takes a second query, where something is not linked.
 */
export async function loadLinked(
  sql: Sql,
  references: readonly Reference[],
): Promise<(reference: Reference) => string | null> {
  if (references.length === 0) return () => null;
  const { rows } = await sql.query<{ flow: string; id: string; target_id: string }>({
    name: 'load_linked',
    text: `select l.flow, l.source_id as id, l.target_id from (select distinct * from unnest($1::text[], $2::text[])) as r (flow, id)
           join lateral (select * from link where link.flow = r.flow and source_id = r.id limit 1) l on l.target_id is not null and l.state <> 'removed'`,
    values: [references.map((r) => r.flow), references.map((r) => r.id)],
  });
  const linked = new Map<string, string | null>(rows.map((row) => [referenceKey(row), row.target_id]));
  const others = references.filter((reference) => !linked.has(referenceKey(reference)));
  if (others.length > 0)
    for (const found of await followMerged(sql, others)) linked.set(referenceKey(found), found.targetId);
  return (reference) => linked.get(referenceKey(reference)) ?? null;
}

/**
 * What a settle writes on one link. Null in `targetId`, `fingerprint` and `mappingHash` keeps what stands there, unless
 * the record is removed: then what was delivered no longer counts.
 */
export type LinkUpdate = {
  readonly sourceId: string;
  readonly externalKey: string;
  readonly targetId: string | null;
  readonly version: string;
  readonly state: LinkState;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[];
  readonly nextAt: Date | null;
  readonly attempts: number;
  /** As the standing had it when the record was decided. */
  readonly requests: string;
  readonly fingerprint: Buffer | null;
  readonly mappingHash: string | null;
  /** True when the ERP answered that it now holds this state. */
  readonly delivered: boolean;
  /** What is to be written back on the CRM record; null leaves the last wish alone. */
  readonly writeBack: { readonly [field: string]: Value } | null;
  /** Whether Causeway created the ERP record. */
  readonly ours: boolean;
};

/**
 * Saves what is known of a batch, in id order. Gives the ids that were asked for on purpose while they were being
 * sent: they are left pending, with nothing counted as delivered, and the caller queues them again.
 */
export async function saveLinks(
  sql: Sql,
  flow: string,
  updates: readonly LinkUpdate[],
): Promise<Set<string>> {
  const { rows } = await sql.query<{ source_id: string }>({
    name: 'save_links',
    text: `with saved as (
     insert into link as l (flow, source_id, external_key, target_id, version, state, code, reason, fields, since, next_at, attempts,
       requests, fingerprint, mapping_hash, delivered_at, write_back, ours)
     select $1, u.source_id, u.external_key, u.target_id, u.version, u.state, u.code, u.reason, u.fields, now(), u.next_at, u.attempts,
       u.requests, u.fingerprint, u.mapping_hash, case when u.delivered then now() end, u.write_back, u.ours
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::timestamptz[],
       $11::integer[], $12::bigint[], $13::bytea[], $14::text[], $15::boolean[], $16::jsonb[], $17::boolean[])
       as u (source_id, external_key, target_id, version, state, code, reason, fields, next_at, attempts, requests, fingerprint, mapping_hash, delivered, write_back, ours)
     order by u.source_id
     on conflict (flow, source_id) do update set
       target_id = case when excluded.state = 'removed' then excluded.target_id else coalesce(excluded.target_id, l.target_id) end,
       version = excluded.version,
       state = case when l.requests > excluded.requests then 'pending' else excluded.state end,
       code = case when l.requests > excluded.requests then l.code else excluded.code end,
       reason = case when l.requests > excluded.requests then l.reason else excluded.reason end,
       fields = excluded.fields, since = case when l.state = excluded.state then l.since else excluded.since end,
       next_at = excluded.next_at, attempts = excluded.attempts,
       fingerprint = case when excluded.state = 'removed' or l.requests > excluded.requests then null else coalesce(excluded.fingerprint, l.fingerprint) end,
       mapping_hash = coalesce(excluded.mapping_hash, l.mapping_hash), delivered_at = coalesce(excluded.delivered_at, l.delivered_at),
       write_back = coalesce(excluded.write_back, l.write_back),
       ours = case when excluded.target_id is null and excluded.state <> 'removed' then l.ours else excluded.ours end,
       trace_id = case when l.requests = excluded.requests and excluded.state in ('synced', 'skipped', 'removed') then null else l.trace_id end
     returning l.source_id, l.requests)
     select saved.source_id from saved join unnest($2::text[], $12::bigint[]) as sent (source_id, requests) using (source_id)
     where saved.requests > sent.requests`,
    values: [
      flow,
      updates.map((u) => u.sourceId),
      updates.map((u) => u.externalKey),
      updates.map((u) => u.targetId),
      updates.map((u) => u.version),
      updates.map((u) => u.state),
      updates.map((u) => u.code),
      updates.map((u) => u.reason),
      updates.map((u) => (u.fields.length === 0 ? null : JSON.stringify(u.fields))),
      updates.map((u) => u.nextAt),
      updates.map((u) => u.attempts),
      updates.map((u) => u.requests),
      updates.map((u) => u.fingerprint),
      updates.map((u) => u.mappingHash),
      updates.map((u) => u.delivered),
      updates.map((u) => (u.writeBack === null ? null : JSON.stringify(u.writeBack))),
      updates.map((u) => u.ours),
    ],
  });
  return new Set(rows.map((row) => row.source_id));
}

/** Marks parked records as pending, because the record that they waited for has arrived. */
export async function markWoken(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query(
    `update link set state = 'pending', code = 'parent_linked', reason = 'the record it waited for has arrived', since = now(), next_at = null
     where flow = $1 and source_id = any($2::text[]) and state = 'waiting'`,
    [flow, sourceIds],
  );
}

/**
 * Marks records as pending because the mapping has changed. One that is being sent at this moment is asked for again,
 * so that a delivery which began before the edit does not settle it. Gives the ids that were settled before.
 */
export async function markChanged(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  reason: string,
): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string | null }>(
    `with marked as (
       select source_id, state in ('synced', 'skipped', 'waiting', 'dead', 'removed') as settled, state in ('in_doubt', 'retrying') as failing
       from link where flow = $1 and source_id = any($2::text[]) order by source_id for update)
     update link l set requests = l.requests + 1, state = case when failing then l.state else 'pending' end,
       code = case when failing then l.code else 'mapping_changed' end, reason = case when failing then l.reason else $3 end,
       since = case when settled then now() else l.since end, next_at = case when settled then null else l.next_at end,
       attempts = case when settled then 0 else l.attempts end, fields = case when settled then null else l.fields end
     from marked where l.flow = $1 and l.source_id = marked.source_id returning case when settled then l.source_id end as source_id`,
    [flow, sourceIds, reason],
  );
  return rows.flatMap((row) => row.source_id ?? []);
}

/** A record that is asked for on purpose: by a person, or because an older state of it may have been sent. */
export type Wanted = { readonly sourceId: string; readonly externalKey: string };

/**
 * Asks for records on purpose: they are pending with the reason given, their next delivery is sent even if nothing
 * differs, and a delivery that is on its way at this moment does not count. That delivery bears the trace of whoever asks.
 * Other flows of the same records are not concerned.
 */
export async function askAgain(
  sql: Sql,
  flow: string,
  wanted: readonly Wanted[],
  code: string,
  reason: string,
): Promise<void> {
  await sql.query(
    `insert into link as l (flow, source_id, external_key, state, code, reason, since, requests, trace_id)
     select $1, w.source_id, w.external_key, 'pending', $4, $5, now(), 1, $6 from unnest($2::text[], $3::text[]) as w (source_id, external_key)
     order by w.source_id
     on conflict (flow, source_id) do update set requests = l.requests + 1, fingerprint = null, state = 'pending', code = excluded.code,
       reason = excluded.reason, since = excluded.since, next_at = null, attempts = 0, fields = null, trace_id = excluded.trace_id`,
    [flow, wanted.map((w) => w.sourceId), wanted.map((w) => w.externalKey), code, reason, presentTrace()],
  );
}

/** Marks records as pending, because somebody has answered about them. A delivery that is on its way does not count. */
export async function markGoingOn(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  code: string,
  reason: string,
): Promise<void> {
  await sql.query(
    `update link set requests = requests + 1, state = 'pending', code = $3, reason = $4, since = now(), next_at = null
     where flow = $1 and source_id = any($2::text[])`,
    [flow, sourceIds, code, reason],
  );
}

/** Gives up the pair of a record whose ERP record is gone, so that a redrive creates it again. */
export async function unlinkTargets(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  await sql.query(
    'update link set target_id = null, fingerprint = null where flow = $1 and source_id = any($2::text[])',
    [flow, sourceIds],
  );
}
