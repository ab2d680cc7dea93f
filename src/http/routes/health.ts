import { z } from 'zod';
import type { Database } from '../../store/database.ts';
import { expositionType } from '../../telemetry/exposition.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';

export type HealthParts = {
  readonly database: Database;
  /** Writes the page of metrics. */
  readonly metrics: () => Promise<string>;
};

const status = (word: string) => z.object({ status: z.literal(word) });

/** Whether the process is up, whether it can work, and what it measures. */
export function healthRoutes(app: App, { database, metrics }: HealthParts): void {
  app.get(
    '/healthz',
    {
      config: { scope: 'open', rateLimit: false },
      schema: {
        operationId: 'getHealth',
        summary: 'Is the process up?',
        tags: ['health'],
        security: [],
        response: { 200: status('up') },
      },
    },
    () => ({ status: 'up' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { scope: 'open', rateLimit: false },
      schema: {
        operationId: 'getReadiness',
        summary: 'Can it work? Asks the database.',
        tags: ['health'],
        security: [],
        response: { 200: status('ready'), ...refusals('database_unreachable') },
      },
    },
    async () => {
      try {
        await database.query('select 1');
        return { status: 'ready' as const };
      } catch {
        throw new HttpProblem('database_unreachable', 'The database does not answer.', {
          retryAfterSeconds: 5,
        });
      }
    },
  );
  app.get(
    '/metrics',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getMetrics',
        summary: 'What it measures, in the text format of Prometheus. docs/operations.md names the metrics.',
        tags: ['health'],
        response: { 200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (_request, reply) => reply.type(expositionType).send(await metrics()),
  );
}
