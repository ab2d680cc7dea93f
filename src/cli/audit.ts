import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { rememberAudit } from '../store/audit-result.ts';
import { listCursors } from '../store/cursor.ts';
import type { Sql } from '../store/database.ts';
import { type Audit, auditFlow } from '../sync/audit.ts';
import type { Finding } from '../sync/audit-findings.ts';
import type { AuditPart } from '../sync/auditing.ts';
import { requireSameTenant } from '../sync/identity.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { type ReadingContext, readingOnly } from '../sync/reading.ts';
import { repair, repairsOf } from '../sync/repair.ts';
import { renderAudit, renderRepaired, renderVerdict } from './audit-page.ts';
import { progressBoard, type ProgressBoard, showProgress } from './progress.ts';
import {
  type ExitCode,
  type GlobalOptions,
  inReading,
  inSession,
  print,
  reportError,
  requireFlow,
  requireFlowIn,
} from './session.ts';
import { instantIn, noInstant } from './instant.ts';

export type AuditCommand = GlobalOptions & {
  fix?: true | undefined;
  since?: string | undefined;
  sample: number;
};

/**
 * `causeway audit FLOW`: compares the CRM, the mirror, the links and the ERP. Without `--fix` it writes nothing but
 * the line that remembers when it was and what it came to. Exit code 1 with findings.
 */
export async function audit(flow: string, options: AuditCommand): Promise<ExitCode> {
  const since = options.since === undefined ? null : instantIn(options.since, new Date());
  if (since === null && options.since !== undefined)
    return reportError(
      new CausewayError([problem('usage', noInstant(options.since))]),
      options.json === true,
    );
  return options.fix ? auditAndRepair(flow, options, since) : auditAlone(flow, options, since);
}

function auditAlone(flow: string, options: AuditCommand, since: Date | null): Promise<ExitCode> {
  return inReading({ ...options, systems: 'open' }, async ({ reading, shutdown, json }) => {
    const mapping = requireFlowIn(reading, flow);
    if (reading.schema === 'missing') throw nothingRead(mapping);
    const look = { ...options, since, json, onFinding: () => {} };
    const found = await lookAt(reading.context, mapping, look, shutdown.soft);
    print(json, found, [renderAudit(found, mapping), renderVerdict(found)].join('\n'));
    await reading.remember((sql) => keep(sql, reading.log, found));
    return found.total === 0 ? 0 : 1;
  });
}

function auditAndRepair(flow: string, options: AuditCommand, since: Date | null): Promise<ExitCode> {
  return inSession({ ...options, systems: 'open' }, async ({ causeway, shutdown, json }) => {
    const mapping = requireFlow(causeway, flow);
    const { context, log } = causeway;
    const connections = [...context.connections].map(([name, open]) => [name, readingOnly(open)] as const);
    const reading: ReadingContext = {
      database: context.database,
      connections: new Map(connections),
      mappings: causeway.folder.current,
      now: context.now,
    };
    const repairs = repairsOf();
    const look = { ...options, since, json, onFinding: repairs.add };
    const found = await lookAt(reading, mapping, look, shutdown.soft);
    await keep(context.database, log, found);
    const repaired = await repair(context, mapping, repairs, shutdown.soft);
    print(
      json,
      { ...found, repaired },
      `${renderAudit(found, mapping)}\n${renderRepaired(found, repaired, mapping)}`,
    );
    return found.total === 0 ? 0 : 1;
  });
}

type Look = {
  readonly since: Date | null;
  readonly sample: number;
  readonly json: boolean;
  readonly onFinding: (found: Finding) => void;
};

async function lookAt(
  context: ReadingContext,
  mapping: Mapping,
  { since, sample, json, onFinding }: Look,
  signal: AbortSignal,
): Promise<Audit> {
  const { from, entity } = mapping.read;
  const cursors = await listCursors(context.database);
  if (!cursors.some((cursor) => cursor.connection === from && cursor.entity === entity))
    throw nothingRead(mapping);
  const now = (): Date => new Date();
  const board = progressBoard(now);
  const display = json ? null : showProgress(board, process.stderr, now, 'done');
  const sleep = (ms: number, until: AbortSignal): Promise<void> => pause(ms, undefined, { signal: until });
  const options = { since, sample, sleep, onFinding, onProgress: onBoard(board, mapping) };
  try {
    for (const name of new Set([from, mapping.write.to])) {
      const connection = context.connections.get(name);
      if (connection !== undefined) await requireSameTenant(context.database, connection, signal);
    }
    return await auditFlow(context, mapping, options, signal);
  } catch (error) {
    // Ended by a signal it must not look like an audit that found nothing.
    if (!signal.aborted) throw error;
    throw new CausewayError([problem('audit_stopped', 'The audit was stopped before its end.')]);
  } finally {
    display?.stop();
  }
}

const nothingRead = ({ flow }: Mapping): CausewayError =>
  new CausewayError([
    problem(
      'nothing_read',
      `Nothing that the flow ${flow} reads has been mirrored yet, so there is nothing to audit.`,
    ),
  ]);

/** A line of progress for each part. */
function onBoard(board: ProgressBoard, { read, write }: Mapping) {
  const lines: Readonly<Record<AuditPart, string>> = {
    source: `${read.from} ${read.entity}`,
    records: `against ${write.to}`,
    own: `keys in ${write.to}`,
  };
  const before: Record<AuditPart, number> = { source: 0, records: 0, own: 0 };
  return (part: AuditPart, done: number, total: number | null): void => {
    const more = done - before[part];
    before[part] = done;
    board.take({ flow: lines[part], kind: 'read', read: more, queued: more, total });
    board.take({ flow: lines[part], kind: 'settled', counts: { unchanged: more } });
  };
}

/** Raises the alarm for changes that were missed, and remembers what the audit came to. */
async function keep(sql: Sql, log: Logger, { flow, at, since, findings, missed }: Audit): Promise<void> {
  if (missed > 0)
    log.error(
      { alarm: 'missed_change', flow, missed },
      'the audit found changes that no event and no poll had delivered',
    );
  await rememberAudit(sql, flow, { at, since, counts: findings, missed });
}
