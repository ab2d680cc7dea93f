import type { Problem } from '../errors/error.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { oldestQueued } from '../queue/backlog.ts';
import { pushQueue } from '../queue/names.ts';
import { type Alarm, alarmsSince } from '../store/alarm.ts';
import { type ConnectionState, listConnectionStates } from '../store/connection-state.ts';
import { listCursors } from '../store/cursor.ts';
import type { Sql } from '../store/database.ts';
import { type NewDead, newDead, oldestUnsettled } from '../store/flow-facts.ts';
import { type FlowPause, listFlowPauses } from '../store/flow-state.ts';

/** How one flow stands. */
export type FlowFacts = {
  readonly flow: string;
  readonly readsFrom: string;
  readonly entity: string;
  /** The mapping's promise, or null. */
  readonly freshnessSeconds: number | null;
  /** Since when the oldest change waits to be settled; null when none does. */
  readonly oldestUnsettled: Date | null;
  /** When everything in the source had been read; null before the first time. */
  readonly caughtUpAt: Date | null;
};

/** How the reading of one stream stands. */
export type CursorFacts = {
  readonly connection: string;
  readonly entity: string;
  readonly caughtUpAt: Date | null;
  readonly movedAt: Date | null;
};

/** What all processes share and alerts and metrics are made of: instants and counts, no payload. */
export type Facts = {
  readonly flows: readonly FlowFacts[];
  readonly cursors: readonly CursorFacts[];
  readonly connections: readonly Pick<
    ConnectionState,
    'connection' | 'state' | 'code' | 'since' | 'failures'
  >[];
  readonly pauses: readonly Pick<FlowPause, 'flow' | 'code' | 'since'>[];
  readonly newDead: readonly NewDead[];
  readonly alarms: readonly Alarm[];
};

/** A dead letter is new, and an alarm holds, for this long. */
export const recentMs = 3_600_000;

/** What this process knows by itself. */
export type OwnFacts = {
  /** What is wrong with the mapping files. */
  readonly problems: readonly Problem[];
  /** Files with a problem whose last good version is in use. */
  readonly stale: readonly string[];
};

/** Reads how everything stands, from indexes alone. Only of flows and connections that the mappings name. */
export async function readFacts(sql: Sql, mappings: readonly Mapping[], now: Date): Promise<Facts> {
  const flows = mappings.map(({ flow }) => flow);
  const queued = await oldestQueued(sql, flows.map(pushQueue));
  const unsettled = await oldestUnsettled(sql, flows);
  const recent = new Date(now.getTime() - recentMs);
  const cursors = (await listCursors(sql)).filter((cursor) =>
    mappings.some(({ read }) => read.from === cursor.connection && read.entity === cursor.entity),
  );
  const named = new Set(mappings.flatMap(({ read, write }) => [read.from, write.to]));
  return {
    flows: mappings.map(({ flow, read, freshnessSeconds }) => ({
      flow,
      readsFrom: read.from,
      entity: read.entity,
      freshnessSeconds,
      oldestUnsettled: earliest([queued.get(pushQueue(flow)), unsettled.get(flow)]),
      caughtUpAt:
        cursors.find(({ connection, entity }) => connection === read.from && entity === read.entity)
          ?.caughtUpAt ?? null,
    })),
    cursors,
    connections: (await listConnectionStates(sql)).filter(({ connection }) => named.has(connection)),
    pauses: (await listFlowPauses(sql)).filter(({ flow }) => flows.includes(flow)),
    newDead: await newDead(sql, flows, recent),
    alarms: await alarmsSince(sql, recent),
  };
}

/** The earliest of the instants that are known, or null. */
export function earliest(instants: readonly (Date | null | undefined)[]): Date | null {
  const times = instants.flatMap((instant) => instant?.getTime() ?? []);
  return times.length === 0 ? null : new Date(Math.min(...times));
}

/** How many seconds the oldest change of a flow has been waiting to be settled. */
export const lagSeconds = ({ oldestUnsettled }: FlowFacts, now: Date): number =>
  oldestUnsettled === null ? 0 : secondsSince(oldestUnsettled, now);

export const secondsSince = (instant: Date, now: Date): number =>
  Math.max(0, (now.getTime() - instant.getTime()) / 1000);

/** A read that is due at the very end of the promise may take this long. */
const readingSeconds = 60;

/**
 * Since when a flow breaks its mapping's promise, or null while it keeps it: a change has waited for longer, or the
 * source has not been read for longer, so that what changed there meanwhile is not known.
 */
export function brokenSince(flow: FlowFacts, now: Date): Date | null {
  if (flow.freshnessSeconds === null) return null;
  const promised = flow.freshnessSeconds * 1000;
  const ends = [
    flow.oldestUnsettled && flow.oldestUnsettled.getTime() + promised,
    flow.caughtUpAt && flow.caughtUpAt.getTime() + promised + readingSeconds * 1000,
  ].flatMap((end) => (end === null || end >= now.getTime() ? [] : new Date(end)));
  return earliest(ends);
}
