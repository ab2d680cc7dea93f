import { z } from 'zod';
import type { Outcome, Removal, SinkItem } from '../../../../src/connector/contract.ts';
import { Fault } from '../../../../src/connector/fault.ts';
import type { PlainClient } from './client.ts';
import { classify, errorBody, errorOf, itemFault } from './faults.ts';

const result = z.union([
  z.object({ item: z.string(), status: z.enum(['created', 'updated', 'removed']), id: z.string() }),
  z.object({ item: z.string(), status: z.literal('error'), error: errorBody }),
]);
const results = z.object({ results: z.array(result) });

/** Writes one batch, row by row: a row that is refused leaves the others written. */
export async function upsertBatch(
  client: PlainClient,
  entity: string,
  items: readonly SinkItem[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const rows = items.map(({ id, externalKey, targetId, fields, lines }) => ({
    item: id,
    ...(targetId === null ? {} : { id: targetId }),
    external_ref: externalKey,
    fields,
    lines,
  }));
  return send(client, `/records/${encodeURIComponent(entity)}/batch`, rows, signal);
}

export async function removeBatch(
  client: PlainClient,
  entity: string,
  items: readonly { id: string; targetId: string; how: Removal }[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const rows = items.map(({ id, targetId, how }) => ({ item: id, id: targetId, how }));
  return send(client, `/records/${encodeURIComponent(entity)}/remove`, rows, signal);
}

async function send(
  client: PlainClient,
  path: string,
  rows: readonly { readonly item: string }[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const reply = await client.write(path, { items: rows }, signal);
  const error = errorOf(reply);
  if (error?.code === 'stopped_midway' && error.applied !== null) {
    const { applied } = error;
    // No row is to blame when not even the first was written.
    if (applied === 0)
      throw new Fault({
        kind: 'transient',
        code: 'plain_stopped_midway',
        message: 'The ERP stopped before it wrote the first record of the batch.',
      });
    return rows.map(({ item }, index) => stoppedMidway(item, index < applied));
  }
  const fault = classify(reply, true);
  if (fault !== null) throw fault;
  const parsed = results.safeParse(reply.body);
  if (!parsed.success)
    throw new Fault({
      kind: 'ambiguous',
      code: 'plain_answer_unreadable',
      message: 'The ERP answered what cannot be read; whether the batch was written is not known.',
    });
  // An item that is not in the answer is not in the outcomes either: the caller knows what silence means.
  return parsed.data.results.map((one): Outcome => {
    if (one.status === 'error') return { id: one.item, status: 'failed', fault: itemFault(one.error) };
    return { id: one.item, status: one.status, targetId: one.id };
  });
}

/**
 * The ERP says how many rows it had taken up before it stopped, and not what became of each: one may have been locked.
 */
function stoppedMidway(item: string, takenUp: boolean): Outcome {
  if (!takenUp) return { id: item, status: 'not_applied' };
  const message = 'The ERP stopped in the middle of the batch, and did not tell what became of this record.';
  return {
    id: item,
    status: 'failed',
    fault: new Fault({ kind: 'ambiguous', code: 'plain_stopped_midway', message }),
  };
}
