import type { Value } from '../connector/value.ts';
import type { Sql } from './database.ts';

/** What is to be written back, for a batch of records. */
export type WriteBackWish = {
  readonly sourceId: string;
  readonly wish: { readonly [field: string]: Value } | null;
  readonly written: { readonly [field: string]: Value } | null;
  /** Whether the record was merged away. The CRM would take what is written on it for the one that survives. */
  readonly merged: boolean;
};

export async function loadWriteBacks(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
): Promise<WriteBackWish[]> {
  const { rows } = await sql.query<WriteBackWish>(
    `select source_id as "sourceId", write_back as wish, written_back as written, state = 'removed' and merged_into is not null as merged from link where flow = $1 and source_id = any($2::text[])`,
    [flow, sourceIds],
  );
  return rows;
}

/**
 * Notes what the CRM records hold now, in id order. Gives the ids whose wish has changed meanwhile: they are to be
 * written back once more.
 */
export async function saveWrittenBack(
  sql: Sql,
  flow: string,
  written: readonly WriteBackWish[],
): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string; stale: boolean }>(
    `update link l set written_back = w.wish
     from (select l.source_id, w.wish from unnest($2::text[], $3::jsonb[]) as w (source_id, wish)
       join link l on l.flow = $1 and l.source_id = w.source_id order by l.source_id for update of l) as w
     where l.flow = $1 and l.source_id = w.source_id returning l.source_id, l.write_back is distinct from w.wish as stale`,
    [flow, written.map((w) => w.sourceId), written.map((w) => JSON.stringify(w.wish))],
  );
  return rows.filter((row) => row.stale).map((row) => row.source_id);
}

/**
 * Has what was written back on CRM records written once more: a write to a record that was merged into one of them may
 * have come after it. Gives the ids that have something to be written.
 */
export async function forgetWrittenBack(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    `update link l set written_back = null from (select source_id from link where flow = $1 and source_id = any($2::text[]) order by source_id for update) as own
     where l.flow = $1 and l.source_id = own.source_id and l.write_back is not null and l.state <> 'removed' returning l.source_id`,
    [flow, sourceIds],
  );
  return rows.map((row) => row.source_id);
}
