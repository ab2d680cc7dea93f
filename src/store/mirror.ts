import { presentTrace } from '../connector/trace.ts';
import type { SourceRecord } from '../connector/value.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';

/** What a page says of one record, ready to be mirrored. */
export type Sighting = {
  readonly sourceId: string;
  readonly fingerprint: Buffer;
  readonly record: SourceRecord | null;
  readonly modifiedAt: string;
  readonly deleted: boolean;
  readonly mergedInto: string | null;
  /** The trace of what brought it; that of the work that mirrors it unless given. */
  readonly traceId?: string | null;
};

/**
 * Takes the newest state of each record and gives back the ids that really changed. A record that was read again
 * unchanged costs nothing, and a state older than the mirrored one is left aside when it comes from a listing, whose
 * index may lag; a record that was read by its id is taken as it is (one that was restored keeps its old stamp); with
 * `since`, the instant of the database from which it was read, unless something else has changed the row from then on.
 * Rows are locked in key order, so that intake and settle never deadlock.
 */
export async function mirrorSightings(
  sql: Sql,
  stream: Stream,
  sightings: readonly Sighting[],
  from: 'listing' | 'record' | { readonly since: Date } = 'listing',
): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>({
    name: 'mirror_sightings',
    text: `insert into mirror as m (connection, entity, source_id, fingerprint, record, modified_at, deleted, merged_into, changed_at, trace_id)
     select $1, $2, s.source_id, s.fingerprint, s.record, s.modified_at, s.deleted, s.merged_into, now(), s.trace_id
     from unnest($3::text[], $4::bytea[], $5::jsonb[], $6::timestamptz[], $7::boolean[], $8::text[], $11::text[])
       as s (source_id, fingerprint, record, modified_at, deleted, merged_into, trace_id)
     order by s.source_id
     on conflict (connection, entity, source_id) do update set
       version = m.version + 1, fingerprint = excluded.fingerprint, record = coalesce(excluded.record, m.record),
       modified_at = excluded.modified_at, deleted = excluded.deleted, merged_into = excluded.merged_into, changed_at = excluded.changed_at,
       trace_id = excluded.trace_id
       where m.fingerprint <> excluded.fingerprint and ($9 or excluded.modified_at >= m.modified_at) and ($10::timestamptz is null or m.changed_at < $10)
     returning source_id`,
    values: [
      stream.connection,
      stream.entity,
      sightings.map((s) => s.sourceId),
      sightings.map((s) => s.fingerprint),
      sightings.map((s) => (s.record === null ? null : JSON.stringify(s.record))),
      sightings.map((s) => s.modifiedAt),
      sightings.map((s) => s.deleted),
      sightings.map((s) => s.mergedInto),
      from !== 'listing',
      typeof from === 'object' ? from.since : null,
      sightings.map((s) => (s.traceId === undefined ? presentTrace() : s.traceId)),
    ],
  });
  return rows.map((row) => row.source_id);
}

/**
 * Locks the mirror rows in key order and gives their versions. The settle transaction calls it before it reads or
 * writes anything else: a change that arrives meanwhile then waits, and one that came before is seen.
 */
export async function lockMirrorVersions(
  sql: Sql,
  stream: Stream,
  sourceIds: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql.query<{ source_id: string; version: string }>({
    name: 'lock_mirror',
    text: `select source_id, version from mirror where connection = $1 and entity = $2 and source_id = any($3::text[])
           order by source_id for update`,
    values: [stream.connection, stream.entity, sourceIds],
  });
  return new Map(rows.map((row) => [row.source_id, row.version]));
}

/** Which of these records are mirrored, whatever became of them. */
export async function mirroredOf(sql: Sql, stream: Stream, sourceIds: readonly string[]): Promise<string[]> {
  return idsWhere(sql, 'true', [stream.connection, stream.entity, sourceIds]);
}

/** Which of these records something has changed in the mirror from an instant of the database on. */
export async function changedSince(
  sql: Sql,
  stream: Stream,
  sourceIds: readonly string[],
  since: Date,
): Promise<string[]> {
  return idsWhere(sql, 'changed_at >= $4', [stream.connection, stream.entity, sourceIds, since]);
}

async function idsWhere(sql: Sql, condition: string, values: unknown[]): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    `select source_id from mirror where connection = $1 and entity = $2 and source_id = any($3::text[]) and ${condition}`,
    values,
  );
  return rows.map((row) => row.source_id);
}

/** Records of a stream that are there, in id order, a page at a time; with `since`, only those that changed in the source from then on. */
export async function pageOfMirrored(
  sql: Sql,
  stream: Stream,
  after: string,
  limit: number,
  since: Date | null,
): Promise<{ readonly sourceId: string; readonly record: SourceRecord | null }[]> {
  const { rows } = await sql.query<{ sourceId: string; record: SourceRecord | null }>(
    `select source_id as "sourceId", record from mirror where connection = $1 and entity = $2 and source_id > $3
       and not deleted and merged_into is null and ($5::timestamptz is null or modified_at >= $5) order by source_id limit $4`,
    [stream.connection, stream.entity, after, limit, since],
  );
  return rows;
}
