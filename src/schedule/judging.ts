import { backlogs } from '../queue/backlog.ts';
import { pushQueue } from '../queue/names.ts';
import { claimRequests } from '../store/resync-request.ts';
import type { SyncContext } from '../sync/context.ts';
import { judgeRequests } from '../sync/judge-requests.ts';
import { type Bell, nap } from './bell.ts';
import type { Waker } from './wake.ts';
import { setback } from './setback.ts';

/** What judging requested work needs of a service. */
export type JudgingParts = {
  readonly context: SyncContext;
  readonly waker: Pick<Waker, 'wake'>;
  /** Requests whose records are being queued in this process: nothing is to be said of those yet. */
  readonly queueing: { has(id: string): boolean };
  /** Rung when the records of a request were queued. */
  readonly bell: Bell;
};

const claim = { which: 'others', leaseSeconds: 15, limit: 500 } as const;
const lookMs = { busy: 100, idle: 500 };
/** How long after something moved it is looked at often. */
const busyForMs = 5000;
/** A flow that has requested records left to send is run again after this long at the earliest. */
const runAgainMs = 30_000;

/** Notes what becomes of requested records that are queued, until the signal aborts. */
export async function keepJudging(parts: JudgingParts, signal: AbortSignal): Promise<void> {
  const { context, queueing, bell } = parts;
  const { database, processId, log, now } = context;
  const ranAt = new Map<string, number>();
  let busyUntil = 0;
  const look = async (): Promise<void> => {
    const claimed = await claimRequests(database, processId, claim);
    const queued = claimed.filter(({ id }) => !queueing.has(id));
    const { moved, ended, pendingIn } = await judgeRequests(database, queued, now);
    if (moved) busyUntil = now().getTime() + busyForMs;
    for (const { id, flow, state, counts } of ended)
      log.info({ request: id, flow, state, counts }, 'a requested resync has ended');
    await runAgain(parts, pendingIn, ranAt);
  };
  const trouble = setback(log, now, 'requested work could not be looked after; it is again shortly');
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await look();
      trouble.over();
    } catch (error) {
      if (!signal.aborted) trouble.met(error);
    }
    const ms = now().getTime() < busyUntil ? lookMs.busy : lookMs.idle;
    // Requests of very many records take long to look at: they are looked at less often.
    const rung = await nap(context, bell, Math.max(ms, (performance.now() - began) * 4), signal);
    if (rung) busyUntil = now().getTime() + busyForMs;
  }
}

/** Has flows run of which requested records are due and nobody sends them: after an outage, or a process that died. */
async function runAgain(
  { context, waker }: Pick<JudgingParts, 'context' | 'waker'>,
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
