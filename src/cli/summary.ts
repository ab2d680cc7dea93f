import Table from 'cli-table3';
import { personPausedIt } from '../store/connection-state.ts';
import type { Database } from '../store/database.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { nextRun } from '../schedule/schedule.ts';
import { questionInWords } from '../sync/approve.ts';
import { type StateCounts, countStates } from '../sync/record-state.ts';
import type { FlowRun } from '../sync/sync-flow.ts';

/** What a catch-up did with one flow, and how its records stand now. */
export type FlowSummary = {
  readonly flow: string;
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly removed: number;
  /** Records that wait for another record, and dead letters, as they stand now. */
  readonly waiting: number;
  readonly dead: number;
  readonly states: StateCounts;
  readonly nextRun: Date | null;
  /** What stopped the last run before everything was carried: a connection or a flow, and why. */
  readonly stopped: string | null;
  /** What waits for a person's answer, in words with the command that answers. */
  readonly questions: readonly string[];
};

/** Adds up the runs of each flow, and counts how its records stand. */
export async function summarize(
  database: Database,
  mappings: readonly Mapping[],
  runs: readonly FlowRun[],
): Promise<FlowSummary[]> {
  const summaries: FlowSummary[] = [];
  for (const mapping of mappings) {
    const own = runs.filter(({ run }) => run.flow === mapping.flow);
    const sum = (name: 'read' | 'created' | 'updated' | 'unchanged' | 'skipped' | 'removed'): number =>
      own.reduce((total, { run }) => total + run[name], 0);
    const { counts } = await countStates(database, mapping);
    const stopped = own.at(-1)?.stopped ?? null;
    summaries.push({
      flow: mapping.flow,
      read: sum('read'),
      created: sum('created'),
      updated: sum('updated'),
      unchanged: sum('unchanged'),
      skipped: sum('skipped'),
      removed: sum('removed'),
      waiting: counts.waiting,
      dead: counts.dead,
      states: counts,
      nextRun: nextRun(mapping),
      stopped: stopped === null ? null : `${stopped.connection}: ${stopped.reason}`,
      questions: (own.at(-1)?.questions ?? []).map(questionInWords),
    });
  }
  return summaries;
}

/** The table a person sees after a catch-up. */
export function renderSummary(summaries: readonly FlowSummary[]): string {
  const removed = summaries.some((summary) => summary.removed > 0) ? (['removed'] as const) : [];
  const columns = [
    'read',
    'created',
    'updated',
    ...removed,
    'unchanged',
    'skipped',
    'waiting',
    'dead',
  ] as const;
  const table = new Table({
    head: ['flow', ...columns],
    colAligns: ['left', ...columns.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const s of summaries) table.push([s.flow, ...columns.map((column) => String(s[column]))]);
  return table.toString();
}

/** One sentence about the whole, so that nobody has to read a table to know that nothing happened. */
export function renderVerdict(summaries: readonly FlowSummary[]): string {
  const total = (name: 'created' | 'updated' | 'removed' | 'dead' | 'waiting'): number =>
    summaries.reduce((sum, s) => sum + s[name], 0);
  const sent = total('created') + total('updated') + total('removed');
  const open = summaries.some(
    ({ states, stopped }) =>
      stopped !== null ||
      states.pending + states.waiting + states.dead + states.retrying + states.in_doubt > 0,
  );
  const done =
    sent === 0
      ? open || summaries.length === 0
        ? 'Nothing was sent.'
        : 'Nothing had to be sent: the ERP holds everything already.'
      : `${total('created')} created and ${total('updated')} updated in the ERP${total('removed') === 0 ? '' : `, and ${total('removed')} removed`}.`;
  const dead =
    total('dead') === 0
      ? ''
      : ` ${total('dead') === 1 ? '1 dead letter stands' : `${total('dead')} dead letters stand`}: causeway dead-letters list.`;
  const waiting = total('waiting') === 0 ? '' : ` ${total('waiting')} wait for a record that they refer to.`;
  const asked = summaries.flatMap(({ flow, questions }) => questions.map((each) => `\n${flow}: ${each}`));
  const stopped = summaries.flatMap(({ flow, stopped: why }) =>
    why === null ? [] : [`\n${stoppedEarly(flow, why)}`],
  );
  return `${done}${waiting}${dead}${asked.join('')}${stopped.join('')}`;
}

/** What a person paused goes on when a person says so; everything else goes on by itself. */
function stoppedEarly(flow: string, why: string): string {
  const [what = ''] = why.split(':', 1);
  return why.startsWith(`${what}: ${personPausedIt}`)
    ? `${flow} stopped early: ${why}. It goes on with: causeway resume ${what}`
    : `${flow} stopped early, and goes on by itself: ${why}`;
}
