import Table from 'cli-table3';
import { printProblems } from '../errors/print.ts';
import { isContinuous } from '../mapping/continuous.ts';
import { nextRun } from '../schedule/schedule.ts';
import { type Alert, listOpenAlerts } from '../store/alert.ts';
import { noticesWaiting, type NoticesWaiting } from '../store/alert-notice.ts';
import { listConnectionStates, pausedByPerson } from '../store/connection-state.ts';
import { listFlowPauses } from '../store/flow-state.ts';
import { listQuestions } from '../store/due.ts';
import { lastRuns } from '../store/run.ts';
import { type AuditResult, readAudits } from '../store/audit-result.ts';
import type { Planned } from '../store/planned.ts';
import { countTasks } from '../store/task.ts';
import { questionInWords } from '../sync/approve.ts';
import { countPlannedChanges } from '../sync/planned-count.ts';
import { countStates, type InDoubt, readInDoubt } from '../sync/record-state.ts';
import { retentionText } from './retention.ts';
import { type ExitCode, type GlobalOptions, inSession, print, staleNotes } from './session.ts';

/** `causeway status`: how the records of every flow stand. Exit code 1 when something needs a person. */
export async function status(options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, shutdown, json }) => {
    const { database } = causeway.context;
    const { retention } = causeway.config;
    const runs = await lastRuns(database);
    const audits = await readAudits(database);
    const inDoubt = await readInDoubt(database);
    const flows = [];
    for (const mapping of causeway.folder.current()) {
      const { counts, oldestPending } = await countStates(database, mapping);
      const lagSeconds =
        oldestPending === null ? 0 : Math.round((Date.now() - oldestPending.getTime()) / 1000);
      const late = mapping.freshnessSeconds !== null && lagSeconds > mapping.freshnessSeconds;
      flows.push({
        flow: mapping.flow,
        records: counts,
        inDoubt: inDoubt.get(mapping.flow) ?? null,
        lagSeconds,
        late,
        lastRun: runs.find((run) => run.flow === mapping.flow) ?? null,
        continuous: isContinuous(mapping),
        nextRun: nextRun(mapping),
        plan: await countPlannedChanges(causeway.context, mapping, shutdown.soft),
        audit: audits.get(mapping.flow) ?? null,
      });
    }
    const connections = await listConnectionStates(database);
    const pauses = await listFlowPauses(database);
    const alerts = await listOpenAlerts(database);
    const notices = await noticesWaiting(database);
    const problems = causeway.folder.problems();
    const questions = await listQuestions(database);
    const tasks = await countTasks(database);
    const closed = connections.filter(({ state }) => state !== 'up');
    const table = new Table({
      head: [
        'flow',
        'synced',
        'pending',
        'waiting',
        'retrying',
        'in doubt',
        'skipped',
        'dead',
        'lag',
        'last run',
        'next run',
      ],
      style: { head: [], border: [] },
    });
    for (const { flow, records, lagSeconds, late, lastRun, continuous, nextRun } of flows) {
      table.push(
        [
          flow,
          records.synced,
          records.pending + records.sending,
          records.waiting,
          records.retrying,
          records.in_doubt,
          records.skipped,
          records.dead,
          `${lagSeconds} s${late ? ' LATE' : ''}`,
          lastRun?.finishedAt?.toISOString().slice(0, 19) ?? (lastRun === null ? 'never' : 'running'),
          continuous ? 'continuous' : (nextRun?.toISOString().slice(0, 19) ?? 'on request'),
        ].map(String),
      );
    }
    const text = [
      table.toString(),
      ...closed.map(
        (c) =>
          `${c.connection} is ${c.state} since ${c.since.toISOString().slice(0, 19)}Z: ${c.reason ?? ''}${c.code === pausedByPerson ? `. causeway resume ${c.connection} lets it go on` : ''}`,
      ),
      ...pauses.map(
        (p) =>
          `The flow ${p.flow} is paused since ${p.since.toISOString().slice(0, 19)}Z: ${p.reason ?? ''}. ${p.until === null ? `causeway resume ${p.flow} lets it go on` : `One record is tried after ${p.until.toISOString().slice(0, 19)}Z`}.`,
      ),
      ...alerts.map(alertText),
      ...noticesText(notices),
      ...flows.flatMap(({ flow, inDoubt }) => doubtText(flow, inDoubt)),
      ...flows.flatMap(({ flow, plan }) => planText(flow, plan)),
      ...questions.map((question) => `${question.flow}: ${questionInWords(question)}`),
      ...(tasks === 0
        ? []
        : [`${tasks === 1 ? '1 task needs' : `${tasks} tasks need`} a person: causeway tasks list`]),
      ...flows.flatMap(({ flow, audit }) => auditText(flow, audit)),
      ...(problems.length === 0 ? [] : [printProblems(problems), ...staleNotes(causeway.folder)]),
      retentionText(retention),
    ].join('\n');
    print(
      json,
      {
        flows,
        connections,
        pauses,
        questions,
        tasks,
        alerts,
        notices,
        problems,
        lastGoodInUse: causeway.folder.stale(),
        retention,
      },
      text,
    );
    const findings =
      closed.length + pauses.length + problems.length + questions.length + alerts.length + tasks > 0 ||
      flows.some((flow) => flow.late || flow.records.dead > 0);
    return findings ? 1 : 0;
  });
}

