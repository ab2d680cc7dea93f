/** Where flows stand, answered from indexes alone, so that it may be asked every few seconds of tables of any size. */
import type { Sql } from './database.ts';

/** Since when the oldest record of each flow has been pending, in doubt or failing, by the links. */
export async function oldestUnsettled(sql: Sql, flows: readonly string[]): Promise<Map<string, Date>> {
  const { rows } = await sql.query<{ flow: string; since: Date }>(
    `select f.flow, l.since from unnest($1::text[]) as f (flow) cross join lateral (
       select since from link where flow = f.flow and state in ('pending', 'retrying', 'in_doubt') order by since limit 1) l`,
    [flows],
  );
  return new Map(rows.map(({ flow, since }) => [flow, since]));
}

/** Dead letters of one flow and cause that have come since an instant. */
export type NewDead = {
  readonly flow: string;
  readonly code: string;
  readonly count: number;
  readonly first: Date;
};

/** No more than this many are counted for each flow. */
export const mostNewDead = 10_000;

export async function newDead(sql: Sql, flows: readonly string[], since: Date): Promise<NewDead[]> {
  const { rows } = await sql.query<NewDead>(
    `select f.flow, coalesce(l.code, 'unknown') as code, count(*)::int as count, min(l.since) as first from unnest($1::text[]) as f (flow)
     cross join lateral (select code, since from link where flow = f.flow and state = 'dead' and since > $2 order by since desc limit ${mostNewDead}) l
     group by 1, 2 order by 1, 2`,
    [flows, since],
  );
  return rows;
}

/** How many records of each flow are in a state that is not settled well. */
export async function countTroubled(
  sql: Sql,
  flows: readonly string[],
): Promise<{ readonly flow: string; readonly state: string; readonly count: number }[]> {
  const { rows } = await sql.query<{ flow: string; state: string; count: number }>(
    `select flow, state, count(*)::int as count from link where flow = any($1::text[]) and state in ('waiting', 'retrying', 'in_doubt', 'dead')
       and state <> 'synced' group by 1, 2`,
    [flows],
  );
  return rows;
}
