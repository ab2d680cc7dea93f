import type { Sql } from './database.ts';

/** Something that needs a person, about one ERP record or the like. The sentence says what to do, and holds no payload. */
export type Raised = {
  readonly sourceId: string;
  readonly code: string;
  /** What it is about, so that it is raised once. */
  readonly about: string;
  readonly sentence: string;
};

/** Who ends a task that has come to nothing by itself. */
const byItself = 'causeway';

/** Raises tasks, each once. One that had come to nothing by itself is raised anew; one that a person has done is not. */
export async function raiseTasks(sql: Sql, flow: string, tasks: readonly Raised[]): Promise<void> {
  if (tasks.length === 0) return;
  await sql.query(
    `insert into task (flow, source_id, code, about, sentence, since)
     select $1, t.*, now() from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as t order by 2, 3, 4
     on conflict (flow, source_id, code, about) do update set since = now(), sentence = excluded.sentence, done_at = null, done_by = null
       where task.done_by = '${byItself}'`,
    [
      flow,
      tasks.map((task) => task.sourceId),
      tasks.map((task) => task.code),
      tasks.map((task) => task.about),
      tasks.map((task) => task.sentence),
    ],
  );
}

/** Ends the tasks of a kind about records with which all is well again. */
export async function dropTasks(
  sql: Sql,
  flow: string,
  sourceIds: readonly string[],
  code: string,
): Promise<void> {
  if (sourceIds.length === 0) return;
  await sql.query(
    `update task set done_at = now(), done_by = '${byItself}' where flow = $1 and source_id = any($2::text[]) and code = $3 and done_at is null`,
    [flow, sourceIds, code],
  );
}

export type Task = Raised & { readonly id: string; readonly flow: string; readonly since: Date };

/** The open tasks, oldest first; of one flow or of all. */
export async function listTasks(sql: Sql, flow: string | null, limit: number): Promise<Task[]> {
  const { rows } = await sql.query<Task>(
    `select id, flow, source_id as "sourceId", code, about, sentence, since from task
     where done_at is null and ($1::text is null or flow = $1) order by since, id limit $2`,
    [flow, limit],
  );
  return rows;
}

export async function countTasks(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    'select count(*)::int as count from task where done_at is null',
  );
  return rows[0]?.count ?? 0;
}

/** Marks open tasks as done by somebody. Gives the ids that were open. */
export async function finishTasks(sql: Sql, ids: readonly string[], by: string): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    'update task set done_at = now(), done_by = $2 where id = any($1::bigint[]) and done_at is null returning id',
    [ids, by],
  );
  return rows.map((row) => row.id);
}
