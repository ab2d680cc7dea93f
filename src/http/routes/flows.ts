import { z } from 'zod';
import type { Mapping } from '../../mapping/mapping.ts';
import type { Database } from '../../store/database.ts';
import { explain } from '../../sync/explain.ts';
import { countStates, readInDoubt, type StateCounts } from '../../sync/record-state.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';

export type FlowParts = {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly nextRun: (mapping: Mapping) => Date | null;
  readonly now: () => Date;
};

const instant = z.iso.datetime();
const counts = z.object(
  Object.fromEntries(
    (
      [
        'pending',
        'waiting',
        'sending',
        'in_doubt',
        'retrying',
        'synced',
        'skipped',
        'dead',
        'removed',
      ] as const satisfies (keyof StateCounts)[]
    ).map((state) => [state, z.int()]),
  ) as { [state in keyof StateCounts]: z.ZodInt },
);

const flowStatus = z
  .object({
    flow: z.string(),
    about: z.string(),
    records: counts,
    inDoubt: z
      .object({
        records: z.int(),
        since: instant,
        nextAt: instant.nullable(),
        oldest: z.object({ id: z.string(), reason: z.string().nullable() }),
      })
      .nullable(),
    oldestPendingAt: instant.nullable(),
    nextRunAt: instant.nullable(),
    mapping: z.string().meta({ description: 'Hash of the mapping in use.' }),
  })
  .meta({ id: 'FlowStatus' });

const recordStatus = z
  .object({
    flow: z.string(),
    id: z.string(),
    state: z.string(),
    code: z.string().nullable(),
    message: z.string(),
    next: z.string(),
    since: instant,
    targetId: z.string().nullable(),
    deliveredAt: instant.nullable(),
    nextCheckAfterSeconds: z.int().nullable(),
    history: z.array(
      z.object({
        at: instant,
        event: z.string(),
        code: z.string().nullable(),
        message: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'RecordStatus' });

/** Where flows and records stand. */
export function flowRoutes(app: App, parts: FlowParts): void {
  app.get(
    '/v1/flows',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listFlows',
        summary: 'How the records of every flow stand.',
        tags: ['flows'],
        response: { 200: z.object({ flows: z.array(flowStatus) }), ...refusals('database_unreachable') },
      },
    },
    async () => ({ flows: await flowsReport(parts) }),
  );
  app.get(
    '/v1/flows/:flow/records/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRecord',
        summary: 'Where one record stands, why, and when to look again.',
        tags: ['flows'],
        params: z.object({
          flow: z.string().meta({ description: 'The name of a flow.', examples: ['accounts'] }),
          id: z
            .string()
            .meta({ description: 'The id of the record in the source.', examples: ['42100000000'] }),
        }),
        response: { 200: recordStatus, ...refusals('not_found', 'database_unreachable') },
      },
    },
    async ({ params }) => {
      const mapping = parts.mappings().find(({ flow }) => flow === params.flow);
      if (mapping === undefined) throw new HttpProblem('not_found', 'No flow has this name.');
      const found = params.id.includes('\0') ? null : await recordReport(parts, mapping, params.id);
      if (found === null)
        throw new HttpProblem('not_found', 'The source has not shown a record with this id yet.');
      return found;
    },
  );
}

const textOf = (date: Date | null): string | null => date?.toISOString() ?? null;

async function flowsReport(parts: FlowParts): Promise<z.output<typeof flowStatus>[]> {
  const flows = [];
  const inDoubt = await readInDoubt(parts.database);
  for (const mapping of parts.mappings()) {
    const states = await countStates(parts.database, mapping);
    const doubt = inDoubt.get(mapping.flow);
    flows.push({
      flow: mapping.flow,
      about: mapping.about,
      records: states.counts,
      inDoubt:
        doubt === undefined
          ? null
          : { ...doubt, since: doubt.since.toISOString(), nextAt: textOf(doubt.nextAt) },
      oldestPendingAt: textOf(states.oldestPending),
      nextRunAt: textOf(parts.nextRun(mapping)),
      mapping: mapping.hash,
    });
  }
  return flows;
}

async function recordReport(
  parts: FlowParts,
  mapping: Mapping,
  id: string,
): Promise<z.output<typeof recordStatus> | null> {
  const nextRun = parts.nextRun(mapping);
  const explanation = await explain(parts, mapping, id, { nextRun, historyLimit: 20 });
  if (explanation === null) return null;
  const { record, headline, next, history } = explanation;
  const settled = ['synced', 'skipped', 'dead', 'removed'].includes(record.state);
  const again = record.nextAt ?? nextRun;
  const seconds =
    again === null ? 60 : Math.max(1, Math.ceil((again.getTime() - parts.now().getTime()) / 1000));
  return {
    flow: record.flow,
    id: record.sourceId,
    state: record.state,
    code: record.code,
    message: headline,
    next,
    since: record.since.toISOString(),
    targetId: record.targetId,
    deliveredAt: textOf(record.deliveredAt),
    nextCheckAfterSeconds: settled ? null : seconds,
    history: history.map(({ at, event, code, message }) => ({ at: at.toISOString(), event, code, message })),
  };
}
