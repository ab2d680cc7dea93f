import type { Cursor } from '../connector/contract.ts';
import { rowsForAudit } from '../store/audit-page.ts';
import { listCursors } from '../store/cursor.ts';
import type { Finding } from './audit-findings.ts';
import type { Auditing } from './auditing.ts';

/** A record of which the CRM and the mirror say different things, before it is known whether a poll would bring it. */
export type Suspect = {
  readonly id: string;
  /** The mirror's fingerprint when it was compared; null when nothing was mirrored. */
  readonly print: Buffer | null;
  /** When the CRM was asked about this record. */
  readonly at: Date;
  readonly finding: Finding;
};

export type Suspects = { add(suspect: Suspect): Promise<void>; settle(): Promise<void> };

/** So many at once, so that a flow of which everything differs does not fill the memory. */
const most = 5000;

/** Holds suspects back until they are judged together: each judgement reads on from the stored cursor. */
export function suspectsOf(auditing: Auditing): Suspects {
  let held: Suspect[] = [];
  const settle = async (): Promise<void> => {
    const judged = held;
    held = [];
    if (judged.length > 0) await judge(auditing, judged);
  };
  return {
    settle,
    async add(suspect) {
      held.push(suspect);
      if (held.length >= most) await settle();
    },
  };
}

/**
 * A difference is a finding when reading on from the stored cursor does not bring it: what the next run reads anyway is
 * only not read yet. Nothing is committed; the stored cursor stays where it is.
 */
async function judge(auditing: Auditing, suspects: readonly Suspect[]): Promise<void> {
  const { context, scope, tally } = auditing;
  const latest = new Date(Math.max(...suspects.map(({ at }) => at.getTime())));
  const ahead = await readOn(auditing, new Set(suspects.map(({ id }) => id)), latest);
  // After the cursor was read: what a run has brought meanwhile stands in the mirror by now.
  const rows = await rowsForAudit(
    context.database,
    scope,
    suspects.map(({ id }) => id),
  );
  for (const { id, print, finding } of suspects) {
    const now = rows.get(id);
    const sameAsThen = now === undefined ? print === null : print !== null && now.print.equals(print);
    if (!sameAsThen) tally.excuse('pending', now?.changedAt ?? null);
    else if (ahead.brought.has(id)) tally.excuse('unread', null);
    else if (ahead.covered) tally.find(finding);
    else tally.excuse('unjudged', null);
  }
}

type ReadOn = { readonly brought: ReadonlySet<string>; readonly covered: boolean };

/** How often it waits a second until the source covers the instant. */
const patience = 120;

/** Which of the records a poll from the stored cursor brings, once everything up to the instant is surely covered. */
async function readOn(auditing: Auditing, ids: ReadonlySet<string>, until: Date): Promise<ReadOn> {
  const { context, scope, source, related, ask, sleep, signal } = auditing;
  const stored = (await listCursors(context.database)).find(
    ({ connection, entity }) => connection === scope.stream.connection && entity === scope.stream.entity,
  );
  const brought = new Set<string>();
  let cursor: Cursor | null = stored?.position ?? null;
  for (let waits = 0; brought.size < ids.size;) {
    const request = { entity: scope.stream.entity, with: related, cursor, now: context.now() };
    const page = await ask(() => source.changesSince(request, signal));
    for (const { id } of page.changes) if (ids.has(id)) brought.add(id);
    cursor = page.cursor;
    if (!page.caughtUp) continue;
    if (page.watermark !== null && Date.parse(page.watermark) >= until.getTime())
      return { brought, covered: true };
    if (waits >= patience) return { brought, covered: false };
    waits += 1;
    await sleep(1000, signal);
  }
  return { brought, covered: true };
}
