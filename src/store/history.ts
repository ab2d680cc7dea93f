import { presentTrace } from '../connector/trace.ts';
import type { Sql } from './database.ts';

/** One thing that happened to a record. `message` is a sentence; it holds no payload. */
export type HistoryEntry = {
  readonly sourceId: string;
  readonly event: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly version: string | null;
  readonly targetId: string | null;
  readonly mappingHash: string | null;
};

export async function addHistory(
  sql: Sql,
  flow: string,
  runId: string | null,
  entries: readonly HistoryEntry[],
): Promise<void> {
  await sql.query({
    name: 'add_history',
    text: `insert into history (flow, source_id, at, run_id, event, code, message, version, target_id, mapping_hash, trace_id)
     select $1, h.source_id, now(), $2, h.event, h.code, h.message, h.version, h.target_id, h.mapping_hash, $10
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[])
       as h (source_id, event, code, message, version, target_id, mapping_hash)`,
    values: [
      flow,
      runId,
      entries.map((e) => e.sourceId),
      entries.map((e) => e.event),
      entries.map((e) => e.code),
      entries.map((e) => e.message),
      entries.map((e) => e.version),
      entries.map((e) => e.targetId),
      entries.map((e) => e.mappingHash),
      presentTrace(),
    ],
  });
}

/** Hash of the mapping that made the newest delivery of a record, or null when it was never delivered. */
export async function lastDeliveryMapping(sql: Sql, flow: string, sourceId: string): Promise<string | null> {
  const { rows } = await sql.query<{ hash: string | null }>(
    `select mapping_hash as hash from history where flow = $1 and source_id = $2 and event in ('created', 'updated') order by id desc limit 1`,
    [flow, sourceId],
  );
  return rows[0]?.hash ?? null;
}

export type HistoryReport = HistoryEntry & {
  readonly at: Date;
  readonly runId: string | null;
  /** The trace that the calls of this event bore. */
  readonly traceId: string | null;
};

/** The newest entries of one record, newest first. */
export async function readHistory(
  sql: Sql,
  flow: string,
  sourceId: string,
  limit: number,
): Promise<HistoryReport[]> {
  const { rows } = await sql.query<HistoryReport>(
    `select source_id as "sourceId", at, run_id as "runId", event, code, message, version, target_id as "targetId", mapping_hash as "mappingHash",
       trace_id as "traceId"
     from history where flow = $1 and source_id = $2 order by id desc limit $3`,
    [flow, sourceId, limit],
  );
  return rows;
}
