import type { Outcome, Sink, SinkItem } from '../connector/contract.ts';
import { asFault, Fault, type FaultKind } from '../connector/fault.ts';
import { sameFault } from './connection-health.ts';

/** What became of one item. `whole` says that the call failed as such, so that the record itself is not to blame. */
export type Result =
  | { readonly status: 'created' | 'updated' | 'removed'; readonly targetId: string }
  | { readonly status: 'failed'; readonly fault: Fault; readonly whole: boolean };

/** Failures of a whole call that one record can cause: the batch is split until the culprit stands alone. */
export const causedByARecord: ReadonlySet<FaultKind> = new Set([
  'invalid_record',
  'missing_reference',
  'not_found',
  'conflict',
  'bug',
]);

/**
 * Sends items in batches and gives exactly one result for each, matched by item id. A batch refused as a whole is
 * sent again without the culprits that the sink named; when it named none, it is halved, so that one bad record
 * costs about log2 of the batch in extra calls and its neighbours arrive. Each call is made under a confirmed lease.
 */
export async function pushItems(
  sink: Pick<Sink, 'upsertBatch'>,
  entity: string,
  items: readonly SinkItem[],
  batchSize: number,
  lease: { readonly signal: AbortSignal; confirm(): void },
): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const batches = chunk(items, batchSize);
  const alone: Result[] = [];
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    lease.confirm();
    const { settled, again, stop: said } = await sendBatch(sink, entity, batch, lease.signal);
    for (const [id, result] of settled) results.set(id, result);
    batches.unshift(...again);
    if (batch.length === 1) alone.push(...settled.values());
    const stop = said ?? allAlike(alone, results.size);
    if (stop !== null) {
      for (const item of batches.flat()) results.set(item.id, { status: 'failed', fault: stop, whole: true });
      break;
    }
  }
  return results;
}

/** So many that fail alike, each alone and none otherwise, say more of the system than of the records. */
const alikeEnough = 20;

/**
 * Gives the fault of everything that was sent so far, where each was refused alone and all alike: what is behind is then
 * not sent, since splitting it would cost two calls for each record and tell nothing new.
 */
function allAlike(alone: readonly Result[], sent: number): Fault | null {
  if (alone.length < alikeEnough || alone.length < sent) return null;
  const codes = new Set(
    alone.map((result) => (result.status === 'failed' && !result.whole ? result.fault.code : null)),
  );
  const [code = null] = codes;
  if (codes.size !== 1 || code === null) return null;
  return new Fault({
    kind: 'transient',
    code: sameFault,
    message: `everything that was sent before it was refused alike (${code})`,
  });
}

type Sent = {
  readonly settled: ReadonlyMap<string, Result>;
  /** Batches to send again, because nothing of them was written. */
  readonly again: readonly (readonly SinkItem[])[];
  /** Why the batches behind this one are not sent now. */
  readonly stop: Fault | null;
};

async function sendBatch(
  sink: Pick<Sink, 'upsertBatch'>,
  entity: string,
  batch: readonly SinkItem[],
  signal: AbortSignal,
): Promise<Sent> {
  try {
    return sortOutcomes(batch, await sink.upsertBatch(entity, batch, signal));
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    if (causedByARecord.has(fault.kind)) {
      if (batch.length > 1) return { settled: new Map(), again: halves(batch), stop: null };
      return { settled: failAll(batch, fault, false), again: [], stop: null };
    }
    return {
      settled: failAll(batch, fault, true),
      again: [],
      stop: fault.kind === 'ambiguous' ? null : notSent(fault),
    };
  }
}

function sortOutcomes(batch: readonly SinkItem[], outcomes: readonly Outcome[]): Sent {
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  const settled = new Map<string, Result>();
  const notApplied: SinkItem[] = [];
  for (const item of batch) {
    const outcome = byId.get(item.id);
    if (outcome === undefined)
      settled.set(item.id, { status: 'failed', fault: unanswered(item.id), whole: false });
    else if (outcome.status === 'not_applied') notApplied.push(item);
    else if (outcome.status === 'failed')
      settled.set(item.id, { status: 'failed', fault: outcome.fault, whole: false });
    else settled.set(item.id, { status: outcome.status, targetId: outcome.targetId });
  }
  if (notApplied.length === 0) return { settled, again: [], stop: null };
  if (notApplied.length < batch.length) return { settled, again: [notApplied], stop: null };
  if (batch.length > 1) return { settled, again: halves(batch), stop: null };
  return { settled: failAll(batch, refusedAlone(), false), again: [], stop: null };
}

const failAll = (batch: readonly SinkItem[], fault: Fault, whole: boolean): Map<string, Result> =>
  new Map(batch.map((item) => [item.id, { status: 'failed', fault, whole }]));

const notSent = (fault: Fault): Fault =>
  new Fault({
    kind: fault.kind,
    code: fault.code,
    message: fault.message,
    ...(fault.retryAfterMs === null ? {} : { retryAfterMs: fault.retryAfterMs }),
  });

/** Silence is not success: an item that the sink did not answer may have been written. */
const unanswered = (id: string): Fault =>
  new Fault({
    kind: 'ambiguous',
    code: 'item_unanswered',
    message: `the batch was answered, but not for item ${id}`,
  });

const refusedAlone = (): Fault =>
  new Fault({
    kind: 'bug',
    code: 'refused_without_reason',
    message: 'the record was refused even alone, and no reason was given',
  });

function halves(batch: readonly SinkItem[]): SinkItem[][] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

/** Splits a list into lists of at most `size`. */
export function chunk<T>(items: readonly T[], size: number): (readonly T[])[] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
