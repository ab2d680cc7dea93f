import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';
import { oursColumn, type Standing } from './link.ts';

/**
 * The standings of a stream's records in one flow, in id order, a page at a time. The lateral joins with a limit hold
 * the planner to one index probe for each record, as in `loadStandings`.
 */
export async function pageOfStandings(
  sql: Sql,
  flow: string,
  stream: Stream,
  after: string,
  limit: number,
): Promise<Standing[]> {
  const { rows } = await sql.query<Standing>({
    name: 'page_of_standings',
    text: `select m.source_id as "sourceId", m.version, m.record, m.deleted, m.merged_into as "mergedInto", (l.source_id is null or l.version < m.version) as behind,
       l.target_id as "targetId", coalesce(l.external_key, i.external_key) as "externalKey", l.state, l.code, l.reason, coalesce(l.attempts, 0) as attempts,
       coalesce(l.requests, 0) as requests, l.fingerprint, i.fingerprint as intent, false as wished, l.mapping_hash as "mappingHash",
       ${oursColumn}, null as due
     from (select * from mirror where connection = $2 and entity = $3 and source_id > $4 order by source_id limit $5) m
     left join lateral (select * from link where flow = $1 and source_id = m.source_id limit 1) l on true
     left join lateral (select * from intent where flow = $1 and source_id = m.source_id limit 1) i on true
     order by m.source_id`,
    values: [flow, stream.connection, stream.entity, after, limit],
  });
  return rows;
}

/** How many records of a stream are mirrored. */
export async function countMirrored(sql: Sql, stream: Stream): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    'select count(*)::int as count from mirror where connection = $1 and entity = $2',
    [stream.connection, stream.entity],
  );
  return rows[0]?.count ?? 0;
}
