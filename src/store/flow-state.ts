import { pausedByPerson } from './connection-state.ts';
import type { Sql } from './database.ts';

/** Why a flow sends nothing: the same fault on nearly everything (`same_fault`), or a person (`paused_by_person`). */
export type FlowPause = {
  readonly flow: string;
  readonly code: string;
  /** The code and field of the fault that nearly everything met. */
  readonly field: string | null;
  readonly reason: string | null;
  readonly since: Date;
  /** When one record is tried again; null waits for a person. */
  readonly until: Date | null;
  readonly failures: number;
};

const columns = 'flow, code, field, reason, since, until, failures';

/** What stops a flow now, or null. */
export async function readFlowPause(sql: Sql, flow: string): Promise<FlowPause | null> {
  const { rows } = await sql.query<FlowPause>({
    name: 'read_flow_pause',
    text: `select ${columns} from flow_state where flow = $1 and state = 'paused'`,
    values: [flow],
  });
  return rows[0] ?? null;
}

/** The flows that are paused. */
export async function listFlowPauses(sql: Sql): Promise<FlowPause[]> {
  const { rows } = await sql.query<FlowPause>(
    `select ${columns} from flow_state where state = 'paused' order by flow`,
  );
  return rows;
}

/**
 * Pauses a flow until `until`; each pause that follows a probe that failed counts, and batches that were under way
 * together count as one. What a person has paused stays.
 */
export async function pauseFlow(
  sql: Sql,
  pause: { flow: string; code: string; field: string; reason: string; until: Date; now: Date },
): Promise<void> {
  await sql.query(
    `insert into flow_state as f (flow, state, code, field, reason, since, until, failures) values ($1, 'paused', $2, $3, $4, now(), $5, 1)
     on conflict (flow) do update set state = 'paused', code = excluded.code, field = excluded.field, reason = excluded.reason,
       since = case when f.state = 'paused' then f.since else now() end, until = case when f.state = 'paused' then greatest(f.until, excluded.until) else excluded.until end,
       failures = case when f.state <> 'paused' then 1 when f.until > $6 then f.failures else f.failures + 1 end, probe_by = null, probe_until = null
       where f.state = 'running' or f.code <> '${pausedByPerson}'`,
    [pause.flow, pause.code, pause.field, pause.reason, pause.until, pause.now],
  );
}

/** Pauses a flow because a person says so; it stays paused until a person resumes it. */
export async function pauseFlowByPerson(sql: Sql, flow: string, reason: string): Promise<void> {
  await sql.query(
    `insert into flow_state as f (flow, state, code, reason, since) values ($1, 'paused', $2, $3, now())
     on conflict (flow) do update set state = 'paused', since = case when f.state = 'paused' and f.code = excluded.code then f.since else now() end,
       code = excluded.code, field = null, reason = excluded.reason, until = null, failures = 0, probe_by = null, probe_until = null`,
    [flow, pausedByPerson, reason],
  );
}

/** Lets a flow go on; `by` a probe that went well, or a person, who ends every kind of pause. True when it was paused. */
export async function resumeFlow(sql: Sql, flow: string, by: 'probe' | 'person'): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update flow_state set state = 'running', since = now(), code = null, field = null, reason = null, until = null, failures = 0,
       probe_by = null, probe_until = null
     where flow = $1 and state = 'paused' and ($2 or code <> '${pausedByPerson}')`,
    [flow, by === 'person'],
  );
  return rowCount === 1;
}

/** Claims the one probe of a paused flow over all processes; see {@link readFlowPause} for when its time has come. */
export async function claimFlowProbe(
  sql: Sql,
  flow: string,
  worker: string,
  seconds: number,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `update flow_state set probe_by = $2, probe_until = now() + make_interval(secs => $3)
     where flow = $1 and state = 'paused' and (probe_by is null or probe_by = $2 or probe_until < now())`,
    [flow, worker, seconds],
  );
  return rowCount === 1;
}

/** Gives a claimed probe back that was not made. */
export async function releaseFlowProbe(sql: Sql, flow: string, worker: string): Promise<void> {
  await sql.query(
    'update flow_state set probe_by = null, probe_until = null where flow = $1 and probe_by = $2',
    [flow, worker],
  );
}

/** The dead letters of a flow in the last minutes: all of them, and those of one cause. */
export async function countRecentDead(
  sql: Sql,
  flow: string,
  cause: { readonly code: string; readonly field: string },
  minutes: number,
): Promise<{ readonly alike: number; readonly dead: number }> {
  const { rows } = await sql.query<{ alike: number; dead: number }>(
    `select count(*)::int as dead, (count(*) filter (where code = $2 and coalesce(fields->0->>'field', '') = $3))::int as alike
     from link where flow = $1 and state = 'dead' and since > now() - make_interval(mins => $4)`,
    [flow, cause.code, cause.field, minutes],
  );
  return rows[0] ?? { alike: 0, dead: 0 };
}

/** How many records of a flow the ERP took in the last minutes, counted up to `enough`. */
export async function countRecentDeliveries(
  sql: Sql,
  flow: string,
  minutes: number,
  enough: number,
): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `select count(*)::int as count from (
       select from link where flow = $1 and delivered_at > now() - make_interval(mins => $2) limit $3) as delivered`,
    [flow, minutes, enough],
  );
  return rows[0]?.count ?? 0;
}
