import { type Database, type Sql, transaction } from '../store/database.ts';
import { writeCallback } from '../store/callback.ts';
import { countItems, judgeItems, stirredRequests } from '../store/resync-item.ts';
import { finishRequest, type ResyncRequest } from '../store/resync-request.ts';
import { callbackBody } from './request-report.ts';

/** How the requests stand that were looked at. */
export type Judged = {
  /** Whether something became of any record. */
  readonly moved: boolean;
  readonly ended: readonly ResyncRequest[];
  /** Flows of which a request has records that are still pending. */
  readonly pendingIn: ReadonlySet<string>;
};

/**
 * Looks what became of the records of requests that have been queued, and ends those of which nothing is pending. The
 * callback is written in the transaction that ends its request.
 */
export async function judgeRequests(
  database: Database,
  requests: readonly ResyncRequest[],
  now: () => Date,
): Promise<Judged> {
  let moved = false;
  const ended: ResyncRequest[] = [];
  const pendingIn = new Set<string>();
  // Most requests that are open for long have not moved: those cost one look together, and no transaction each.
  const stirred = await stirredRequests(
    database,
    requests.map(({ id }) => id),
  );
  for (const request of requests) {
    if (!stirred.has(request.id)) {
      pendingIn.add(request.flow);
      continue;
    }
    const judged = await transaction(database, (tx) => judgeRequest(tx, request, now()));
    moved ||= judged.moved > 0;
    if (judged.ended === null) pendingIn.add(request.flow);
    else ended.push(judged.ended);
  }
  return { moved, ended, pendingIn };
}

async function judgeRequest(
  tx: Sql,
  request: ResyncRequest,
  now: Date,
): Promise<{ moved: number; ended: ResyncRequest | null }> {
  const { moved, pending } = await judgeItems(tx, request.id, request.flow);
  // What is told at the end is counted then, whatever has brought it about.
  if (moved > 0 || pending === 0) await countItems(tx, request.id);
  return { moved, ended: pending === 0 ? await endRequest(tx, request.id, now) : null };
}

/** Ends a request, and leaves word for whoever asked to be told. In the caller's transaction. */
export async function endRequest(tx: Sql, id: string, now: Date): Promise<ResyncRequest | null> {
  const ended = await finishRequest(tx, id);
  if (ended !== null && ended.callbackUrl !== null)
    await writeCallback(tx, { requestId: id, url: ended.callbackUrl, body: callbackBody(ended, now) }, now);
  return ended;
}
