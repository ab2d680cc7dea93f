import type { FieldFault } from '../connector/fault.ts';
import type { Mapping, Reference } from '../mapping/mapping.ts';
import { liveJob, type LiveJob } from '../queue/backlog.ts';
import { pushQueue } from '../queue/names.ts';
import type { Sql } from '../store/database.ts';
import type { LinkState } from '../store/link.ts';
import { waitsFor } from '../store/waiting.ts';

/** The nine states of a record (P5); `sending` is what the queue says, the others stand on the link. */
export type RecordState = LinkState | 'sending';

/** Where one record stands in one flow, why, since when, and what comes next. */
export type RecordStanding = {
  readonly flow: string;
  readonly sourceId: string;
  readonly state: RecordState;
  readonly code: string | null;
  readonly reason: string | null;
  readonly fields: readonly FieldFault[];
  readonly since: Date;
  readonly nextAt: Date | null;
  readonly attempts: number;
  readonly targetId: string | null;
  readonly deliveredAt: Date | null;
  readonly changedAt: Date;
  /** The trace of the newest change in the source. */
  readonly traceId: string | null;
  readonly mappingHash: string | null;
  readonly waitingFor: readonly (Reference & {
    readonly state: string | null;
    readonly reason: string | null;
  })[];
};

type Row = Omit<RecordStanding, 'flow' | 'waitingFor' | 'state' | 'fields' | 'since'> & {
  readonly state: LinkState | null;
  readonly fields: readonly FieldFault[] | null;
  readonly since: Date | null;
  readonly behind: boolean;
  /** When its create was committed, if it is not settled. */
  readonly intendedAt: Date | null;
};

