import type { Fault } from '../connector/fault.ts';
import { faultTable } from '../connector/fault.ts';
import {
  type ConnectionState,
  freeConnection,
  readConnectionState,
  stopConnection,
} from '../store/connection-state.ts';
import type { SyncContext } from './context.ts';

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
  });
  context.log.warn(
    { connection, state, code: fault.code, until },
    'nothing is sent to the connection for now',
  );
  return until;
}

/** Notes that a connection answers. */
export async function noteSuccess(context: SyncContext, connection: string): Promise<void> {
  await freeConnection(context.database, connection);
}

/** The state of a connection that nothing may be sent to at this moment, or null. */
export async function closedNow(context: SyncContext, connection: string): Promise<ConnectionState | null> {
  const state = await readConnectionState(context.database, connection);
  if (state === null || state.state === 'up') return null;
  return state;
}
