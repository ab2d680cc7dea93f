import { z } from 'zod';
import type { Mapping } from '../../mapping/mapping.ts';
import type { Database } from '../../store/database.ts';
import { reportFlows } from '../../sync/flow-report.ts';
import type { MappingFolder } from '../../sync/mapping-folder.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';
import { flowStatus, flowStatusOf } from './flow-schema.ts';

export type FlowParts = {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly folder: Pick<MappingFolder, 'problems'>;
  readonly nextRun: (mapping: Mapping) => Date | null;
  readonly now: () => Date;
};

export const flowName = z.string().meta({ description: 'The name of a flow.', examples: ['accounts'] });

/** The flow of a path, or a refusal. */
export function flowOf({ mappings }: Pick<FlowParts, 'mappings'>, name: string): Mapping {
  const mapping = mappings().find(({ flow }) => flow === name);
  if (mapping === undefined) throw new HttpProblem('not_found', 'No flow has this name.');
  return mapping;
}

/** Where flows stand. */
export function flowRoutes(app: App, parts: FlowParts): void {
  const report = async (mappings: readonly Mapping[]): Promise<z.output<typeof flowStatus>[]> => {
    const found = await reportFlows(parts.database, mappings, parts.folder.problems(), parts.now());
    return found.map((flow) => flowStatusOf(flow, parts.nextRun(flow.mapping)));
  };
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
    async () => ({ flows: await report(parts.mappings()) }),
  );
  app.get(
    '/v1/flows/:flow',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getFlow',
        summary: 'How one flow stands: lag, freshness, counts, runs, and what stops it.',
        tags: ['flows'],
        params: z.object({ flow: flowName }),
        response: { 200: flowStatus, ...refusals('not_found', 'database_unreachable') },
      },
    },
    async ({ params }) => {
      const [found] = await report([flowOf(parts, params.flow)]);
      if (found === undefined) throw new HttpProblem('not_found', 'No flow has this name.');
      return found;
    },
  );
}