/** Reads where a record stands, or null when it was never seen in the source. */
export async function readRecord(
  sql: Sql,
  mapping: Mapping,
  sourceId: string,
): Promise<RecordStanding | null> {
  const { rows } = await sql.query<Row>(
    `select m.source_id as "sourceId", l.state, l.code, l.reason, l.fields, l.since, l.next_at as "nextAt", coalesce(l.attempts, 0) as attempts,
       l.target_id as "targetId", l.delivered_at as "deliveredAt", m.changed_at as "changedAt", m.trace_id as "traceId", l.mapping_hash as "mappingHash",
       (l.source_id is null or l.version < m.version) as behind, i.committed_at as "intendedAt"
     from mirror m left join link l on l.flow = $1 and l.source_id = m.source_id
       left join intent i on i.flow = $1 and i.source_id = m.source_id
     where m.connection = $2 and m.entity = $3 and m.source_id = $4`,
    [mapping.flow, mapping.read.from, mapping.read.entity, sourceId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const job = await liveJob(sql, pushQueue(mapping.flow), sourceId);
  const { behind: _behind, intendedAt: _intendedAt, ...standing } = row;
  const base = {
    ...standing,
    flow: mapping.flow,
    fields: row.fields ?? [],
    waitingFor: await parentsOf(sql, mapping.flow, sourceId),
  };
  return { ...base, ...presentState(row, job) };
}

/** A change that the link has not caught up with makes the record pending, whatever stood there before. */
function presentState(
  row: Row,
  job: LiveJob | null,
): Pick<RecordStanding, 'state' | 'since' | 'nextAt' | 'code' | 'reason'> {
  const nextAt = job === null ? row.nextAt : job.startAfter;
  if (job?.alive === false && (row.state === null || row.state === 'pending')) return abandoned(row);
  if (job?.state === 'active')
    return {
      state: 'sending',
      since: row.since ?? row.changedAt,
      nextAt,
      code: row.code,
      reason: row.reason,
    };
  if (row.behind && row.state !== 'in_doubt' && row.state !== 'retrying') {
    if (row.state === 'pending')
      return {
        state: 'pending',
        since: row.since ?? row.changedAt,
        nextAt,
        code: row.code,
        reason: row.reason,
      };
    return {
      state: 'pending',
      since: row.changedAt,
      nextAt,
      code: 'changed',
      reason: 'it changed in the source',
    };
  }
  return {
    state: row.state ?? 'pending',
    since: row.since ?? row.changedAt,
    nextAt,
    code: row.code,
    reason: row.reason,
  };
}

/** The process that had it in hand has died, or is stopped; the record goes back to the queue when that is noticed. */
function abandoned({
  intendedAt,
  targetId,
  changedAt,
}: Row): Pick<RecordStanding, 'state' | 'since' | 'nextAt' | 'code' | 'reason'> {
  const inDoubt = intendedAt !== null && targetId === null;
  return {
    state: inDoubt ? 'in_doubt' : 'pending',
    since: inDoubt ? intendedAt : changedAt,
    nextAt: null,
    code: 'process_ended',
    reason: inDoubt
      ? 'the process that was creating it shows no sign of life, and may have sent it'
      : 'the process that had it in hand shows no sign of life',
  };
}

async function parentsOf(sql: Sql, flow: string, sourceId: string): Promise<RecordStanding['waitingFor']> {
  const parents = await waitsFor(sql, flow, sourceId);
  const { rows } = await sql.query<Reference & { state: string; reason: string | null }>(
    `select flow, source_id as id, state, reason from link where (flow, source_id) in (select * from unnest($1::text[], $2::text[]))`,
    [parents.map((parent) => parent.flow), parents.map((parent) => parent.id)],
  );
  const known = new Map(rows.map((row) => [`${row.flow}/${row.id}`, row]));
  return parents.map((parent) => {
    const found = known.get(`${parent.flow}/${parent.id}`);
    return { ...parent, state: found?.state ?? null, reason: found?.reason ?? null };
  });
}

export type StateCounts = Readonly<Record<RecordState, number>>;

/** How many records of a flow are in each state, and since when the oldest change waits. */
export async function countStates(
  sql: Sql,
  mapping: Mapping,
): Promise<{ counts: StateCounts; oldestPending: Date | null }> {
  const { rows } = await sql.query<{ state: LinkState; count: number; oldest: Date | null }>(
    `select case when l.state in ('in_doubt', 'retrying') then l.state when l.source_id is null or l.version < m.version then 'pending' else l.state end as state, count(*)::int as count, min(case when l.version >= m.version then l.since else m.changed_at end) as oldest
     from mirror m left join link l on l.flow = $1 and l.source_id = m.source_id
     where m.connection = $2 and m.entity = $3 group by 1`,
    [mapping.flow, mapping.read.from, mapping.read.entity],
  );
  const sending = await sql.query<{ count: number }>(
    `select count(*)::int as count from causeway_jobs.job where name = $1 and state = 'active'`,
    [pushQueue(mapping.flow)],
  );
  const counts: Record<RecordState, number> = {
    pending: 0,
    waiting: 0,
    sending: sending.rows[0]?.count ?? 0,
    in_doubt: 0,
    retrying: 0,
    synced: 0,
    skipped: 0,
    dead: 0,
    removed: 0,
  };
  for (const row of rows) counts[row.state] = row.count;
  counts.pending = Math.max(0, counts.pending - counts.sending);
  return {
    counts,
    oldestPending: oldestOf(rows.filter(({ state }) => unsettled.has(state)).map(({ oldest }) => oldest)),
  };
}

/** States in which the ERP does not hold yet what the source holds, and will. */
const unsettled: ReadonlySet<LinkState> = new Set(['pending', 'retrying', 'in_doubt']);

function oldestOf(dates: readonly (Date | null)[]): Date | null {
  const times = dates.flatMap((date) => (date === null ? [] : [date.getTime()]));
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** The records of a flow that were sent and not answered: how many, since when, why, and when they are looked up again. */
export type InDoubt = {
  readonly records: number;
  readonly since: Date;
  /** The first time at which one of them is looked up again. */
  readonly nextAt: Date | null;
  /** The one that is in doubt longest, and why. */
  readonly oldest: { readonly id: string; readonly reason: string | null };
};

/** What is in doubt, by flow; a flow in which nothing is has no entry. */
export async function readInDoubt(sql: Sql): Promise<Map<string, InDoubt>> {
  const { rows } = await sql.query<Omit<InDoubt, 'oldest'> & InDoubt['oldest'] & { flow: string }>(
    `select distinct on (flow) flow, source_id as id, reason, (count(*) over flows)::int as records, since, min(next_at) over flows as "nextAt"
     from link where state = 'in_doubt' window flows as (partition by flow) order by flow, since, source_id`,
  );
  return new Map(
    rows.map(({ flow, id, reason, ...found }): [string, InDoubt] => [
      flow,
      { ...found, oldest: { id, reason } },
    ]),
  );
}
