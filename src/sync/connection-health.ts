import { asFault, type Fault, faultTable } from '../connector/fault.ts';
import {
  type ConnectionState,
  freeConnection,
  readConnectionState,
  stopConnection,
} from '../store/connection-state.ts';
import { slowDown } from '../store/request-turn.ts';
import type { OpenConnection, SyncContext } from './context.ts';
import type { Result } from './push.ts';

const firstHoldMs = 1000;
const longestHoldMs = 60_000;

/**
 * Notes that a whole call to a connection failed and says until when nothing more is sent to it: until the time the
 * vendor gave, or an exponentially growing one with jitter. Credentials and settings pause it until a probe passes.
 */
export async function noteFailure(context: SyncContext, connection: string, fault: Fault): Promise<Date> {
  const before = await readConnectionState(context.database, connection);
  const failures = before?.failures ?? 0;
  const guess =
    Math.min(longestHoldMs, firstHoldMs * 2 ** Math.min(failures, 10)) * (0.5 + context.random() / 2);
  const until = new Date(context.now().getTime() + (fault.retryAfterMs ?? guess));
  const state = faultTable[fault.kind].action === 'pause' ? 'paused' : 'held';
  await stopConnection(context.database, {
    connection,
    state,
    code: fault.code,
    reason: fault.message,
    until,
    now: context.now(),
  });
  context.log.warn(
    { connection, state, code: fault.code, until },
    'nothing is sent to the connection for now',
  );
  return until;
}

/** So many failed probes in a row make an outage: what has piled up then goes out slowly at first. */
const outageFailures = 3;
const paceAfterOutage = 0.2;

/** Notes that a connection answers. After an outage it is used at a fifth of its pace, and at the full one a minute later. */
export async function noteSuccess(context: SyncContext, connection: string): Promise<void> {
  const failures = await freeConnection(context.database, connection, 'answer');
  if (failures === null || failures < outageFailures) return;
  await slowDown(context.database, connection, paceAfterOutage);
  context.log.info({ connection, failures }, 'the connection answers again; it is used slowly at first');
}

/** What is known of a connection, or null when nothing ever happened to it. */
export function healthOf(context: SyncContext, connection: string): Promise<ConnectionState | null> {
  return readConnectionState(context.database, connection);
}

/**
 * Draws what a batch says of the connection, and gives the time when it may go on: holds it when the system failed,
 * frees it when it answered. Where only suspects failed, or nothing had to be sent to a connection that is closed, the
 * system is asked itself, so that one record neither holds up the others nor keeps the connection closed.
 */
export async function noteHealth(
  context: SyncContext,
  connection: OpenConnection,
  results: ReadonlyMap<string, Result>,
  suspects: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Date> {
  const sick = [...results].flatMap(([id, result]) =>
    result.status === 'failed' && isSick(result) ? [{ id, fault: result.fault }] : [],
  );
  const [first] = sick;
  const unclear =
    results.size === 0
      ? ((await healthOf(context, connection.name))?.state ?? 'up') !== 'up'
      : sick.length > 0 && sick.every(({ id }) => suspects.has(id));
  if (unclear) return askSystem(context, connection, signal);
  if (first !== undefined) return noteFailure(context, connection.name, first.fault);
  if (results.size > 0) await noteSuccess(context, connection.name);
  return context.now();
}

/** The code of what was not sent because everything before it was refused alike. */
export const sameFault = 'same_fault';

/** A failure of the system, or one after which it is better left alone for a moment. */
export function isSick({ fault, whole }: { readonly fault: Fault; readonly whole: boolean }): boolean {
  const { action } = faultTable[fault.kind];
  // Held back by us, after answers: the records are in question then, and the flow, and not the system.
  if (fault.code === sameFault) return false;
  return whole || action === 'hold' || action === 'in_doubt';
}

/** Asks the system itself whether it answers, and notes what it says. Gives the time when it may go on. */
export async function askSystem(
  context: SyncContext,
  connection: OpenConnection,
  signal: AbortSignal,
): Promise<Date> {
  try {
    await (connection.sink ?? connection.source)?.check(signal);
    await noteSuccess(context, connection.name);
    return context.now();
  } catch (error) {
    signal.throwIfAborted();
    return noteFailure(context, connection.name, asFault(error));
  }
}
