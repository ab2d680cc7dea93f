import type { Sink } from '../connector/contract.ts';
import { Fault } from '../connector/fault.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type Lease, LeaseLost } from '../queue/lease.ts';
import { readIntents, renewIntents, type StandingIntent } from '../store/intent.ts';
import type { Standing } from '../store/link.ts';
import type { OpenConnection, SyncContext } from './context.ts';
import { externalKey } from './external-key.ts';

/** Why nothing is done about a record in this batch, and when it is taken up again. No attempt is used up. */
export type HeldBack = {
  readonly state: 'in_doubt' | 'pending';
  readonly code: string;
  readonly reason: string;
  readonly until: Date;
};

/** What a batch must keep to so that nothing is created twice. */
export type Care = {
  /** The records to look up by external key before anything is decided about them. */
  readonly lookUp: readonly Standing[];
  /** Records that are not to be touched now, because another worker is at work on them. */
  readonly locked: ReadonlyMap<string, HeldBack>;
  /** Of the records that were looked up and not found, those whose create may still arrive. */
  tooEarly(found: ReadonlyMap<string, string>): ReadonlyMap<string, HeldBack>;
  /** The sink to send to, and the lease to send under. */
  readonly sink: Sink;
  readonly lease: Pick<Lease, 'signal' | 'confirm'>;
  /** Whether the locks were lost on the way: then nobody is in a better position than after a lost lease. */
  lost(): boolean;
  /** To be called when the batch is settled, or given up. Never throws. */
  end(): Promise<void>;
};

export type CareRequest = {
  readonly mapping: Mapping;
  readonly standings: readonly Standing[];
  readonly lease: Pick<Lease, 'signal' | 'confirm'>;
  /** Whether something would be sent of a record, were it not found. */
  readonly wouldSend: (standing: Standing) => boolean;
};

/** How long it takes until a key that another worker holds is asked for again. */
const askAgainMs = 2000;

/**
 * Whether a sink lets the same create make two records, and then how long a create may be on its way and unseen after
 * its intent: as long as a call may take, and the index of the look-up may lag.
 */
export function arrivesMs({ name, connector, limits }: OpenConnection): number | null {
  if (connector.capabilities.sink?.idempotentCreates !== false) return null;
  if (!connector.capabilities.sink.creates) return null;
  if (limits.callMs === undefined)
    throw new Error(`the connector of ${name} does not say how long a call may take`);
  return limits.callMs + limits.settleMs;
}

/**
 * Begins a batch. Where the sink enforces our key, only creates that were not answered are looked up, and creating again
 * at once is safe. Elsewhere the key of every record that is sent is locked from before its look-up until the batch is
 * settled, every create is looked up first, and one whose intent stands waits until its first create cannot arrive.
 */
export async function takeCare(
  context: SyncContext,
  connection: OpenConnection,
  sink: Sink,
  request: CareRequest,
): Promise<Care> {
  const { mapping, standings, lease, wouldSend } = request;
  const arrives = arrivesMs(connection);
  const nothingSpecial = { locked: new Map(), tooEarly: () => new Map(), sink, lease, lost: () => false };
  const end = async (): Promise<void> => {};
  if (arrives === null)
    return {
      ...nothingSpecial,
      lookUp: standings.filter((s) => s.intent !== null && s.targetId === null),
      end,
    };
  const open = standings.filter((s) => (s.targetId === null && s.intent !== null) || wouldSend(s));
  if (open.length === 0) return { ...nothingSpecial, lookUp: [], end };
  const keyOf = (standing: Standing): string => externalKey(mapping, standing.sourceId);
  const held = await context.keyLocks.take(connection.name, open.map(keyOf));
  try {
    const lookUp = open.filter((s) => s.targetId === null && held.keys.has(keyOf(s)));
    const ids = lookUp.map(({ sourceId }) => sourceId);
    // Read after the locks were taken: whoever held them before may have committed an intent meanwhile.
    const intents =
      ids.length === 0 ? new Map() : await readIntents(context.database, mapping.flow, ids, arrives);
    const until = new Date(context.now().getTime() + askAgainMs);
    const locked = open.filter((standing) => !held.keys.has(keyOf(standing)));
    const under = {
      signal: AbortSignal.any([lease.signal, held.signal]),
      confirm() {
        if (held.signal.aborted) throw new LeaseLost();
        lease.confirm();
      },
    };
    return {
      lookUp,
      locked: new Map(locked.map((standing) => [standing.sourceId, atWorkElsewhere(standing, until)])),
      tooEarly: (found) =>
        new Map(
          [...intents].flatMap(([id, intent]): [string, HeldBack][] =>
            intent.over || found.has(id) ? [] : [[id, mayArrive(intent)]],
          ),
        ),
      sink: guarded(context, connection, sink, mapping, under),
      lease: under,
      lost: () => held.signal.aborted,
      end: held.release,
    };
  } catch (error) {
    await held.release();
    throw error;
  }
}

const atWorkElsewhere = (standing: Standing, until: Date): HeldBack => ({
  state: standing.intent === null ? 'pending' : 'in_doubt',
  code: 'key_locked',
  reason:
    'another process is at work on it, or was stopped in the middle of it, and nothing is sent beside that one',
  until,
});

const mayArrive = ({ committedAt, until }: StandingIntent): HeldBack => ({
  state: 'in_doubt',
  code: 'may_still_arrive',
  reason: `its create of ${at(committedAt)} was not answered, the ERP does not show it, and it may still arrive until ${at(until)}`,
  until,
});

const at = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/**
 * The sink, with each batch that it writes ended before the time in which its creates may arrive is over. The intents are
 * renewed before each call: a batch that is split is sent long after they were committed, and a process may stand still
 * between its intents and its call.
 */
function guarded(
  context: SyncContext,
  connection: OpenConnection,
  sink: Sink,
  mapping: Mapping,
  lease: Pick<Lease, 'confirm'>,
): Sink {
  const callMs = connection.limits.callMs ?? 0;
  const upsertBatch: Sink['upsertBatch'] = async (entity, items, signal) => {
    const creates = items.flatMap(({ id, targetId }) => (targetId === null ? [id] : []));
    if (creates.length > 0) await renewIntents(context.database, mapping.flow, creates);
    lease.confirm();
    const overdue = AbortSignal.timeout(callMs);
    try {
      return await sink.upsertBatch(entity, items, AbortSignal.any([signal, overdue]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault && !overdue.aborted) throw error;
      if (!overdue.aborted) throw unclassified(error);
      const message = `${connection.name} did not answer within ${callMs} ms; whether the batch was written is not known.`;
      throw new Fault({ kind: 'ambiguous', code: 'call_overdue', message });
    }
  };
  return { ...sink, upsertBatch };
}

/** A connector that throws something else has a defect, and may have sent its batch before. */
const unclassified = (error: unknown): Fault =>
  new Fault({
    kind: 'ambiguous',
    code: 'unclassified',
    message: `The connector failed: ${error instanceof Error ? error.message : 'no reason'}; whether the batch was written is not known.`,
    cause: error,
  });
