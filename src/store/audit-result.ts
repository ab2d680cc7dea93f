import { noteAlarm } from './alarm.ts';
import type { Sql } from './database.ts';

/** What the newest audit of a flow came to. */
export type AuditResult = {
  readonly at: Date;
  /** It looked at records that changed in the source from then on alone; null looked at all. */
  readonly since: Date | null;
  /** Findings by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** Changes that no event and no poll had delivered. */
  readonly missed: number;
};

/** Keeps what an audit came to, in place of the audit before. Changes that were missed are an alarm of their own. */
export async function rememberAudit(sql: Sql, flow: string, result: AuditResult): Promise<void> {
  await sql.query(
    `insert into audit_result (flow, at, since, counts, missed) values ($1, $2, $3, $4, $5)
     on conflict (flow) do update set at = excluded.at, since = excluded.since, counts = excluded.counts, missed = excluded.missed`,
    [flow, result.at, result.since, JSON.stringify(result.counts), result.missed],
  );
  if (result.missed > 0)
    await noteAlarm(sql, { kind: 'changes_missed', subject: flow, at: result.at, found: result.missed });
}

/** The newest audit of each flow that was ever audited. */
export async function readAudits(sql: Sql): Promise<Map<string, AuditResult>> {
  const { rows } = await sql.query<AuditResult & { flow: string }>(
    'select flow, at, since, counts, missed from audit_result',
  );
  return new Map(rows.map(({ flow, ...result }) => [flow, result]));
}
