import { pausedByPerson } from './connection-state.ts';
import type { Sql } from './database.ts';

/** Why a flow sends nothing: the same fault on nearly everything (`same_fault`), or a person (`paused_by_person`). */
export type FlowState = {
  readonly flow: string;
  readonly state: 'running' | 'paused';
  readonly code: string | null;
  /** The code and field of the fault that nearly everything met. */
  readonly field: string | null;
  readonly reason: string | null;
  readonly since: Date;
  /** When one record is tried again; null waits for a person. */
  readonly until: Date | null;
  readonly failures: number;
};

const columns = 'flow, state, code, field, reason, since, until, failures';

/** What stops a flow now, or null. */
export async function readFlowPause(sql: Sql, flow: string): Promise<FlowState | null> {
  const { rows } = await sql.query<FlowState>({
    name: 'read_flow_pause',
    text: `select ${columns} from flow_state where flow = $1 and state = 'paused'`,
    values: [flow],
  });
  return rows[0] ?? null;
}

/** The flows that are paused. */
export async function listFlowPauses(sql: Sql): Promise<FlowState[]> {
  const { rows } = await sql.query<FlowState>(
    `select ${columns} from flow_state where state = 'paused' order by flow`,
  );
  return rows;
}

/** Pauses a flow until `until`; each pause that follows a probe that failed counts. What a person has paused stays. */
export async function pauseFlow(
  sql: Sql,
  pause: { flow: string; code: string; field: string; reason: string; until: Date },
): Promise<void> {
  await sql.query(
    `insert into flow_state as f (flow, state, code, field, reason, since, until, failures) values ($1, 'paused', $2, $3, $4, now(), $5, 1)
     on conflict (flow) do update set state = 'paused', code = excluded.code, field = excluded.field, reason = excluded.reason,
       since = case when f.state = 'paused' then f.since else now() end, until = excluded.until,
       failures = case when f.state = 'paused' then f.failures + 1 else 1 end, probe_by = null, probe_until = null
       where f.state = 'running' or f.code <> '${pausedByPerson}'`,
    [pause.flow, pause.code, pause.field, pause.reason, pause.until],
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

/** What the deliveries of a flow came to in the last minutes: all that were judged, and the dead letters of one cause. */
export async function countRecentDead(
  sql: Sql,
  flow: string,
  cause: { readonly code: string; readonly field: string },
  minutes: number,
): Promise<{ readonly alike: number; readonly judged: number }> {
  const { rows } = await sql.query<{ alike: number; judged: number }>(
    `select (select count(*) from link where flow = $1 and state = 'dead' and since > now() - make_interval(mins => $4)
         and code = $2 and coalesce(fields->0->>'field', '') = $3)::int as alike,
       (select count(*) from link where flow = $1 and state = 'dead' and since > now() - make_interval(mins => $4))::int
         + (select coalesce(sum(created + updated + unchanged), 0) from run where flow = $1 and started_at > now() - make_interval(mins => $4))::int as judged`,
    [flow, cause.code, cause.field, minutes],
  );
  return rows[0] ?? { alike: 0, judged: 0 };
}
