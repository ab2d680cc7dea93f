import { claimRequests, releaseRequests, type ResyncRequest } from '../store/resync-request.ts';
import { carryRequest } from '../sync/carry-request.ts';
import type { SyncContext } from '../sync/context.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import { type Bell, bell, nap } from './bell.ts';
import { keepJudging } from './judging.ts';
import type { Waker } from './wake.ts';
import { setback } from './setback.ts';

/** What carrying out requested work needs of a service. */
export type RequestedParts = {
  readonly context: SyncContext;
  readonly folder: Pick<MappingFolder, 'current'>;
  /** Has a flow run at once. */
  readonly waker: Pick<Waker, 'wake'>;
  /** Rung when a request was stored here, so that it does not wait for the next look. */
  readonly bell: Bell;
};

const claim = { which: 'queued', leaseSeconds: 15, limit: 200 } as const;
/** So many are queued side by side, and so many of one flow: a slow source holds up few others. */
const mostQueueing = { inAll: 8, ofOneFlow: 3 };

const lookMs = { busy: 100, idle: 500 };
/** A request whose queueing failed is tried again after this long. */
const retryMs = 5000;

/**
 * Carries out what was asked for over HTTP, in any process that serves: queues the chosen records, has their flow run
 * at once, and notes what becomes of them, until the signal aborts. What goes wrong is logged and tried again. Queueing
 * what is new does not wait for judging what is old.
 */
export async function carryRequested(parts: RequestedParts, signal: AbortSignal): Promise<void> {
  const { database, processId } = parts.context;
  const queued = bell();
  const queueing = new Map<string, Queueing>();
  await Promise.all([
    keepQueueing(parts, queueing, queued, signal),
    keepJudging({ ...parts, queueing, bell: queued }, signal),
  ]);
  await releaseRequests(database, processId).catch(() => {});
}

/** A request whose records are being queued. */
type Queueing = { readonly flow: string; readonly over: Promise<void> };

/** Queues the records of requests, several side by side, until the signal aborts; rings `queued` after each. */
async function keepQueueing(
  parts: RequestedParts,
  queueing: Map<string, Queueing>,
  queued: Bell,
  signal: AbortSignal,
): Promise<void> {
  const { context, bell } = parts;
  const { database, processId, log, now } = context;
  const notBefore = new Map<string, number>();
  const queue = async (request: ResyncRequest): Promise<void> => {
    const came = await carryRequest(context, parts.folder, request, signal);
    queueing.delete(request.id);
    notBefore.delete(request.id);
    if (came === 'queued') parts.waker.wake(request.flow);
    if (came === 'later') notBefore.set(request.id, now().getTime() + retryMs);
    bell.ring();
    queued.ring();
  };
  const trouble = setback(log, now, 'requested work could not be taken up; it is shortly');
  while (!signal.aborted) {
    try {
      const claimed = await claimRequests(database, processId, claim);
      trouble.over();
      for (const request of claimed) {
        const mayBegin = (notBefore.get(request.id) ?? 0) <= now().getTime();
        if (mayBegin && hasRoom(queueing, request))
          queueing.set(request.id, { flow: request.flow, over: queue(request) });
      }
    } catch (error) {
      if (!signal.aborted) trouble.met(error);
    }
    await nap(context, bell, queueing.size > 0 ? lookMs.busy : lookMs.idle, signal);
  }
  await Promise.all([...queueing.values()].map(({ over }) => over));
}

function hasRoom(queueing: ReadonlyMap<string, Queueing>, { id, flow }: ResyncRequest): boolean {
  if (queueing.has(id) || queueing.size >= mostQueueing.inAll) return false;
  const alike = [...queueing.values()].filter((other) => other.flow === flow);
  return alike.length < mostQueueing.ofOneFlow;
}
