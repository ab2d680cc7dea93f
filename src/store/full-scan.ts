import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';

/** Claims the full scan of a stream for one process. False while another one is at it. */
export async function claimFullScan(
  sql: Sql,
  stream: Stream,
  scanner: string,
  leaseSeconds: number,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `insert into full_scan as f (connection, entity, scanner, scanner_until) values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (connection, entity) do update set scanner = excluded.scanner, scanner_until = excluded.scanner_until
       where f.scanner is null or f.scanner = excluded.scanner or f.scanner_until < now()`,
    [stream.connection, stream.entity, scanner, leaseSeconds],
  );
  return rowCount === 1;
}

/** Gives the full scan back; `finished` when everything was listed and looked at. */
export async function releaseFullScan(
  sql: Sql,
  stream: Stream,
  scanner: string,
  finished: boolean,
): Promise<void> {
  await sql.query(
    `update full_scan set scanner = null, scanner_until = null, finished_at = case when $4 then now() else finished_at end
     where connection = $1 and entity = $2 and scanner = $3`,
    [stream.connection, stream.entity, scanner, finished],
  );
}

/** Whether the last finished full scan of a stream is longer ago than that. */
export async function isFullScanDue(sql: Sql, stream: Stream, everySeconds: number): Promise<boolean> {
  const { rowCount } = await sql.query(
    `select from full_scan where connection = $1 and entity = $2 and finished_at > now() - make_interval(secs => $3)`,
    [stream.connection, stream.entity, everySeconds],
  );
  return rowCount === 0;
}

/** What a full scan compares its listing with. */
export type Mirrored = { readonly sourceId: string; readonly version: string; readonly deleted: boolean };

/** The instant from which on the mirror may know of records that a listing begun now does not. */
export async function databaseNow(sql: Sql): Promise<Date> {
  const { rows } = await sql.query<{ now: Date }>('select now()');
  const row = rows[0];
  if (row === undefined) throw new Error('a select gave back no row');
  return row.now;
}

/**
 * Records of a stream that did not change since an instant, in id order, a page at a time. Left out are those that were
 * merged away, and those about whose absence a person is asked or has decided.
 */
export async function pageOfUnchanged(
  sql: Sql,
  flow: string,
  stream: Stream,
  since: Date,
  after: string,
  limit: number,
): Promise<Mirrored[]> {
  const { rows } = await sql.query<Mirrored>(
    `select m.source_id as "sourceId", m.version, m.deleted from mirror m where m.connection = $2 and m.entity = $3 and m.source_id > $5
       and m.merged_into is null and m.changed_at < $4
       and not exists (select from due d where d.flow = $1 and d.source_id = m.source_id and d.kind = 'absence' and d.version = m.version)
     order by m.source_id limit $6`,
    [flow, stream.connection, stream.entity, since, after, limit],
  );
  return rows;
}
