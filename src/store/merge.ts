import type { Reference } from '../mapping/mapping.ts';
import type { Stream } from './cursor.ts';
import type { Sql } from './database.ts';
import { forgetWrittenBack } from './write-back.ts';
import { raiseTasks } from './task.ts';

/** A record that was merged away, and the one that it went into. */
export type Pair = { readonly loser: string; readonly survivor: string };

/** How far a chain of merges is followed; only a circle is longer. */
const longestChain = 50;

/**
 * Points the link of a merged-away record at the one that survives in the end, where that has none of its own, so that
 * a merge never creates; where it has, the ERP record of the loser stays and a task is raised for a person. Called
 * inside the intake transaction, when the mirror knows of the merge and before any job is inserted.
 */
export async function repointMerged(
  sql: Sql,
  flow: string,
  stream: Stream,
  pairs: readonly Pair[],
): Promise<void> {
  const last = await followChains(sql, stream, pairs);
  const values = [flow, last.map((pair) => pair.loser), last.map((pair) => pair.survivor)];
  // A survivor that is being created at this moment will have a record of its own.
  await sql.query(
    `insert into link (flow, source_id, external_key, target_id, version, state, code, reason, since, fingerprint, mapping_hash, delivered_at, ours)
     select distinct on (p.survivor) $1, p.survivor, l.external_key, l.target_id, 0, 'pending', 'merged', 'took over the ERP record of ' || p.loser, now(),
       l.fingerprint, l.mapping_hash, l.delivered_at, l.ours
     from unnest($2::text[], $3::text[]) as p (loser, survivor)
     join link l on l.flow = $1 and l.source_id = p.loser and l.target_id is not null and (l.state <> 'removed' or l.code = 'merged')
     where not exists (select from intent i where i.flow = $1 and i.source_id = p.survivor)
     order by p.survivor, l.delivered_at
     on conflict (flow, source_id) do update set target_id = excluded.target_id, external_key = excluded.external_key, fingerprint = excluded.fingerprint,
       ours = excluded.ours where link.target_id is null and link.state <> 'removed'`,
    values,
  );
  const { rows: stranded } = await sql.query<{ sourceId: string; about: string; sentence: string }>(
    `with marked as (
       update link l set state = 'removed', code = 'merged', merged_into = p.survivor, since = case when l.state = 'removed' then l.since else now() end, next_at = null,
         reason = 'was merged into ' || p.survivor || case when s.target_id is distinct from l.target_id and l.target_id is not null
           then '; its own ERP record ' || l.target_id || ' stays and needs a person' else '' end
       from unnest($2::text[], $3::text[]) as p (loser, survivor)
       join link o on o.flow = $1 and o.source_id = p.loser
       left join link s on s.flow = $1 and s.source_id = p.survivor
       where l.flow = $1 and l.source_id = p.loser
       returning l.source_id, l.target_id, p.survivor, s.target_id as kept, o.state = 'removed' and o.code = 'removed' as gone)
     select source_id as "sourceId", target_id as about, source_id || ' was merged into ' || survivor || ', and both have a record in the ERP: ' || target_id
       || ' stays beside ' || coalesce(kept, 'that of ' || survivor || ', which is being created') || '. Merge or remove it there.' as sentence
     from marked where target_id is not null and target_id is distinct from kept and not gone`,
    values,
  );
  // The loser's number may have been written on the survivor since the merge. The survivor has changed with it, and is
  // delivered anyway.
  await forgetWrittenBack(
    sql,
    flow,
    last.map((pair) => pair.survivor),
  );
  await raiseTasks(
    sql,
    flow,
    stranded.map((task) => ({ ...task, code: 'merged_twin' })),
  );
}

/** The pairs with the record that survives in the end: a survivor may have been merged away, too. */
async function followChains(sql: Sql, stream: Stream, pairs: readonly Pair[]): Promise<Pair[]> {
  const { rows } = await sql.query<Pair>(
    `with recursive chain (loser, survivor, depth) as (
       select p.*, 1 from unnest($3::text[], $4::text[]) as p
       union all
       select c.loser, m.merged_into, c.depth + 1 from chain c
       join mirror m on m.connection = $1 and m.entity = $2 and m.source_id = c.survivor and m.merged_into is not null
       where c.depth < ${longestChain} and m.merged_into <> c.loser)
     select distinct on (loser) loser, survivor from chain where loser <> survivor order by loser, depth desc`,
    [stream.connection, stream.entity, pairs.map((pair) => pair.loser), pairs.map((pair) => pair.survivor)],
  );
  return rows;
}

/** Where a reference to a merged-away record leads: to the record that survives, and to its ERP record, if it has one. */
export type Followed = Reference & { readonly survivor: string; readonly targetId: string | null };

/** Follows references to records that were merged away; gives those that lead elsewhere, all in one query. */
export async function followMerged(sql: Sql, references: readonly Reference[]): Promise<Followed[]> {
  const { rows } = await sql.query<Followed>({
    name: 'follow_merged',
    text: `with recursive chain (flow, id, survivor, target_id, depth) as (
       select r.flow, r.id, l.merged_into, null::text, 1 from (select distinct * from unnest($1::text[], $2::text[])) as r (flow, id)
       join link l on l.flow = r.flow and l.source_id = r.id and l.state = 'removed' and l.merged_into is not null
       union all
       select c.flow, c.id, l.merged_into, null, c.depth + 1 from chain c
       join link l on l.flow = c.flow and l.source_id = c.survivor and l.state = 'removed' and l.merged_into is not null
       where c.depth < ${longestChain})
     select distinct on (c.flow, c.id) c.flow, c.id, c.survivor, l.target_id as "targetId" from chain c
     left join link l on l.flow = c.flow and l.source_id = c.survivor and l.state <> 'removed'
     order by c.flow, c.id, c.depth desc`,
    values: [references.map(({ flow }) => flow), references.map(({ id }) => id)],
  });
  return rows;
}

/**
 * Which records must not be created now, because one that was merged into them is on its way into the ERP: being sent,
 * in doubt, or settled and not handed over yet. Asked for records that are about to be created, all in one query.
 */
export async function awaitedLosers(
  sql: Sql,
  flow: string,
  stream: Stream,
  queue: string,
  survivors: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql.query<Pair>({
    name: 'awaited_losers',
    text: `with recursive merged (survivor, loser, depth) as (
       select m.merged_into, m.source_id, 1 from mirror m where m.connection = $2 and m.entity = $3 and m.merged_into = any($5::text[])
       union all
       select d.survivor, m.source_id, d.depth + 1 from merged d
       join mirror m on m.connection = $2 and m.entity = $3 and m.merged_into = d.loser where d.depth < ${longestChain})
     select distinct on (survivor) survivor, loser from merged
     left join link l on l.flow = $1 and l.source_id = loser
     where l.target_id is not null and l.state <> 'removed' and l.code is distinct from 'kept_by_a_person'
       or l.state is distinct from 'removed' and exists (select from intent i where i.flow = $1 and i.source_id = loser)
       or exists (select from causeway_jobs.job j where j.name = $4 and coalesce(j.singleton_key, '') = loser and j.state = 'active' and j.policy = 'exclusive')
     order by survivor, loser`,
    values: [flow, stream.connection, stream.entity, queue, survivors],
  });
  return new Map(rows.map(({ survivor, loser }) => [survivor, loser]));
}
