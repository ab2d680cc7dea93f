import { catalogue, type ErrorCode } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { alertCodes } from '../errors/alert-codes.ts';
import type { AlertCause, Severity } from '../store/alert.ts';
import { pausedByPerson } from '../store/connection-state.ts';
import { mostNewDead } from '../store/flow-facts.ts';
import {
  brokenSince,
  type CursorFacts,
  type Facts,
  type FlowFacts,
  lagSeconds,
  type OwnFacts,
  secondsSince,
} from './alert-facts.ts';

type AlertCode = keyof typeof alertCodes & ErrorCode;

/** A system that does not answer is told of after this long: shorter outages are everyday life. */
const heldForMs = 5 * 60_000;

/** A stream may be this late before it is told of. */
const stuckForMs = 10 * 60_000;

/**
 * The causes that all processes would find alike. Pure. `dueAt` says which reading of a stream is due and has not been
 * made: its scheduled time, or null.
 */
export function sharedCauses(
  facts: Facts,
  dueAt: (cursor: CursorFacts) => Date | null,
  now: Date,
): AlertCause[] {
  return [
    ...facts.flows.flatMap((flow) => freshnessCause(flow, now)),
    ...facts.connections.flatMap((connection) => connectionCause(connection, now)),
    ...facts.cursors.flatMap((cursor) => cursorCause(facts, cursor, dueAt(cursor), now)),
    ...facts.pauses.map(({ flow, code, since }) =>
      cause(
        'flow_paused',
        flow,
        'warning',
        `The flow ${flow} sends nothing since ${said(since)} (${code}).`,
        since,
      ),
    ),
    ...facts.newDead.map(deadCause),
    ...facts.alarms.flatMap(alarmCause),
  ];
}

/** The causes that each process finds for itself: what its own mapping files look like. One for each file. */
export function ownCauses({ problems, stale }: OwnFacts, now: Date): AlertCause[] {
  const byFile = Map.groupBy(problems, ({ at }) => at?.file ?? 'the mapping folder');
  return [...byFile].map(([file, found]) => mappingCause(file, found, stale.includes(file), now));
}

function mappingCause(file: string, found: readonly Problem[], goesOn: boolean, now: Date): AlertCause {
  const [first] = found;
  const place = first?.at === undefined ? '' : `, line ${first.at.line}`;
  const more = found.length > 1 ? ` and ${found.length - 1} more` : '';
  const what = `${first?.code ?? 'unknown'}${place}${more}`;
  const then = goesOn ? 'Its last good version goes on.' : 'None of its flows is carried.';
  const message = `${file} cannot be used as it stands (${what}). ${then}`;
  return cause('mapping_not_loaded', file, goesOn ? 'warning' : 'critical', message, now);
}

function freshnessCause(flow: FlowFacts, now: Date): AlertCause[] {
  const since = brokenSince(flow, now);
  if (since === null) return [];
  const promised = duration(flow.freshnessSeconds ?? 0);
  const behind = lagSeconds(flow, now);
  const message =
    behind > (flow.freshnessSeconds ?? 0)
      ? `A change of ${flow.flow} has been waiting for ${duration(behind)}; ${promised} is promised.`
      : `The source of ${flow.flow} has not been read to its end for ${duration(secondsSince(flow.caughtUpAt ?? now, now))}; ${promised} is promised.`;
  return [cause('freshness_broken', flow.flow, 'critical', message, since)];
}

function connectionCause(connection: Facts['connections'][number], now: Date): AlertCause[] {
  const { connection: name, state, code, since } = connection;
  const why = `since ${said(since)} (${code ?? 'unknown'})`;
  if (code === pausedByPerson) {
    const message = `A person paused ${name} at ${said(since)}; nothing is sent to it until: causeway resume ${name}.`;
    return [cause('connection_paused', name, 'warning', message, since)];
  }
  if (state === 'paused')
    return [
      cause(
        'connection_paused',
        name,
        'critical',
        `Nothing is sent to ${name} ${why}: it waits for a person.`,
        since,
      ),
    ];
  if (state !== 'held' || now.getTime() - since.getTime() < heldForMs) return [];
  return [cause('connection_held', name, 'warning', `${name} has not answered well ${why}.`, since)];
}

/** A connection that is closed, or a pause of all the flows that read, is the cause itself, and told as such. */
function cursorCause(facts: Facts, cursor: CursorFacts, due: Date | null, now: Date): AlertCause[] {
  const { connection, entity, caughtUpAt, movedAt } = cursor;
  if (due === null || now.getTime() - due.getTime() < stuckForMs) return [];
  if (movedAt !== null && now.getTime() - movedAt.getTime() < stuckForMs) return [];
  if (facts.connections.some((known) => known.connection === connection && known.state !== 'up')) return [];
  const readers = facts.flows.filter((flow) => flow.readsFrom === connection && flow.entity === entity);
  if (readers.every(({ flow }) => facts.pauses.some((pause) => pause.flow === flow))) return [];
  const last = caughtUpAt === null ? 'never was' : `was last read to its end at ${said(caughtUpAt)}`;
  const message = `${entity} of ${connection} should have been read at ${said(due)}; it ${last}.`;
  return [cause('cursor_stuck', `${connection}/${entity}`, 'critical', message, due)];
}

/** What must never happen and was found. */
function alarmCause({ kind, subject, at, found }: Facts['alarms'][number]): AlertCause[] {
  if (kind === 'records_forgotten') {
    const message = `${records(found)} of ${subject} had no job at ${said(at)}; ${found === 1 ? 'it was' : 'they were'} queued.`;
    return [cause('records_forgotten', subject, 'critical', message, at)];
  }
  if (kind !== 'changes_missed') return [];
  const message = `An audit of ${subject} at ${said(at)} found ${found === 1 ? 'a change' : `${found} changes`} that no reading had brought.`;
  return [cause('changes_missed', subject, 'critical', message, at)];
}

function deadCause({ flow, code, count, first }: Facts['newDead'][number]): AlertCause {
  const many = count >= mostNewDead ? `At least ${records(count)}` : records(count);
  const message = `${many} of ${flow} became dead letters since ${said(first)} (${code}).`;
  return cause('dead_letters_growing', `${flow}/${code}`, 'warning', message, first);
}

function cause(
  code: AlertCode,
  subject: string,
  severity: Severity,
  message: string,
  since: Date,
): AlertCause {
  return {
    key: `${code}/${subject}`,
    code,
    subject,
    severity,
    message,
    remedy: catalogue[code].remedy,
    since,
  };
}

const records = (count: number): string => (count === 1 ? '1 record' : `${count} records`);

const said = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`;

/** In the two largest units: `2 h 5 min`. */
function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600),
    Math.floor(whole / 60),
  ];
  if (days > 0) return joined(days, 'd', hours % 24, 'h');
  if (hours > 0) return joined(hours, 'h', minutes % 60, 'min');
  return minutes > 0 ? joined(minutes, 'min', whole % 60, 's') : `${whole} s`;
}

const joined = (large: number, unit: string, small: number, smaller: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smaller}`;
