import type { Logger } from 'pino';
import type { Mapping } from '../mapping/mapping.ts';
import {
  type Alert,
  claimRound,
  forgetAlerts,
  keepAlerts,
  listOpenAlerts,
  raiseAlerts,
  resolveAlerts,
} from '../store/alert.ts';
import { forgetNotices, writeNotices } from '../store/alert-notice.ts';
import { type Database, within } from '../store/database.ts';
import { ownCauses, sharedCauses } from './alert-causes.ts';
import { alertChanges, goodForMs } from './alert-changes.ts';
import { type CursorFacts, type OwnFacts, readFacts } from './alert-facts.ts';

export type Evaluating = {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly own: () => OwnFacts;
  /** The scheduled reading of a stream that is due and has not been made. */
  readonly dueAt: (cursor: CursorFacts) => Date | null;
  readonly now: () => Date;
  readonly log: Logger;
  /** Makes the body of a notice; null where no webhook is configured. */
  readonly bodyOf: ((alert: Alert) => string) | null;
};

/** One process in this time looks for the causes that all share; the others look at what is theirs alone. */
const roundMs = 10_000;

/** Longer than a healthy database ever needs. */
const limitMs = 10_000;

const day = 24 * 3_600_000;

/**
 * Looks for causes and brings the alerts up to date, in one transaction with the notices that are to be sent: whatever
 * happens between raising and sending, none is lost. Postgres decides who raises and who resolves, so each is told once
 * over all processes.
 */
export async function evaluateAlerts(evaluating: Evaluating): Promise<void> {
  const { database, bodyOf } = evaluating;
  const now = evaluating.now();
  const told = await within(database, { ms: limitMs, readOnly: false }, async (tx) => {
    const claimed = await claimRound(tx, now, roundMs);
    const shared = claimed
      ? sharedCauses(await readFacts(tx, evaluating.mappings(), now), evaluating.dueAt, now)
      : [];
    const found = [...ownCauses(evaluating.own(), now), ...shared];
    const changes = alertChanges(await listOpenAlerts(tx), found, claimed, now);
    await keepAlerts(tx, changes.keep, now);
    const raised = await raiseAlerts(tx, changes.raise, now);
    const notSeenSince = new Date(now.getTime() - goodForMs);
    const resolved = await resolveAlerts(tx, changes.resolve, now, notSeenSince);
    if (bodyOf !== null) await writeNotices(tx, now, bodyOf);
    if (claimed) {
      await forgetAlerts(tx, new Date(now.getTime() - 30 * day));
      await forgetNotices(tx, new Date(now.getTime() - 7 * day));
    }
    return { raised, resolved };
  });
  for (const alert of told.raised) logAlert(evaluating.log, alert, 'raised');
  for (const alert of told.resolved) logAlert(evaluating.log, alert, 'resolved');
}

function logAlert(log: Logger, alert: Alert, event: 'raised' | 'resolved'): void {
  const level = event === 'raised' && alert.severity === 'critical' ? 'error' : 'warn';
  const { key, code, message, remedy, since } = alert;
  log[level]({ alert: key, event, code, since, remedy }, event === 'raised' ? message : `over: ${message}`);
}

/** The body of a notice, as Standard Webhooks propose: a type, the instant, and what it is about. */
export function noticeBody(alert: Alert): string {
  const { key, code, subject, severity, message, remedy, since, raisedAt, resolvedAt } = alert;
  return JSON.stringify({
    type: resolvedAt === null ? 'alert.raised' : 'alert.resolved',
    timestamp: (resolvedAt ?? raisedAt).toISOString(),
    data: { key, code, subject, severity, message, remedy, since, raisedAt, resolvedAt },
  });
}
