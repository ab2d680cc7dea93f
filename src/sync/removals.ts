import type { Removal, Sink } from '../connector/contract.ts';
import { asFault, Fault } from '../connector/fault.ts';
import { chunk, type Result } from './push.ts';

/** An ERP record that is to go. */
export type Removing = { readonly id: string; readonly targetId: string; readonly how: Removal };

/** Removes records in batches, and gives one result for each, matched by item id. */
export async function removeItems(
  sink: Pick<Sink, 'remove'>,
  entity: string,
  items: readonly Removing[],
  batchSize: number,
  lease: { readonly signal: AbortSignal; confirm(): void },
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  for (const batch of chunk(items, batchSize)) {
    lease.confirm();
    for (const [id, result] of await removeBatch(sink, entity, batch, lease.signal)) results.set(id, result);
  }
  return results;
}

async function removeBatch(
  sink: Pick<Sink, 'remove'>,
  entity: string,
  batch: readonly Removing[],
  signal: AbortSignal,
): Promise<Map<string, Result>> {
  const unanswered = new Fault({
    kind: 'transient',
    code: 'item_unanswered',
    message: 'the removal was not answered',
  });
  const results = new Map<string, Result>(
    batch.map(({ id }) => [id, { status: 'failed', fault: unanswered, whole: false }]),
  );
  try {
    for (const outcome of await sink.remove(entity, batch, signal)) {
      if (outcome.status === 'failed')
        results.set(outcome.id, { status: 'failed', fault: outcome.fault, whole: false });
      else if (outcome.status !== 'not_applied')
        results.set(outcome.id, { status: outcome.status, targetId: outcome.targetId });
    }
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    for (const { id } of batch) results.set(id, { status: 'failed', fault, whole: true });
  }
  return results;
}
