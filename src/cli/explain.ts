import { nextRun } from '../schedule/schedule.ts';
import { type Explanation, explain as explainRecord } from '../sync/explain.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';

/** `causeway explain FLOW ID`: the record's whole story. Exit code 1 when the record was never seen. */
export async function explain(flow: string, id: string, options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mapping = requireFlow(causeway, flow);
    const found = await explainRecord(causeway.context, mapping, id, {
      nextRun: nextRun(mapping),
      historyLimit: 20,
    });
    if (found === null) {
      const text = `${mapping.read.from} has not shown a ${mapping.read.entity} record ${id} yet. If it is there, it comes with the next run; causeway resync ${flow} --id ${id} asks for it now.`;
      print(json, { flow, id, state: null, message: text }, text);
      return 1;
    }
    print(json, found, renderExplanation(found));
    return 0;
  });
}

/** The story for a person: where it stands, why, what comes next, and what happened, newest last. */
export function renderExplanation({ record, about, headline, next, history }: Explanation): string {
  const at = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');
  const fields = record.fields.map(({ field, message }) => `    ${field}: ${message}`);
  const story = history.toReversed().map((entry) => {
    const what = entry.message ?? (entry.targetId === null ? '' : `ERP record ${entry.targetId}`);
    return `  ${at(entry.at)}  ${eventNames[entry.event] ?? entry.event}${what === '' ? '' : `: ${what}`}`;
  });
  return [
    `${record.flow} ${record.sourceId}: ${record.state}, since ${at(record.since)} UTC`,
    `  ${about}`,
    `  ${headline}`,
    ...fields,
    `  ${next}`,
    `  Last changed in the source: ${at(record.changedAt)}${record.deliveredAt === null ? '' : `; last delivered: ${at(record.deliveredAt)}`}`,
    ...(story.length === 0 ? [] : ['  What happened:', ...story.map((line) => `  ${line}`)]),
  ].join('\n');
}

const eventNames: Readonly<Record<string, string>> = {
  created: 'created in the ERP',
  updated: 'updated in the ERP',
  removed: 'removed from the ERP',
  skipped: 'left out',
  waiting: 'parked',
  dead: 'put aside as a dead letter',
  retrying: 'failed, to be tried again',
  in_doubt: 'sent, and not answered',
  held: 'held back',
  resync: 'resync',
  redriven: 'redriven',
  written_back: 'its ERP number was saved in the CRM',
  write_back_failed: 'could not be written back to the CRM',
};
