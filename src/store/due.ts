import type { Sql } from './database.ts';

/** What is counted before any of it is carried out, each kind with a ceiling of its own. */
export type DueKind = 'removal' | 'change' | 'absence';

/** One record of which something is due, in the state of the record that it was decided about. */
export type DueRecord = {
  readonly sourceId: string;
  /** Why, in a word: deleted, left, merged, changed, absent. */
  readonly what: string;
  readonly version: string;
};

/** For how long what was carried out still counts. */
const countsFor = "interval '1 hour'";

/** Notes what is due. What was noted of the records before is forgotten, and so is what no longer counts. */
export async function noteDue(
  sql: Sql,
  flow: string,
  kind: DueKind,
  records: readonly DueRecord[],
  runId: string | null = null,
): Promise<void> {
  if (records.length === 0) return;
  await sql.query(`delete from due where flow = $1 and done_at < now() - ${countsFor}`, [flow]);
  await sql.query(
    `insert into due (flow, kind, run_id, noted_at, source_id, what, version)
     select $1, $2, $3, now(), d.* from unnest($4::text[], $5::text[], $6::bigint[]) as d order by 5
     on conflict (flow, source_id) do update set kind = excluded.kind, what = excluded.what, version = excluded.version, noted_at = excluded.noted_at,
       run_id = excluded.run_id, answer = null, answered_by = null, answered_at = null, done_at = null`,
    [
      flow,
      kind,
      runId,
      records.map((record) => record.sourceId),
      records.map((record) => record.what),
      records.map((record) => record.version),
    ],
  );
}

/**
 * How many are due at once: those that are counted, those that a person was asked about and has not answered, and
 * those that were carried out without asking within the hour.
 */
export async function countDue(sql: Sql, flow: string, kind: DueKind): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `select count(*)::int as count from due where flow = $1 and kind = $2 and answer is null and (done_at is null or done_at > now() - ${countsFor})`,
    [flow, kind],
  );
  return rows[0]?.count ?? 0;
}

/** How many records of a flow have an ERP record. */
export async function countLinked(sql: Sql, flow: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    "select count(*)::int as count from link where flow = $1 and target_id is not null and state <> 'removed'",
    [flow],
  );
  return rows[0]?.count ?? 0;
}

/** Makes a question of everything that is counted and not carried out: `approve` of that run answers it. */
export async function askAbout(sql: Sql, flow: string, kind: DueKind, runId: string): Promise<void> {
  await sql.query(
    'update due set run_id = $3 where flow = $1 and kind = $2 and run_id is null and answer is null and done_at is null',
    [flow, kind, runId],
  );
}

/** Notes that what was due has been carried out: it counts for an hour more, unless a person had approved it. */
export async function finishDue(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await sql.query(
    `with approved as (delete from due where flow = $1 and source_id = any($2::text[]) and answer is not null)
     update due set done_at = now(), run_id = null where flow = $1 and source_id = any($2::text[]) and answer is null`,
    [flow, sourceIds],
  );
}

/** Forgets what was due of records that are decided otherwise by now. */
export async function forgetDue(sql: Sql, flow: string, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  await sql.query('delete from due where flow = $1 and source_id = any($2::text[])', [flow, sourceIds]);
}

/** What one run asked about, and nobody has answered. */
export type Question = {
  readonly runId: string;
  readonly flow: string;
  readonly kind: DueKind;
  readonly count: number;
  readonly since: Date;
  /** How many there are of each reason. */
  readonly reasons: { readonly [what: string]: number };
  /** Some of the records, in id order. */
  readonly sample: readonly string[];
};

/** The open questions, oldest first; of one run, or of one flow, or all. */
export async function listQuestions(
  sql: Sql,
  of: { readonly runId?: string; readonly flow?: string } = {},
): Promise<Question[]> {
  const { rows } = await sql.query<Question>(
    `select run_id as "runId", flow, kind, sum(count)::int as count, min(since) as since, jsonb_object_agg(what, count) as reasons,
       (select array_agg(source_id) from (select source_id from due s where s.run_id = d.run_id and s.flow = d.flow and s.kind = d.kind and s.answer is null
         order by source_id limit 10) as few) as sample
     from (select run_id, flow, kind, what, count(*) as count, min(noted_at) as since from due
       where run_id is not null and answer is null and ($1::bigint is null or run_id = $1) and ($2::text is null or flow = $2) group by 1, 2, 3, 4) as d
     group by run_id, flow, kind order by run_id, kind`,
    [of.runId ?? null, of.flow ?? null],
  );
  return rows;
}

/** The records that a run asked about, in id order. */
export async function askedIn(
  sql: Sql,
  runId: string,
  kind: DueKind,
): Promise<{ readonly sourceId: string; readonly version: string }[]> {
  const { rows } = await sql.query<{ sourceId: string; version: string }>(
    'select source_id as "sourceId", version from due where run_id = $1 and kind = $2 and answer is null order by source_id',
    [runId, kind],
  );
  return rows;
}

/** Answers for records that a run asked about. Gives the ids for which the question was still open. */
export async function answerDue(
  sql: Sql,
  runId: string,
  sourceIds: readonly string[],
  answer: 'approved' | 'refused',
  by: string,
): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    `update due set answer = $3, answered_by = $4, answered_at = now()
     where run_id = $1 and source_id = any($2::text[]) and answer is null returning source_id`,
    [runId, sourceIds, answer, by],
  );
  return rows.map((row) => row.source_id);
}

/** Takes back the questions that later runs asked about the rest, so that these are counted anew. Gives their ids. */
export async function countAnew(sql: Sql, flow: string, kind: DueKind): Promise<string[]> {
  const { rows } = await sql.query<{ source_id: string }>(
    `update due set run_id = null where flow = $1 and kind = $2 and run_id is not null and answer is null and done_at is null returning source_id`,
    [flow, kind],
  );
  return rows.map((row) => row.source_id).sort();
}
