import { z } from 'zod';
import { Fault } from '../../connector/fault.ts';
import type { Priority } from '../../connector/priority.ts';
import type { Mapping } from '../../mapping/mapping.ts';
import { groupLetters, type LetterId } from '../../store/dead-letter.ts';
import { chooseLetters } from '../../sync/dead-letters.ts';
import type { Redriven } from '../../sync/redrive.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';
import { isStorable, notStorable } from '../storable.ts';
import { instant } from './flow-schema.ts';
import { flowName, flowOf, type FlowParts } from './flows.ts';

export type DeadLetterParts = Pick<FlowParts, 'database' | 'mappings'> & {
  /** Sends letters again, with the newest state of their records. */
  readonly redrive: (
    mapping: Mapping,
    letters: readonly LetterId[],
    priority: Priority,
    signal: AbortSignal,
  ) => Promise<Redriven>;
  /** Has a flow run at once. */
  readonly waker: { wake(flow: string): void };
};

/** So many letters are sent again by one request: the rest is told, and the caller goes on. */
const mostRedriven = 500;

const group = z
  .object({
    flow: z.string(),
    group: z.string().meta({ description: 'Names the cause.' }),
    code: z.string(),
    field: z.string().meta({ description: 'The field at fault; empty where it is the record as a whole.' }),
    message: z.string(),
    count: z.int(),
    oldest: instant,
    newest: instant,
    sample: z.string().meta({ description: 'The id of the oldest one.' }),
  })
  .meta({ id: 'DeadLetterGroup' });

const id = z.string().min(1).max(200).refine(isStorable, notStorable);

const redriveBody = z
  .strictObject({
    flow: flowName.refine(isStorable, notStorable),
    ids: z.array(id).min(1).max(500).optional().meta({ description: 'Ids of records in the source.' }),
    group: id.optional().meta({ description: 'The letters of one cause.' }),
    all: z
      .literal(true)
      .optional()
      .meta({ description: 'All letters of the flow.', examples: [true] }),
  })
  .refine(
    ({ ids, group, all }) => [ids, group, all].filter((given) => given !== undefined).length === 1,
    'exactly one of `ids`, `group` and `all` is wanted',
  )
  .meta({ id: 'Redrive', description: 'Exactly one of `ids`, `group` and `all`.' });

/** What was put aside, by its cause, and sending it again. */
export function deadLetterRoutes(app: App, parts: DeadLetterParts): void {
  app.get(
    '/v1/dead-letters',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listDeadLetters',
        summary: 'What was put aside, by its cause.',
        tags: ['dead letters'],
        querystring: z.object({
          flow: z
            .string()
            .optional()
            .meta({ description: 'Of this flow alone.', examples: ['accounts'] }),
        }),
        response: {
          200: z.object({ total: z.int(), groups: z.array(group) }),
          ...refusals('not_found', 'database_unreachable'),
        },
      },
    },
    async ({ query }) => {
      const mappings = query.flow === undefined ? parts.mappings() : [flowOf(parts, query.flow)];
      const groups: z.output<typeof group>[] = [];
      for (const { flow, read } of mappings) {
        const stream = { connection: read.from, entity: read.entity };
        for (const found of await groupLetters(parts.database, flow, stream))
          groups.push({
            ...found,
            flow,
            oldest: found.oldest.toISOString(),
            newest: found.newest.toISOString(),
          });
      }
      return { total: groups.reduce((sum, { count }) => sum + count, 0), groups };
    },
  );
  redriveRoute(app, parts);
}

function redriveRoute(app: App, parts: DeadLetterParts): void {
  app.post(
    '/v1/dead-letters/redrive',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'redriveDeadLetters',
        summary: `Sends dead letters again, ${mostRedriven} at the most, with the newest state of their records.`,
        tags: ['dead letters'],
        body: redriveBody,
        response: {
          202: z.object({
            queued: z.int().meta({ description: 'Records that are sent now.' }),
            changed: z.int().meta({ description: 'Records that changed meanwhile, and are carried anyway.' }),
            unknown: z.array(z.string()).meta({ description: 'Ids that the source has no more.' }),
            left: z.int().meta({ description: 'Letters that were too many for one request: ask again.' }),
          }),
          ...refusals('not_found', 'source_unreachable', 'database_unreachable'),
        },
      },
    },
    async ({ body }, reply) => {
      const mapping = flowOf(parts, body.flow);
      const { signal } = new AbortController();
      const choice = { ids: body.ids ?? null, group: body.group ?? null };
      const { letters } = await chooseLetters(parts.database, mapping, choice, signal);
      const now = letters.slice(0, mostRedriven);
      const priority = body.ids === undefined ? 'incremental' : 'interactive';
      const redriven = await parts.redrive(mapping, now, priority, signal).catch(refuseUnread);
      parts.waker.wake(mapping.flow);
      return reply.status(202).send({
        queued: redriven.queued.length,
        changed: redriven.changed.length,
        unknown: [...redriven.unknown],
        left: letters.length - now.length,
      });
    },
  );
}

/** The records are read again first: a source that does not answer then is no defect of ours. */
function refuseUnread(error: unknown): never {
  if (!(error instanceof Fault)) throw error;
  throw new HttpProblem(
    'source_unreachable',
    'The records could not be read from the source; try it again.',
    {
      retryAfterSeconds: Math.max(5, Math.ceil((error.retryAfterMs ?? 0) / 1000)),
    },
  );
}
