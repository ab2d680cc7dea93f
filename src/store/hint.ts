import type { Hint } from '../connector/webhook.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';

/** Keeps hints until their records have been read again, each record once. Rows are locked in key order. */
export async function keepHints(
  sql: Sql,
  connection: string,
  hints: readonly Hint[],
  traceId: string | null,
): Promise<void> {
  if (hints.length === 0) return;
  await sql.query({
    name: 'keep_hints',
    text: `insert into hint as h (connection, entity, source_id, trace_id)
     select distinct $1, t.entity, t.source_id, $4 from unnest($2::text[], $3::text[]) as t (entity, source_id) order by 2, 3
     on conflict (connection, entity, source_id) do update set seen = h.seen + 1, trace_id = excluded.trace_id`,
    values: [connection, hints.map(({ entity }) => entity), hints.map(({ id }) => id), traceId],
  });
}

const free = '(reader_until is null or reader_until < now())';

/** The streams of which a record waits to be read. */
export async function hintedStreams(sql: Sql): Promise<Stream[]> {
  const { rows } = await sql.query<Stream>({
    name: 'hinted_streams',
    text: `select distinct connection, entity from hint where ${free} order by 1, 2`,
  });
  return rows;
}

export type ClaimedHint = {
  readonly sourceId: string;
  readonly seen: string;
  readonly traceId: string | null;
};

/** Hints that one reader has claimed, and when: what is read from then on is newer than everything that was mirrored before. */
export type ClaimedHints = { readonly hints: readonly ClaimedHint[]; readonly since: Date };

/**
 * Claims the oldest hints of a stream for one reader; those that another has are passed over. A reader that dies is
 * replaced when its claim ends.
 */
export async function claimHints(
  sql: Sql,
  stream: Stream,
  claim: { readonly reader: string; readonly seconds: number; readonly limit: number },
): Promise<ClaimedHints> {
  const { rows } = await sql.query<ClaimedHint & { at: Date }>({
    name: 'claim_hints',
    // An array is made once. A join may ask for the rows to be locked again and again, each time others.
    text: `update hint h set reader = $3, reader_until = now() + make_interval(secs => $4)
     where h.connection = $1 and h.entity = $2 and h.source_id = any(array(
       select source_id from hint where connection = $1 and entity = $2 and ${free} order by since, source_id limit $5 for update skip locked))
     returning h.source_id as "sourceId", h.seen, h.trace_id as "traceId", now() as at`,
    values: [stream.connection, stream.entity, claim.reader, claim.seconds, claim.limit],
  });
  return {
    hints: rows.map(({ sourceId, seen, traceId }) => ({ sourceId, seen, traceId })),
    since: rows[0]?.at ?? new Date(0),
  };
}

/** Ends hints whose records have been read; one that was said again meanwhile stays, free to be claimed. */
export async function endHints(sql: Sql, stream: Stream, read: readonly ClaimedHint[]): Promise<void> {
  const values = [
    stream.connection,
    stream.entity,
    read.map(({ sourceId }) => sourceId),
    read.map(({ seen }) => seen),
  ];
  const these = `(select h.source_id, h.seen > r.seen as again from unnest($3::text[], $4::bigint[]) as r (source_id, seen)
     join hint h on h.connection = $1 and h.entity = $2 and h.source_id = r.source_id order by h.source_id for update of h)`;
  await sql.query({
    name: 'end_hints',
    text: `with these as ${these},
       said as (update hint h set reader = null, reader_until = null from these t
         where h.connection = $1 and h.entity = $2 and h.source_id = t.source_id and t.again)
     delete from hint h using these t where h.connection = $1 and h.entity = $2 and h.source_id = t.source_id and not t.again`,
    values,
  });
}

/** Gives back what a reader has claimed and not read. */
export async function releaseHints(sql: Sql, stream: Stream, reader: string): Promise<void> {
  await sql.query(
    'update hint set reader = null, reader_until = null where connection = $1 and entity = $2 and reader = $3',
    [stream.connection, stream.entity, reader],
  );
}

/** How many records wait to be read for each connection, and since when the oldest does. */
export async function hintsWaiting(
  sql: Sql,
): Promise<{ readonly connection: string; readonly count: number; readonly oldest: Date }[]> {
  const { rows } = await sql.query<{ connection: string; count: number; oldest: Date }>(
    'select connection, count(*)::int as count, min(since) as oldest from hint group by 1 order by 1',
  );
  return rows;
}