/** What is wrong, since when, what to do about it, and when the service last found it so. */
const alertText = ({ severity, message, remedy, raisedAt, seenAt }: Alert): string =>
  `Alert (${severity}) of ${at(raisedAt)}, last found at ${at(seenAt)}: ${message}\n  ${remedy}`;

const noticesText = ({ count, oldest, problem }: NoticesWaiting): string[] =>
  oldest === null || problem === null
    ? []
    : [
        `The alert webhook has not taken ${count === 1 ? '1 notice' : `${count} notices`}, the oldest of ${at(oldest)}: ${problem}. They are sent again by themselves.`,
      ];

const at = (instant: Date): string => `${instant.toISOString().slice(0, 19)}Z`;

/** What was sent and not answered: since when, why, and when it is looked up. It needs nobody. */
export function doubtText(flow: string, inDoubt: InDoubt | null): string[] {
  if (inDoubt === null) return [];
  const { records, since, nextAt, oldest } = inDoubt;
  const who = records === 1 ? '1 record is' : `${records} records are`;
  const next = nextAt === null ? '' : ` Looked up again at ${at(nextAt)} or with the first run after that.`;
  return [
    `${flow}: ${who} in doubt since ${at(since)}: ${(oldest.reason ?? 'no reason is known').replace(/\.$/, '')}.${next} causeway explain ${flow} ${oldest.id} tells more.`,
  ];
}

/** What an edited mapping would change, where it would change anything. */
function planText(flow: string, plan: Planned | null): string[] {
  if (plan === null || plan.records === 0) return [];
  const records = plan.records === 1 ? '1 record' : `${plan.records} records`;
  return [
    `The mapping of ${flow} has changed: a plan would touch ${records} (counted at ${plan.plannedAt.toISOString().slice(0, 19)}Z). causeway plan ${flow} shows them, causeway resync ${flow} --changed sends them.`,
  ];
}

/** When the newest audit was, and what it found. */
function auditText(flow: string, audit: AuditResult | null): string[] {
  if (audit === null) return [];
  const found = Object.entries(audit.counts).filter(([, count]) => count > 0);
  const what = found.length === 0 ? 'found nothing' : found.map(([kind, n]) => `${n} ${kind}`).join(', ');
  const changes = audit.missed === 1 ? '1 change' : `${audit.missed} changes`;
  const missed = audit.missed === 0 ? '' : `; ${changes} had never been delivered`;
  const scope = audit.since === null ? '' : `, of what changed since ${shortTime(audit.since)}`;
  return [`The audit of ${flow} at ${shortTime(audit.at)}${scope}: ${what}${missed}.`];
}

const shortTime = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
