import type { Mapping } from '../mapping/mapping.ts';
import {
  claimProbe,
  pausedByPerson,
  releaseProbe as releaseConnectionProbe,
} from '../store/connection-state.ts';
import { claimFlowProbe, readFlowPause, releaseFlowProbe } from '../store/flow-state.ts';
import { healthOf } from './connection-health.ts';
import type { SyncContext } from './context.ts';
import { type Unverified, verifyTenant } from './identity.ts';

/**
 * Whether anything may be sent now. A probe tries a connection, or a flow, that was stopped: over all processes one
 * worker has it. `pace` is the part of the connection's limits that may be used.
 */
export type Gate =
  | {
      readonly open: true;
      /** Whether this worker has the probe of the connection. */
      readonly probesConnection: boolean;
      /** The flow of which this worker has the probe, or null. */
      readonly probesFlow: string | null;
      readonly pace: number;
    }
  | { readonly open: false; readonly waitMs: number; readonly what: string; readonly reason: string };

/** A worker that wants to pass: what it writes to, and its name among the workers of all processes. */
export type Passing = {
  readonly connection: string;
  readonly worker: string;
  /** Whether it pushes the flow's records. Who only writes back is stopped by a person alone, and is no probe. */
  readonly pushes: boolean;
};

/** A prober that dies is replaced after so many seconds. One that is only slow gets a second beside it, which does no harm. */
const probeSeconds = 20;
/** How often the others look whether the probe has ended, in milliseconds. */
const lookMs = 500;

const closed = (what: string, waitMs: number, reason: string | null): Gate => ({
  open: false,
  waitMs,
  what,
  reason: reason ?? 'no reason is known',
});

const remaining = (context: SyncContext, until: Date | null): number =>
  Math.max(0, (until ?? context.now()).getTime() - context.now().getTime());

/** Passes when neither the connection nor the flow is stopped, or as the one probe when its time has come. */
export async function passGate(
  context: SyncContext,
  flow: Mapping,
  { connection, worker, pushes }: Passing,
  signal: AbortSignal,
): Promise<Gate> {
  const first = await passConnection(context, connection, worker, signal);
  if (!first.open) return first;
  const pause = await readFlowPause(context.database, flow.flow);
  if (pause === null || (!pushes && pause.code !== pausedByPerson)) return first;
  const why = (waitMs: number): Gate => closed(flow.flow, waitMs, pause.reason);
  const waitMs = pause.until === null ? Number.POSITIVE_INFINITY : remaining(context, pause.until);
  const claimed = waitMs === 0 && (await claimFlowProbe(context.database, flow.flow, worker, probeSeconds));
  if (claimed) return { ...first, probesFlow: flow.flow };
  if (first.probesConnection) await releaseConnectionProbe(context.database, connection, worker);
  return why(waitMs === 0 ? lookMs : waitMs);
}

/** Passes when the connection is not stopped, or as its one probe when the time has come. */
export async function passConnection(
  context: SyncContext,
  name: string,
  worker: string,
  signal: AbortSignal,
): Promise<Gate> {
  const open = (probesConnection: boolean, pace: number): Gate => ({
    open: true,
    probesConnection,
    probesFlow: null,
    pace,
  });
  const unless = (unverified: Unverified | null, gate: Gate): Gate =>
    unverified === null
      ? gate
      : closed(name, Math.max(1, remaining(context, unverified.until)), unverified.reason);
  const state = await healthOf(context, name);
  if (state === null || state.state === 'up')
    return unless(await verifyTenant(context, name, signal), open(false, state?.pace ?? 1));
  if (state.code === pausedByPerson) return closed(name, Number.POSITIVE_INFINITY, state.reason);
  const waitMs = remaining(context, state.until);
  if (waitMs > 0) return closed(name, waitMs, state.reason);
  if (!(await claimProbe(context.database, name, worker, probeSeconds)))
    return closed(name, lookMs, state.reason);
  // Paused: a person must have acted, so a call that writes nothing goes ahead of the record that is the probe.
  if (state.state === 'paused') context.verified.delete(name);
  const unverified = await verifyTenant(context, name, signal);
  return unless(unverified, open(true, state.pace));
}

/** Gives back a probe that was not made. */
export async function releaseProbe(
  context: SyncContext,
  gate: Gate & { open: true },
  { connection, worker }: Pick<Passing, 'connection' | 'worker'>,
): Promise<void> {
  if (gate.probesFlow !== null) await releaseFlowProbe(context.database, gate.probesFlow, worker);
  if (gate.probesConnection) await releaseConnectionProbe(context.database, connection, worker);
}
