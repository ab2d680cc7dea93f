/** When somebody who waits should look again: said by what is known, and never sooner than anything can have happened. */
import type { Mapping } from '../mapping/mapping.ts';
import { backlogs } from '../queue/backlog.ts';
import { pushQueue } from '../queue/names.ts';
import { type ConnectionState, pausedByPerson } from '../store/connection-state.ts';
import type { Sql } from '../store/database.ts';
import type { FlowPause } from '../store/flow-state.ts';
import type { ResyncRequest } from '../store/resync-request.ts';
import type { RecordStanding } from './record-state.ts';

/** What keeps a flow from sending anything now. */
export type Stop = {
  /** The connection or the flow that is stopped. */
  readonly what: string;
  readonly kind: 'held' | 'paused';
  readonly code: string | null;
  readonly reason: string | null;
  readonly since: Date;
  /** When it is tried again by itself; null waits for a person. */
  readonly until: Date | null;
};

/** What stops a flow: its own pause, and the connections that it reads from and writes to. */
export function stopsOf(
  mapping: Mapping,
  connections: readonly ConnectionState[],
  pauses: readonly FlowPause[],
): Stop[] {
  const names = new Set([mapping.read.from, mapping.write.to]);
  const closed = connections.flatMap(({ connection, state, code, reason, since, until }): Stop[] =>
    state === 'up' || !names.has(connection)
      ? []
      : [
          {
            what: connection,
            kind: state,
            code,
            reason,
            since,
            until: code === pausedByPerson ? null : until,
          },
        ],
  );
  const paused = pauses.flatMap(({ flow, code, reason, since, until }): Stop[] =>
    flow === mapping.flow ? [{ what: flow, kind: 'paused', code, reason, since, until }] : [],
  );
  return [...paused, ...closed];
}

/** What waits for a person is looked at so often; nothing is known of when. */
const forPersonSeconds = 300;
/** Longer than this nobody is sent away. */
const longestSeconds = 3600;
/** What is due now takes about this long. */
const momentSeconds = 2;

/** Seconds from now until shortly after the latest of the instants; a null among them waits for a person. */
function secondsUntil(instants: readonly (Date | null)[], now: Date): number {
  if (instants.includes(null)) return forPersonSeconds;
  const latest = Math.max(now.getTime(), ...instants.map((instant) => instant?.getTime() ?? 0));
  return Math.min(longestSeconds, Math.ceil((latest - now.getTime()) / 1000) + momentSeconds);
}

/** What is known of what happens next to a record. */
export type Ahead = {
  readonly stops: readonly Stop[];
  /** The next run of its flow; null runs on request alone. */
  readonly nextRun: Date | null;
  /** Whether a request is open that has its flow run at once. */
  readonly requested: boolean;
  readonly now: Date;
};

/** When to look again at a record; null when nothing is pending of it. */
export function nextLookAtRecord(record: RecordStanding, ahead: Ahead): number | null {
  const { stops, nextRun, requested, now } = ahead;
  switch (record.state) {
    case 'synced':
    case 'skipped':
    case 'removed':
    case 'dead':
      return null;
    case 'sending':
      return momentSeconds;
    default:
      break;
  }
  if (record.code === 'needs_approval') return forPersonSeconds;
  const run = requested ? now : nextRun;
  const due = record.nextAt ?? now;
  return secondsUntil([run, due, ...stops.map(({ until }) => until)], now);
}

/** When to look again at a request; null when it has ended. */
export async function nextLookAtRequest(
  sql: Sql,
  request: ResyncRequest,
  stops: readonly Stop[],
  now: Date,
): Promise<number | null> {
  if (request.finishedAt !== null) return null;
  if (request.state === 'queued') return request.problem === null ? momentSeconds : 10;
  const due = (await backlogs(sql, [pushQueue(request.flow)])).get(pushQueue(request.flow))?.nextDue ?? now;
  return secondsUntil([due, ...stops.map(({ until }) => until)], now);
}
