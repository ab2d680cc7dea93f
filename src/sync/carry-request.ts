import { Fault } from '../connector/fault.ts';
import { newTraceId, withTrace } from '../connector/trace.ts';
import { transaction } from '../store/database.ts';
import { cancelUnqueued, countItems } from '../store/resync-item.ts';
import { failRequest, noteProblem, type ResyncRequest } from '../store/resync-request.ts';
import type { SyncContext } from './context.ts';
import { endRequest } from './judge-requests.ts';
import type { MappingFolder } from './mapping-folder.ts';
import { queueRequest } from './queue-request.ts';

/**
 * Queues the records of one request, or notes why that cannot be. Gives `queued` when its flow is to be run, `failed` when
 * it has come to its end, and `later` when it is to be tried again. Never rejects.
 */
export async function carryRequest(
  context: SyncContext,
  folder: Pick<MappingFolder, 'current'>,
  request: ResyncRequest,
  signal: AbortSignal,
): Promise<'queued' | 'failed' | 'later'> {
  const { database, log } = context;
  try {
    const mapping = folder.current().find(({ flow }) => flow === request.flow);
    if (mapping === undefined) {
      await giveUp(context, request, `there is no flow ${request.flow} any more`);
      return 'failed';
    }
    await withTrace(request.traceId ?? newTraceId(), () => queueRequest(context, mapping, request, signal));
    return 'queued';
  } catch (error) {
    if (signal.aborted) return 'later';
    const why = error instanceof Fault ? error.message : 'it met an unexpected error, which is in the log';
    const { id, flow } = request;
    log.warn({ err: error, request: id, flow }, 'requested records were not queued; it is tried again');
    await noteProblem(database, id, why.replace(/\.$/, '')).catch(() => {});
    return 'later';
  }
}

async function giveUp({ database, now }: SyncContext, { id }: ResyncRequest, why: string): Promise<void> {
  await transaction(database, async (tx) => {
    await failRequest(tx, id, why);
    await cancelUnqueued(tx, id);
    await countItems(tx, id);
    await endRequest(tx, id, now());
  });
}
