import type { Cursor } from '../connector/contract.ts';
import type { Sql } from './database.ts';

/** One stream of changes: detection belongs to a connection and an entity, not to a flow. */
export type Stream = { readonly connection: string; readonly entity: string };

export type CursorRow = {
  readonly position: Cursor | null;
  /** Counts the pages committed; a page is committed only over the revision that it was read from. */
  readonly revision: string;
};

/**
 * Claims the stream for one reader and gives its cursor, or null while another reader's lease runs.
 * A reader that dies is replaced when its lease ends.
 */
export async function claimStream(
  sql: Sql,
  stream: Stream,
  reader: string,
  leaseSeconds: number,
): Promise<CursorRow | null> {
  const { rows } = await sql.query<CursorRow>(
    `insert into source_cursor as c (connection, entity, reader, reader_until)
     values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (connection, entity) do update set reader = excluded.reader, reader_until = excluded.reader_until
       where c.reader is null or c.reader = excluded.reader or c.reader_until < now()
     returning position, revision`,
    [stream.connection, stream.entity, reader, leaseSeconds],
  );
  return rows[0] ?? null;
}

/** Gives the stream back, if this reader still has it. */
export async function releaseStream(sql: Sql, stream: Stream, reader: string): Promise<void> {
  await sql.query(
    'update source_cursor set reader = null, reader_until = null where connection = $1 and entity = $2 and reader = $3',
    [stream.connection, stream.entity, reader],
  );
}

/**
 * Moves the cursor over the revision that the page was read from, and extends the reader's lease.
 * False means that somebody else has moved it: the page must not be committed.
 */
export async function advanceCursor(
  sql: Sql,
  move: Stream & {
    revision: string;
    position: Cursor;
    watermark: string | null;
    caughtUp: boolean;
    leaseSeconds: number;
  },
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update source_cursor set position = $4, revision = revision + 1, moved_at = now(), watermark = coalesce($5::timestamptz, watermark),
       caught_up_at = case when $6 then now() else caught_up_at end, reader_until = now() + make_interval(secs => $7)
     where connection = $1 and entity = $2 and revision = $3`,
    [
      move.connection,
      move.entity,
      move.revision,
      JSON.stringify(move.position),
      move.watermark,
      move.caughtUp,
      move.leaseSeconds,
    ],
  );
  return rowCount === 1;
}

/**
 * Sets the cursor back. A reader that has a page in hand at this moment cannot commit it: the revision has moved on.
 * False when the stream was never read.
 */
export async function rewindCursor(
  sql: Sql,
  stream: Stream,
  position: Cursor | null,
  watermark: Date | null,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update source_cursor set position = $3, revision = revision + 1, watermark = case when $4::timestamptz is null then null else least(watermark, $4::timestamptz) end, caught_up_at = null
     where connection = $1 and entity = $2`,
    [stream.connection, stream.entity, position === null ? null : JSON.stringify(position), watermark],
  );
  return rowCount === 1;
}

export type CursorReport = Stream & {
  readonly position: Cursor | null;
  readonly watermark: Date | null;
  readonly caughtUpAt: Date | null;
  /** When a page was last committed. */
  readonly movedAt: Date | null;
  readonly revision: string;
};

/** Every cursor, for `causeway cursor show` and `status`. */
export async function listCursors(sql: Sql): Promise<CursorReport[]> {
  const { rows } = await sql.query<CursorReport>(
    `select connection, entity, position, watermark, caught_up_at as "caughtUpAt", moved_at as "movedAt", revision from source_cursor order by 1, 2`,
  );
  return rows;
}

/** Whether a reader is at work on the stream at this moment, so that more of its changes may be on their way. */
export async function isBeingRead(sql: Sql, stream: Stream): Promise<boolean> {
  const { rowCount } = await sql.query(
    'select from source_cursor where connection = $1 and entity = $2 and reader is not null and reader_until > now()',
    [stream.connection, stream.entity],
  );
  return rowCount === 1;
}
