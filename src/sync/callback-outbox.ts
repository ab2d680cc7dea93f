import type { Logger } from 'pino';
import { type Callback, claimCallbacks, noteCalledBack, noteNotCalledBack } from '../store/callback.ts';
import type { Database } from '../store/database.ts';

/** Null when the receiver has taken it; or why not, without its address, and whether that is for good. */
export type CallbackVerdict = { readonly problem: string; readonly forGood: boolean } | null;

export type SendCallback = (
  callback: Pick<Callback, 'id' | 'url' | 'body'>,
  signal: AbortSignal,
) => Promise<CallbackVerdict>;

export type CallbackOutbox = {
  readonly database: Database;
  readonly send: SendCallback;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly log: Logger;
};

/** Longer than one may take to send: whoever dies with it leaves it to the others after that. */
const leaseMs = 60_000;
/** So many are sent at once, and so many to one receiver, so that one that hangs holds up no others. */
const atOnce = { inAll: 8, toOneReceiver: 2 };
/** How often it is looked what has become due while others are under way. */
const lookMs = 1000;

const firstWaitMs = 5000;
const longestWaitMs = 2 * 3_600_000;

/** A receiver that has not taken a callback for three days will not. */
const giveUpMs = 3 * 24 * 3_600_000;

/**
 * Sends the callbacks that are due, until none is left. At least once: the receiver knows a repetition by its id. Whenever
 * one is over the next one begins, and what becomes due meanwhile is sent, too: nobody waits for a receiver that hangs.
 */
export async function sendCallbacks(outbox: CallbackOutbox, signal: AbortSignal): Promise<void> {
  const underWay = new Map<string, { readonly origin: string; readonly over: Promise<void> }>();
  const failed: unknown[] = [];
  const begin = (callback: Callback): void => {
    const over = sendOne(outbox, callback, signal)
      .catch((error: unknown) => void failed.push(error))
      .finally(() => underWay.delete(callback.id));
    underWay.set(callback.id, { origin: originOf(callback.url), over });
  };
  for (;;) {
    const full = busy(underWay.values());
    const mayBegin = !signal.aborted && failed.length === 0 && underWay.size < atOnce.inAll;
    const [callback] = mayBegin ? await claimCallbacks(outbox.database, outbox.now(), leaseMs, 1, full) : [];
    if (callback !== undefined) begin(callback);
    else if (underWay.size > 0) await oneIsOver(outbox, [...underWay.values()], signal);
    // One that was left out may have got free meanwhile.
    else if (!mayBegin || full.length === 0) break;
  }
  signal.throwIfAborted();
  if (failed.length > 0) throw failed[0];
}

const originOf = (url: string): string => /^[^:]+:\/\/[^/?#]+/u.exec(url)?.[0] ?? url;

/** The receivers to which as many are under way as may be. */
function busy(underWay: Iterable<{ readonly origin: string }>): string[] {
  const alike = Map.groupBy(underWay, ({ origin }) => origin);
  return [...alike].flatMap(([origin, those]) => (those.length < atOnce.toOneReceiver ? [] : [origin]));
}

/** Waits until one of them is over, and no longer than until it should be looked again what is due. */
async function oneIsOver(
  { sleep }: CallbackOutbox,
  underWay: readonly { readonly over: Promise<void> }[],
  signal: AbortSignal,
): Promise<void> {
  const awake = new AbortController();
  const time = sleep(lookMs, AbortSignal.any([awake.signal, signal])).catch(() => {});
  // When it is told to stop, what is under way ends by itself.
  await Promise.race([...underWay.map(({ over }) => over), ...(signal.aborted ? [] : [time])]);
  awake.abort();
}

async function sendOne(outbox: CallbackOutbox, callback: Callback, signal: AbortSignal): Promise<void> {
  const verdict = await outbox.send(callback, signal);
  if (verdict === null) await noteCalledBack(outbox.database, callback.id, outbox.now());
  else await notTaken(outbox, callback, verdict);
}

async function notTaken(
  outbox: CallbackOutbox,
  callback: Callback,
  { problem, forGood }: NonNullable<CallbackVerdict>,
): Promise<void> {
  const { database, log, random } = outbox;
  const now = outbox.now();
  const grown = firstWaitMs * 3 ** Math.min(callback.attempts - 1, 12);
  const wait = Math.min(longestWaitMs, grown) * (0.5 + random() / 2);
  const givenUp = forGood || now.getTime() - callback.createdAt.getTime() > giveUpMs;
  const nextAt = givenUp ? null : new Date(now.getTime() + wait);
  await noteNotCalledBack(database, callback.id, problem, nextAt, now);
  const { id, requestId, attempts } = callback;
  const entry = { callback: id, request: requestId, attempts, problem, nextAt };
  if (givenUp) log.error(entry, 'a callback was not taken; it is given up');
  else log.warn(entry, 'a callback was not taken; it is sent again');
}
