import { once } from 'node:events';
import { backlogs } from '../queue/backlog.ts';
import { pushQueue } from '../queue/names.ts';
import { claimRequests, releaseRequests, type ResyncRequest } from '../store/resync-request.ts';
import { carryRequest } from '../sync/carry-request.ts';
import type { SyncContext } from '../sync/context.ts';
import { judgeRequests } from '../sync/judge-requests.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import type { Waker } from './wake.ts';

/** What carrying out requested work needs of a service. */
export type RequestedParts = {
  readonly context: SyncContext;
  readonly folder: Pick<MappingFolder, 'current'>;
  /** Has a flow run at once. */
  readonly waker: Pick<Waker, 'wake'>;
  /** Rung when a request was stored here, so that it does not wait for the next look. */
  readonly bell: Bell;
};

/** Tells whoever sleeps that there is work. */
export type Bell = {
  ring(): void;
  /** Resolves when it rings, at once when it has rung since it was heard last, and when the signal aborts. */
  heard(signal: AbortSignal): Promise<void>;
};

export function bell(): Bell {
  const rung = new EventTarget();
  let unheard = false;
  return {
    ring() {
      unheard = true;
      rung.dispatchEvent(new Event('rung'));
    },
    async heard(signal) {
      if (!unheard) await once(rung, 'rung', { signal }).catch(() => {});
      unheard = false;
    },
  };
}

/** A process that dies leaves its requests to the others after so long. */
const leaseSeconds = 15;
const mostClaimed = 500;
/** So many are queued side by side: one that reads a slow source holds up few others. */
const mostQueueing = 8;

const lookMs = { busy: 100, idle: 500 };
/** How long after something moved it is looked at often. */
const busyForMs = 5000;
/** A request whose queueing failed is tried again after this long. */
const retryMs = 5000;
/** A flow that has requested records left to send is run again after this long at the earliest. */
const runAgainMs = 30_000;

/**
 * Carries out what was asked for over HTTP, in any process that serves: queues the chosen records, has their flow run
 * at once, and notes what becomes of them, until the signal aborts. What goes wrong is logged and tried again.
 */
export async function carryRequested(parts: RequestedParts, signal: AbortSignal): Promise<void> {
  const { context, bell } = parts;
  const { database, processId, log, now } = context;
  const queueing = new Map<string, Promise<void>>();
  const notBefore = new Map<string, number>();
  const ranAt = new Map<string, number>();
  let busyUntil = 0;
  const startQueueing = (request: ResyncRequest): void => {
    if (queueing.has(request.id) || queueing.size >= mostQueueing) return;
    if ((notBefore.get(request.id) ?? 0) > now().getTime()) return;
    const ended = carryRequest(context, parts.folder, request, signal).then((came) => {
      queueing.delete(request.id);
      notBefore.delete(request.id);
      if (came === 'queued') parts.waker.wake(request.flow);
      if (came === 'later') notBefore.set(request.id, now().getTime() + retryMs);
      busyUntil = now().getTime() + busyForMs;
      bell.ring();
    });
    queueing.set(request.id, ended);
  };
  const look = async (): Promise<void> => {
    const claimed = await claimRequests(database, processId, leaseSeconds, mostClaimed);
    for (const request of claimed) if (request.state === 'queued') startQueueing(request);
    const queued = claimed.filter(({ id, state }) => state !== 'queued' && !queueing.has(id));
    const { moved, ended, pendingIn } = await judgeRequests(database, queued, now);
    if (moved) busyUntil = now().getTime() + busyForMs;
    for (const { id, flow, state, counts } of ended)
      log.info({ request: id, flow, state, counts }, 'a requested resync has ended');
    await runAgain(parts, pendingIn, ranAt);
  };
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await look();
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error }, 'requested work could not be looked after; it is again shortly');
    }
    const ms = now().getTime() < busyUntil ? lookMs.busy : lookMs.idle;
    // Requests of very many records take long to look at: they are looked at less often.
    await nap(context, bell, Math.max(ms, (performance.now() - began) * 10), signal);
  }
  await Promise.all(queueing.values());
  await releaseRequests(database, processId).catch(() => {});
}

/** Sleeps until the time is over, the bell rings, or the signal aborts. */
async function nap(
  { sleep }: Pick<SyncContext, 'sleep'>,
  work: Bell,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const awake = new AbortController();
  const either = AbortSignal.any([signal, awake.signal]);
  await Promise.race([work.heard(either), sleep(ms, either)]).catch(() => {});
  awake.abort();
}

/** Has flows run of which requested records are due and nobody sends them: after an outage, or a process that died. */
async function runAgain(
  { context, waker }: RequestedParts,
  pendingIn: ReadonlySet<string>,
  ranAt: Map<string, number>,
): Promise<void> {
  const at = context.now().getTime();
  const idle = [...pendingIn].filter((flow) => at - (ranAt.get(flow) ?? 0) >= runAgainMs);
  if (idle.length === 0) return;
  const found = await backlogs(context.database, idle.map(pushQueue));
  for (const flow of idle) {
    const due = found.get(pushQueue(flow))?.nextDue ?? null;
    if (due === null || due.getTime() > at) continue;
    ranAt.set(flow, at);
    waker.wake(flow);
  }
}
