import { z } from 'zod';
import type { Mapping } from '../../mapping/mapping.ts';
import { listConnectionStates } from '../../store/connection-state.ts';
import { listFlowPauses } from '../../store/flow-state.ts';
import { loadWriteBacks } from '../../store/write-back.ts';
import { isRequested } from '../../store/resync-item.ts';
import { explain, type Explanation } from '../../sync/explain.ts';
import { nextLookAtRecord, type Stop, stopsOf } from '../../sync/next-check.ts';
import { readRecord } from '../../sync/record-state.ts';
import type { App } from '../app.ts';
import type { LongPolls } from '../long-poll.ts';
import { waitOf } from '../prefer.ts';
import { HttpProblem, refusals } from '../problem.ts';
import { isStorable } from '../storable.ts';
import { flowName, flowOf, type FlowParts } from './flows.ts';
import { instant, states, stopOf, stopped, textOf } from './flow-schema.ts';
import { prefer } from './resync-schema.ts';

export type RecordParts = FlowParts & {
  /** The address at which a person looks at an ERP record, where there is one. */
  readonly recordUrl: (connection: string, entity: string, id: string) => string | null;
};

const recordStatus = z
  .object({
    flow: z.string(),
    id: z.string().meta({ description: 'Its id in the source.' }),
    state: z.enum(states),
    code: z
      .string()
      .nullable()
      .meta({ description: 'Why it is in this state; docs/operations.md lists them.' }),
    message: z.string().meta({ description: 'How it stands, in a sentence.' }),
    next: z.string().meta({ description: 'What happens next, in a sentence.' }),
    since: instant,
    nextAttemptAt: instant.nullable(),
    nextRunAt: instant.nullable(),
    nextCheckAfterSeconds: z
      .int()
      .nullable()
      .meta({ description: 'When to look again; null when nothing is pending. Also in `Retry-After`.' }),
    promisedBy: instant
      .nullable()
      .meta({ description: 'When the change that waits is to be in the ERP by the promise of the flow.' }),
    stopped: z.array(stopped).meta({ description: 'What keeps the flow from sending now, and why.' }),
    waitingFor: z.array(z.object({ flow: z.string(), id: z.string(), state: z.string().nullable() })),
    fields: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .meta({ description: 'The fields at fault.' }),
    erp: z
      .object({
        connection: z.string(),
        entity: z.string(),
        id: z.string(),
        url: z.string().nullable().meta({ description: 'Where a person looks at it in the ERP.' }),
        numbers: z
          .record(z.string(), z.unknown())
          .meta({ description: 'What the ERP gave it, by the field of the source that it is saved in.' }),
        numbersSaved: z.boolean().meta({ description: 'Whether the source holds them already.' }),
      })
      .nullable(),
    changedAt: instant.meta({ description: 'When its newest change was read from the source.' }),
    deliveredAt: instant.nullable(),
    mapping: z.string().nullable().meta({ description: 'Hash of the mapping that judged it last.' }),
    history: z.array(
      z.object({
        at: instant,
        event: z.string(),
        code: z.string().nullable(),
        message: z.string().nullable(),
        mapping: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'RecordStatus' });

const settled: ReadonlySet<string> = new Set(['synced', 'skipped', 'dead', 'removed']);

/** Where one record stands. */
export function recordRoutes(app: App, parts: RecordParts, polls: LongPolls): void {
  app.get(
    '/v1/flows/:flow/records/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRecord',
        summary: 'Where one record stands, why, and when to look again.',
        tags: ['flows'],
        params: z.object({
          flow: flowName,
          id: z
            .string()
            .meta({ description: 'The id of the record in the source.', examples: ['42100000000'] }),
        }),
        headers: z.looseObject({ prefer }),
        response: { 200: recordStatus, ...refusals('not_found', 'database_unreachable') },
      },
    },
    async ({ params, headers }, reply) => {
      const mapping = flowOf(parts, params.flow);
      const id = isStorable(params.id) ? params.id : '';
      const seconds = waitOf(headers.prefer);
      if (seconds !== null) await polls.wait(reply, seconds, movedOrSettled(parts, mapping, id));
      const found = await recordReport(parts, mapping, id);
      if (found === null)
        throw new HttpProblem('not_found', 'The source has not shown a record with this id yet.');
      if (found.nextCheckAfterSeconds !== null)
        void reply.header('retry-after', String(found.nextCheckAfterSeconds));
      return found;
    },
  );
}

/** Whether a record is settled, or stands differently from when it was first looked at. That it is being sent says nothing yet. */
function movedOrSettled({ database }: RecordParts, mapping: Mapping, id: string): () => Promise<boolean> {
  let first: string | null = null;
  return async () => {
    const record = await readRecord(database, mapping, id);
    if (record === null || record.state === 'sending') return false;
    first ??= record.state;
    return settled.has(record.state) || record.state !== first;
  };
}

async function recordReport(
  parts: RecordParts,
  mapping: Mapping,
  id: string,
): Promise<z.output<typeof recordStatus> | null> {
  const { database } = parts;
  const nextRun = parts.nextRun(mapping);
  const explanation = await explain(parts, mapping, id, { nextRun, historyLimit: 20 });
  if (explanation === null) return null;
  const stops = stopsOf(mapping, await listConnectionStates(database), await listFlowPauses(database));
  const requested = await isRequested(database, mapping.flow, id);
  const seconds = nextLookAtRecord(explanation.record, { stops, nextRun, requested, now: parts.now() });
  return {
    ...standing(mapping, explanation, stops),
    nextRunAt: textOf(nextRun),
    nextCheckAfterSeconds: seconds,
    erp: await erpRecord(parts, mapping, explanation),
  };
}

type Standing = Omit<z.output<typeof recordStatus>, 'nextRunAt' | 'nextCheckAfterSeconds' | 'erp'>;

function standing(
  { freshnessSeconds }: Mapping,
  { record, headline, next, history }: Explanation,
  stops: readonly Stop[],
): Standing {
  const promised = freshnessSeconds === null || settled.has(record.state) ? null : freshnessSeconds * 1000;
  return {
    flow: record.flow,
    id: record.sourceId,
    state: record.state,
    code: record.code,
    message: headline,
    next,
    since: record.since.toISOString(),
    nextAttemptAt: settled.has(record.state) ? null : textOf(record.nextAt),
    promisedBy: promised === null ? null : new Date(record.since.getTime() + promised).toISOString(),
    stopped: stops.map(stopOf),
    waitingFor: record.waitingFor.map(({ flow, id, state }) => ({ flow, id, state })),
    fields: record.fields.map(({ field, message }) => ({ field, message })),
    changedAt: record.changedAt.toISOString(),
    deliveredAt: textOf(record.deliveredAt),
    mapping: record.mappingHash,
    history: history.map(({ at, event, code, message, mappingHash }) => ({
      at: at.toISOString(),
      event,
      code,
      message,
      mapping: mappingHash,
    })),
  };
}

/** The ERP record: its id, where to look at it, and the numbers that were, or are to be, saved in the source. */
async function erpRecord(
  { database, recordUrl }: RecordParts,
  { flow, write }: Mapping,
  { record: { sourceId, targetId } }: Explanation,
): Promise<z.output<typeof recordStatus>['erp']> {
  if (targetId === null) return null;
  const [known] = await loadWriteBacks(database, flow, [sourceId]);
  const numbers = known?.wish ?? known?.written ?? {};
  return {
    connection: write.to,
    entity: write.entity,
    id: targetId,
    url: recordUrl(write.to, write.entity, targetId),
    numbers,
    numbersSaved: known?.written != null && JSON.stringify(known.written) === JSON.stringify(numbers),
  };
}
