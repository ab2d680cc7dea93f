import type { SyncContext } from '../sync/context.ts';
import { type SendNotice, sendNotices } from '../sync/alert-outbox.ts';
import { evaluateAlerts, noticeBody } from '../sync/evaluate-alerts.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import type { Alert } from '../store/alert.ts';
import { dueReadings } from './due.ts';
import { nextRun } from './schedule.ts';

/** What watching for alerts needs of a composed Causeway. */
export type AlertParts = {
  readonly context: Pick<SyncContext, 'database' | 'mappings' | 'now' | 'random' | 'sleep' | 'log'>;
  readonly folder: Pick<MappingFolder, 'problems' | 'stale'>;
  readonly alerting: {
    /** Takes known secrets out of a text of JSON. */
    readonly redact: (json: string) => string;
    /** Null where no webhook is configured. */
    readonly send: SendNotice | null;
  };
};

const evaluateEveryMs = 15_000;
const sendEveryMs = 5000;

/**
 * Watches for causes and sends what is to be told of them, until the signal aborts. What goes wrong in it is logged and
 * stops nothing: the sync knows nothing of it.
 */
export async function watchForAlerts(parts: AlertParts, signal: AbortSignal): Promise<void> {
  const { context, folder, alerting } = parts;
  const { database, mappings, now, random, log } = context;
  const { send, redact } = alerting;
  const bodyOf = send === null ? null : (alert: Alert) => redact(noticeBody(alert)).trim();
  const own = () => ({ problems: folder.problems(), stale: folder.stale() });
  const evaluating = {
    database,
    mappings,
    own,
    dueAt: dueReadings(mappings, nextRun, now),
    now,
    log,
    bodyOf,
  };
  const rounds = [every(context, evaluateEveryMs, () => evaluateAlerts(evaluating), signal)];
  if (send !== null) {
    const outbox = { database, send, now, random, log };
    rounds.push(every(context, sendEveryMs, () => sendNotices(outbox, signal), signal));
  }
  await Promise.all(rounds);
}

/** Does it again and again with a pause between; resolves when the signal aborts. */
async function every(
  { sleep, log }: AlertParts['context'],
  ms: number,
  round: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await round();
    } catch (error) {
      if (!signal.aborted)
        log.warn({ err: error }, 'alerts could not be looked after; they are again shortly');
    }
    await sleep(ms, signal).catch(() => {});
  }
}
