import type { Mapping } from '../mapping/mapping.ts';
import { lastDeliveryMapping } from '../store/history.ts';
import { type MappingVersion, readMappingVersion } from '../store/mapping-version.ts';
import { nextRun } from '../schedule/schedule.ts';
import { type Explanation, explain as explainRecord } from '../sync/explain.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';

/**
 * `causeway explain FLOW ID`: the record's whole story; with `--mapping`, and the mapping file of its last delivery as
 * it stood that day. Exit code 1 when the record was never seen.
 */
export async function explain(
  flow: string,
  id: string,
  options: GlobalOptions & { mapping?: true | undefined },
): Promise<ExitCode> {
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
    if (!options.mapping) {
      print(json, found, renderExplanation(found));
      return 0;
    }
    const hash = await lastDeliveryMapping(causeway.context.database, flow, id);
    const version = hash === null ? null : await readMappingVersion(causeway.context.database, hash);
    print(
      json,
      { ...found, mapping: version },
      `${renderExplanation(found)}\n${renderVersion(version, mapping)}`,
    );
    return 0;
  });
}

/** The rules that made a delivery, and whether they are still those of today. */
function renderVersion(version: MappingVersion | null, mapping: Mapping): string {
  if (version === null) return '  It was not delivered yet, so no mapping has made anything of it.';
  const today =
    version.hash === mapping.hash ? 'the file still says the same' : 'the file says something else today';
  const files = version.valueFiles.flatMap(({ path, text }) => [
    `  ${path}:`,
    text.trimEnd().replaceAll(/^/gm, '    '),
  ]);
  return [
    `  Mapping ${version.hash.slice(0, 8)} made the last delivery; first used at ${version.firstUsedAt.toISOString().slice(0, 19)}Z; ${today}:`,
    version.text.trimEnd().replaceAll(/^/gm, '    '),
    ...files,
  ].join('\n');
}

/** The story for a person: where it stands, why, what comes next, and what happened, newest last. */
export function renderExplanation({ record, about, headline, next, history }: Explanation): string {
  const at = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');
  const fields = record.fields.map(({ field, message }) => `    ${field}: ${message}`);
  const story = history.toReversed().map((entry) => {
    const what = entry.message ?? (entry.targetId === null ? '' : `ERP record ${entry.targetId}`);
    const by = entry.mappingHash === null ? '' : ` (mapping ${entry.mappingHash.slice(0, 8)})`;
    return `  ${at(entry.at)}  ${eventNames[entry.event] ?? entry.event}${what === '' ? '' : `: ${what}`}${by}`;
  });
  return [
    `${record.flow} ${record.sourceId}: ${record.state}, since ${at(record.since)} UTC`,
    `  ${about}`,
    `  ${headline}`,
    ...fields,
    `  ${next}`,
    `  Change last read from the source: ${at(record.changedAt)}${record.deliveredAt === null ? '' : `; last delivered: ${at(record.deliveredAt)}`}`,
    ...(record.traceId === null ? [] : [`  Trace of that change: ${record.traceId}`]),
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
  dropped: 'dropped',
  written_back: 'its ERP number was saved in the CRM',
  write_back_failed: 'could not be written back to the CRM',
};
