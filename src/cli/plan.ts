import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { keepsPayloads } from '../config/retention.ts';
import { requireSameTenant } from '../sync/identity.ts';
import type { Live } from '../sync/plan-live.ts';
import { type Plan, planFlow, type PlanSample } from '../sync/plan-report.ts';
import { shownSide } from './preview.ts';
import { onlyHashes } from './retention.ts';
import { progressBoard, showProgress } from './progress.ts';
import {
  type ExitCode,
  type GlobalOptions,
  inReading,
  print,
  type ReadingSession,
  requireFlowIn,
} from './session.ts';

/**
 * `causeway plan FLOW`: what the present mapping would change, from what was mirrored. Writes nothing anywhere. Exit
 * code 1 when something would change.
 */
export function plan(
  flow: string,
  options: GlobalOptions & { live?: true | undefined; sample: number },
): Promise<ExitCode> {
  const systems = options.live ? 'open' : 'closed';
  return inReading({ ...options, systems }, async (session) => {
    const { reading, shutdown, json } = session;
    const mapping = requireFlowIn(reading, flow);
    if (reading.schema === 'missing') throw new CausewayError([nothingRead(flow)]);
    const live = options.live ? await liveSide(session, mapping.write.to) : null;
    const now = (): Date => new Date();
    const board = progressBoard(now);
    const display = json ? null : showProgress(board, process.stderr, now, 'done');
    let done = 0;
    const onProgress = (records: number, total: number): void => {
      board.take({ flow, kind: 'read', read: records - done, queued: records - done, total });
      board.take({ flow, kind: 'settled', counts: { unchanged: records - done } });
      done = records;
    };
    const found = await planFlow(
      reading.context,
      mapping,
      { sample: options.sample, live, onProgress },
      shutdown.soft,
    ).finally(() => display?.stop());
    if (found.records === 0) throw new CausewayError([nothingRead(flow)]);
    const kept = keepsPayloads(reading.config.retention, flow);
    print(
      json,
      { ...found, payloads: kept ? 'keep' : 'hashes' },
      renderPlan(found, mapping.write.entity, kept),
    );
    return found.changed + found.drifted + found.missing === 0 ? 0 : 1;
  });
}

const nothingRead = (flow: string) =>
  problem(
    'nothing_read',
    `Nothing that the flow ${flow} reads has been mirrored yet, so there is nothing to plan.`,
  );

async function liveSide({ reading, shutdown }: ReadingSession, name: string): Promise<Live> {
  const connection = reading.context.connections.get(name);
  if (connection === undefined || connection.sink === null) throw new Error(`connection ${name} has no sink`);
  await requireSameTenant(reading.context.database, connection, shutdown.soft);
  return { connection, sink: connection.sink };
}

/** For a person: what would happen, in which fields, and a few records to look at. */
export function renderPlan(found: Plan, entity: string, keepsPayloads: boolean): string {
  const live = found.comparedWith === 'live';
  const counts = Object.entries(found.endings).filter(([, count]) => count > 0);
  const verbs = counts.map(([ending, count]) => `  ${String(count).padStart(8)} ${words[ending] ?? ending}`);
  const queued =
    found.queuedAnyway === 0
      ? ''
      : ` ${found.queuedAnyway} of them are queued already and go with the next run.`;
  const difference = [
    ...(found.drifted === 0
      ? []
      : [
          `In ${records(found.drifted)} the ERP holds something else than was delivered; causeway resync ${found.flow} --id ID sends one again.`,
        ]),
    ...(found.missing === 0 ? [] : [`Not in the ERP any more: ${records(found.missing)}.`]),
  ];
  const unknown =
    found.unknownBefore === 0
      ? []
      : [
          `Of ${found.unknownBefore} updates the former payload is not kept, so their fields are not counted.`,
          ...(keepsPayloads ? [] : [onlyHashes(found.flow)]),
        ];
  const verdict =
    found.changed === 0
      ? 'Nothing would be sent.'
      : found.changed === found.queuedAnyway
        ? `What would come out differently is queued already: ${records(found.changed)}, sent with the next run.`
        : `${found.changed} of ${found.records} records would come out differently from how they stand.${queued} Send exactly those: causeway resync ${found.flow} --changed`;
  return [
    `Plan of ${found.flow} (${entity}), mapping ${found.mappingHash.slice(0, 8)}, compared with ${live ? 'what the ERP holds now' : 'what was last delivered'}:`,
    ...verbs,
    ...table(
      'By field:',
      found.fields.map(({ field, records }) => [field, records]),
    ),
    ...table(
      'Reasons:',
      found.codes.map(({ code, records }) => [code, records]),
    ),
    ...(found.sample.length === 0 ? [] : ['Some of them:', ...found.sample.map(sampleText)]),
    ...difference,
    ...unknown,
    verdict,
    'Nothing was sent.',
  ].join('\n');
}

const records = (count: number): string => (count === 1 ? '1 record' : `${count} records`);

const words: Readonly<Record<string, string>> = {
  create: 'would be created',
  update: 'would be updated',
  unchanged: 'unchanged',
  remove: 'would be removed from the ERP',
  skipped: 'skipped',
  waiting: 'wait for another record',
  rejected: 'rejected',
  gone: 'not carried any more',
};

function table(title: string, rows: readonly (readonly [string, number])[]): string[] {
  const shown = rows.slice(0, 30).map(([name, count]) => `  ${String(count).padStart(8)} ${name}`);
  if (rows.length === 0) return [];
  return [title, ...shown, ...(rows.length > 30 ? [`           … and ${rows.length - 30} more`] : [])];
}

const mostFields = 12;

function sampleText({ id, targetId, ending, was, reason, changes }: PlanSample): string {
  const target = targetId === null ? '' : `, ERP record ${targetId}`;
  const before = was === null || was === 'synced' ? '' : `, is ${was} now`;
  const fields = (changes ?? [])
    .slice(0, mostFields)
    .map(
      ({ field, old, new: value }) =>
        `      ${field}: ${ending === 'create' ? shownSide(value) : `${shownSide(old)} → ${shownSide(value)}`}`,
    );
  const more = (changes?.length ?? 0) - mostFields;
  return [
    `  ${id}: ${words[ending] ?? ending}${target}${before}${reason === null ? '' : `: ${reason}`}`,
    ...fields,
    ...(more > 0 ? [`      … and ${more} more fields`] : []),
    ...(changes === null ? ['      what was last delivered is not kept'] : []),
  ].join('\n');
}
