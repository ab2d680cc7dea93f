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
  readonly random: () => number;
  readonly log: Logger;
};

/** Longer than one may take to send: whoever dies with it leaves it to the others after that. */
const leaseMs = 60_000;
/** So many are sent at once, so that a receiver that hangs holds up few others. */
const atOnce = 8;

const firstWaitMs = 5000;
const longestWaitMs = 2 * 3_600_000;

/** A receiver that has not taken a callback for three days will not. */
const giveUpMs = 3 * 24 * 3_600_000;

/** Sends the callbacks that are due. At least once: the receiver knows a repetition by its id. */
export async function sendCallbacks(outbox: CallbackOutbox, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const due = await claimCallbacks(outbox.database, outbox.now(), leaseMs, atOnce);
    if (due.length === 0) return;
    const sent = await Promise.allSettled(due.map((callback) => sendOne(outbox, callback, signal)));
    for (const result of sent) if (result.status === 'rejected') throw result.reason;
  }
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
