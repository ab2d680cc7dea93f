import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';
import { oursColumn, type Standing } from './link.ts';

/** How a record stands in one flow, with all that an audit wants to know of it. */
export type AuditRow = Standing & {
  /** Of the mirrored record. */
  readonly print: Buffer;
  readonly modifiedAt: Date;
  readonly changedAt: Date;
  /** Since when it is in its state; null for a record that the flow has not decided about yet. */
  readonly since: Date | null;
  readonly deliveredAt: Date | null;
  /** A job carries it at this moment. */
  readonly live: boolean;
  /** It is parked, and no record that it waits for is missing. */
  readonly waitsForNothing: boolean;
};

export type AuditScope = { readonly flow: string; readonly queue: string; readonly stream: Stream };

/** Joins by probes of an index for each record, as `loadStandings` does. */
const rowsOf = (mirrored: string): string =>
  `select m.source_id as "sourceId", m.version, m.record, m.deleted, m.merged_into as "mergedInto", m.fingerprint as print,
     m.modified_at as "modifiedAt", m.changed_at as "changedAt", (l.source_id is null or l.version < m.version) as behind,
     l.target_id as "targetId", coalesce(l.external_key, i.external_key) as "externalKey", l.state, l.code, l.reason, coalesce(l.attempts, 0) as attempts,
     coalesce(l.requests, 0) as requests, l.fingerprint, i.fingerprint as intent, false as wished, l.mapping_hash as "mappingHash", ${oursColumn}, null as due,
     l.since, l.delivered_at as "deliveredAt", coalesce(j.live, false) as live,
     coalesce(l.state = 'waiting' and (w.parked is null or exists (select from waiting x join link p on p.flow = x.parent_flow and p.source_id = x.parent_id
       where x.flow = $1 and x.source_id = m.source_id and p.target_id is not null and p.state <> 'removed')), false) as "waitsForNothing"
   from (${mirrored}) m
   left join lateral (select * from link where flow = $1 and source_id = m.source_id limit 1) l on true
   left join lateral (select * from intent where flow = $1 and source_id = m.source_id limit 1) i on true
   left join lateral (select true as parked from waiting where flow = $1 and source_id = m.source_id limit 1) w on true
   left join lateral (select true as live from causeway_jobs.job where name = $2 and coalesce(singleton_key, '') = m.source_id
     and state <= 'active' and policy = 'exclusive' limit 1) j on true
   order by m.source_id`;

/** The records of a stream in id order, a page at a time; with `since`, those that changed in the source from then on. */
export async function pageForAudit(
  sql: Sql,
  { flow, queue, stream }: AuditScope,
  page: { readonly after: string; readonly limit: number; readonly since: Date | null },
): Promise<AuditRow[]> {
  const { rows } = await sql.query<AuditRow>({
    name: 'page_for_audit',
    text: rowsOf(
      `select * from mirror where connection = $3 and entity = $4 and source_id > $5
         and ($7::timestamptz is null or modified_at >= $7) order by source_id limit $6`,
    ),
    values: [flow, queue, stream.connection, stream.entity, page.after, page.limit, page.since],
  });
  return rows;
}

/** The same for certain records; one that is not mirrored is left out. */
export async function rowsForAudit(
  sql: Sql,
  { flow, queue, stream }: AuditScope,
  sourceIds: readonly string[],
): Promise<Map<string, AuditRow>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await sql.query<AuditRow>({
    name: 'rows_for_audit',
    text: rowsOf(
      'select * from mirror where connection = $3 and entity = $4 and source_id = any($5::text[])',
    ),
    values: [flow, queue, stream.connection, stream.entity, sourceIds],
  });
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** Fingerprints of mirrored records that are there; one that is deleted or merged counts as not mirrored. */
export async function mirroredPrints(
  sql: Sql,
  stream: Stream,
  sourceIds: readonly string[],
): Promise<Map<string, Buffer>> {
  const { rows } = await sql.query<{ id: string; print: Buffer }>({
    name: 'mirrored_prints',
    text: `select source_id as id, fingerprint as print from mirror
           where connection = $1 and entity = $2 and source_id = any($3::text[]) and not deleted and merged_into is null`,
    values: [stream.connection, stream.entity, sourceIds],
  });
  return new Map(rows.map(({ id, print }) => [id, print]));
}

/** A pair of source record and ERP record, as it stands in one flow. */
export type LinkedPair = {
  readonly flow: string;
  readonly sourceId: string;
  readonly targetId: string | null;
  readonly externalKey: string;
  readonly state: string;
  readonly code: string | null;
};

const pair = `l.flow, l.source_id as "sourceId", l.target_id as "targetId", l.external_key as "externalKey", l.state, l.code`;

/** The pairs of a flow that name one of the source records or one of the ERP records. */
export async function pairsOf(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  targetIds: readonly string[],
): Promise<LinkedPair[]> {
  const { rows } = await sql.query<LinkedPair>({
    name: 'pairs_of',
    text: `select ${pair} from unnest($2::text[]) as ids (id)
             join lateral (select * from link where flow = $1 and source_id = ids.id limit 1) l on true
           union select ${pair} from unnest($3::text[]) as ids (id)
             join lateral (select * from link where flow = $1 and target_id = ids.id) l on true`,
    values: [flow, sourceIds, targetIds],
  });
  return rows;
}

/** Which of the source records have a committed create whose outcome is not settled. */
export async function intended(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql.query<{ id: string }>(
    'select source_id as id from intent where flow = $1 and source_id = any($2::text[])',
    [flow, sourceIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * ERP records that several source records stand for, in any of the flows (all those that write one entity), with the
 * records of `flow` among them first. With `since`, where one of them changed in the source from then on.
 */
export async function sharedTargets(
  sql: Sql,
  flow: string,
  flows: readonly string[],
  stream: Stream,
  since: Date | null,
): Promise<{ readonly targetId: string; readonly holders: readonly string[] }[]> {
  const { rows } = await sql.query<{ targetId: string; holders: string[] }>(
    `select l.target_id as "targetId", array_agg(case when l.flow = $1 then l.source_id else l.flow || ' ' || l.source_id end
         order by l.flow <> $1, l.flow, l.source_id) as holders
     from link l where l.flow = any($2::text[]) and l.target_id is not null and l.state <> 'removed' group by l.target_id
     having count(*) > 1 and bool_or(l.flow = $1 and ($5::timestamptz is null or exists (select from mirror m
       where m.connection = $3 and m.entity = $4 and m.source_id = l.source_id and m.modified_at >= $5))) order by 1`,
    [flow, flows, stream.connection, stream.entity, since],
  );
  return rows;
}

/** Whether a run of the flow ever came to its end: until then its records have no jobs, and nothing is late. */
export async function everRan(sql: Sql, flow: string): Promise<boolean> {
  const { rows } = await sql.query('select from run where flow = $1 and finished_at is not null limit 1', [
    flow,
  ]);
  return rows.length > 0;
}
