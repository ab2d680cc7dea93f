import type { FieldFault } from '../connector/fault.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';
import type { Payload } from './payload.ts';

/** What is kept of a record when it is put aside. */
export type Letter = {
  readonly sourceId: string;
  /** Names the cause: equal for all letters that one cause has made. */
  readonly group: string;
  readonly code: string;
  /** The first field at fault; empty where it is the record as a whole. */
  readonly field: string;
  /** The message without what is this record's own. */
  readonly cause: string;
  readonly message: string;
  readonly fields: readonly FieldFault[];
  readonly payload: Payload | null;
  readonly attempts: number;
  readonly version: string;
  readonly targetId: string | null;
  readonly mappingHash: string | null;
};

/** A letter's own name: a record that dies again is another letter. */
export type LetterId = { readonly sourceId: string; readonly id: string };

/** Keeps letters, in the caller's transaction and in one statement. One that is there already stays as it is. */
export async function keepLetters(sql: Sql, flow: string, letters: readonly Letter[]): Promise<LetterId[]> {
  if (letters.length === 0) return [];
  const { rows } = await sql.query<LetterId>({
    name: 'keep_letters',
    text: `insert into dead_letter (flow, source_id, group_id, code, field, cause, message, fields, payload, attempts, version, target_id, mapping_hash, failed_at)
     select $1, d.*, now() from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::integer[],
       $11::bigint[], $12::text[], $13::text[]) as d on conflict (flow, source_id) do nothing returning source_id as "sourceId", id`,
    values: [
      flow,
      letters.map((letter) => letter.sourceId),
      letters.map((letter) => letter.group),
      letters.map((letter) => letter.code),
      letters.map((letter) => letter.field),
      letters.map((letter) => letter.cause),
      letters.map((letter) => letter.message),
      letters.map((letter) => (letter.fields.length === 0 ? null : JSON.stringify(letter.fields))),
      letters.map((letter) => letter.payload && JSON.stringify(letter.payload)),
      letters.map((letter) => letter.attempts),
      letters.map((letter) => letter.version),
      letters.map((letter) => letter.targetId),
      letters.map((letter) => letter.mappingHash),
    ],
  });
  return rows;
}

/** A letter as it was kept. */
export type KeptLetter = Omit<Letter, 'payload'> & {
  readonly id: string;
  readonly failedAt: Date;
  readonly payload: Payload | null;
};

/** The letter of one record, or null when it has none. */
export async function readLetter(sql: Sql, flow: string, sourceId: string): Promise<KeptLetter | null> {
  const { rows } = await sql.query<Omit<KeptLetter, 'payload'> & { payload: string | null }>(
    `select source_id as "sourceId", id, group_id as "group", code, field, cause, message, coalesce(fields, '[]'::jsonb) as fields, payload, attempts,
       version, target_id as "targetId", mapping_hash as "mappingHash", failed_at as "failedAt" from dead_letter where flow = $1 and source_id = $2`,
    [flow, sourceId],
  );
  const [row] = rows;
  return row === undefined
    ? null
    : { ...row, payload: row.payload === null ? null : (JSON.parse(row.payload) as Payload) };
}

/**
 * A letter counts while its record is dead and has not changed since. The lateral joins with a limit hold the planner to
 * one index probe for each letter, as in `loadStandings`.
 */
const standing = `dead_letter d
  join lateral (select * from link where flow = d.flow and source_id = d.source_id limit 1) l on l.state = 'dead'
  join lateral (select * from mirror where connection = $2 and entity = $3 and source_id = d.source_id limit 1) m on l.version >= m.version`;

/** All letters of one cause. */
export type LetterGroup = {
  readonly group: string;
  readonly code: string;
  readonly field: string;
  readonly message: string;
  readonly count: number;
  readonly oldest: Date;
  readonly newest: Date;
  /** The id of the oldest one. */
  readonly sample: string;
};

