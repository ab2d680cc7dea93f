import type { Logger } from 'pino';
import { claimNotice, noteDelivered, noteUndelivered, type Notice } from '../store/alert-notice.ts';
import type { Database } from '../store/database.ts';

/** What came of sending a notice: null when the receiver has taken it, or why not. Holds no address and no reply. */
export type SendNotice = (notice: Pick<Notice, 'id' | 'body'>, signal: AbortSignal) => Promise<string | null>;

export type Outbox = {
  readonly database: Database;
  readonly send: SendNotice;
  readonly now: () => Date;
  readonly random: () => number;
  readonly log: Logger;
};

/** Longer than a notice may take to send: whoever dies with one leaves it to the others after that. */
const leaseMs = 60_000;

const firstWaitMs = 5000;
const longestWaitMs = 15 * 60_000;

/** A receiver that has not taken a notice for three days will not. */
const giveUpMs = 3 * 24 * 3_600_000;

/**
 * Sends the notices that are due, one after the other, until none is or the receiver does not take one. At least once:
 * the receiver knows a repetition by its id.
 */
export async function sendNotices(outbox: Outbox, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const notice = await claimNotice(outbox.database, outbox.now(), leaseMs);
    if (notice === null) return;
    const problem = await outbox.send(notice, signal);
    if (problem !== null) return notTaken(outbox, notice, problem);
    await noteDelivered(outbox.database, notice.id, outbox.now());
  }
}

async function notTaken(outbox: Outbox, notice: Notice, problem: string): Promise<void> {
  const { database, log, random } = outbox;
  const now = outbox.now();
  const wait =
    Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(notice.attempts - 1, 12)) * (0.5 + random() / 2);
  const givenUp = now.getTime() - notice.createdAt.getTime() > giveUpMs;
  const nextAt = givenUp ? null : new Date(now.getTime() + wait);
  await noteUndelivered(database, notice.id, problem, nextAt, now);
  const entry = { notice: notice.id, alert: notice.key, attempts: notice.attempts, problem, nextAt };
  if (givenUp) log.error(entry, 'the alert webhook has not taken a notice for three days; it is given up');
  else log.warn(entry, 'the alert webhook has not taken a notice; it is sent again');
}