/** The letters of a flow by their cause, the most frequent first. */
export async function groupLetters(sql: Sql, flow: string, stream: Stream): Promise<LetterGroup[]> {
  const { rows } = await sql.query<LetterGroup>(
    `select d.group_id as "group", min(d.code) as code, min(d.field) as field, min(d.cause) as message, count(*)::int as count,
       min(l.since) as oldest, max(l.since) as newest, (array_agg(d.source_id order by l.since, d.source_id))[1] as sample
     from ${standing} where d.flow = $1 group by d.group_id order by count(*) desc, d.group_id`,
    [flow, stream.connection, stream.entity],
  );
  return rows;
}

/** What letters must have in common; null leaves it open. */
export type LetterFilter = {
  readonly ids: readonly string[] | null;
  readonly group: string | null;
  readonly code: string | null;
  /** One of the fields at fault. */
  readonly field: string | null;
  /** Put aside before this instant. */
  readonly before: Date | null;
};

/** A letter in a listing. */
export type ListedLetter = LetterId & {
  readonly group: string;
  readonly code: string;
  readonly reason: string;
  readonly fields: readonly FieldFault[];
  readonly since: Date;
  readonly targetId: string | null;
  readonly record: unknown;
};

/** A page of letters; `after` is where the next one goes on, or null at the end. */
export type LetterPage = { readonly letters: readonly ListedLetter[]; readonly after: string | null };

/**
 * Letters of a flow that pass the filter, in id order, a page at a time; with the source records where they are asked
 * for. The page is cut before links and mirror are looked at, so that each is looked at once; it may hold fewer for it.
 */
export async function pageOfLetters(
  sql: Sql,
  flow: string,
  stream: Stream,
  filter: LetterFilter,
  page: { readonly after: string; readonly limit: number; readonly withRecords: boolean },
): Promise<LetterPage> {
  const { rows } = await sql.query<ListedLetter & { readonly stands: boolean }>(
    `select d.source_id as "sourceId", d.id, d.group_id as "group", d.code, d.message as reason, coalesce(d.fields, '[]'::jsonb) as fields, l.since,
       l.target_id as "targetId", case when $11 then m.record end as record,
       coalesce(l.state = 'dead' and l.version >= m.version and ($9::timestamptz is null or l.since < $9), false) as stands
     from (select * from dead_letter where flow = $1 and source_id > $4 and ($5::text[] is null or source_id = any($5)) and ($6::text is null or group_id = $6)
         and ($7::text is null or code = $7) and ($8::text is null or field = $8 or fields @> jsonb_build_array(jsonb_build_object('field', $8::text)))
       order by source_id limit $10) d
     left join lateral (select * from link where flow = d.flow and source_id = d.source_id limit 1) l on true
     left join lateral (select * from mirror where connection = $2 and entity = $3 and source_id = d.source_id limit 1) m on true
     order by d.source_id`,
    [
      flow,
      stream.connection,
      stream.entity,
      page.after,
      filter.ids,
      filter.group,
      filter.code,
      filter.field,
      filter.before,
      page.limit,
      page.withRecords,
    ],
  );
  const letters = rows.filter(({ stands }) => stands).map(({ stands: _stands, ...letter }) => letter);
  return { letters, after: rows.length < page.limit ? null : (rows.at(-1)?.sourceId ?? null) };
}

/** A letter whose link is locked: nothing becomes of its record until the transaction ends. */
export type LockedLetter = LetterId & { readonly version: string; readonly code: string | null };

/** Locks the links of records that are dead now, in id order. The caller has locked their mirror rows before. */
export async function lockLetters(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
): Promise<LockedLetter[]> {
  const { rows } = await sql.query<LockedLetter>(
    `select d.source_id as "sourceId", d.id, l.version, l.code from dead_letter d join link l on l.flow = d.flow and l.source_id = d.source_id
     where d.flow = $1 and d.source_id = any($2::text[]) and l.state = 'dead' order by d.source_id for update of l`,
    [flow, sourceIds],
  );
  return rows;
}

/** Marks dead records as left out by a person. The next change of the source record is carried as any other. */
export async function markDropped(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  reason: string,
): Promise<void> {
  await sql.query(
    `update link set state = 'skipped', code = 'dropped', reason = $3, fields = null, since = now(), next_at = null, attempts = 0
     where flow = $1 and source_id = any($2::text[]) and state = 'dead'`,
    [flow, sourceIds, reason],
  );
}
