import Fastify, { type FastifyInstance } from 'fastify';
import type { Mapping } from '../mapping/mapping.ts';
import type { Database } from '../store/database.ts';
import { explain } from '../sync/explain.ts';
import { countStates, readInDoubt } from '../sync/record-state.ts';
import { expositionType } from '../telemetry/exposition.ts';

export type ServerParts = {
  readonly database: Database;
  readonly mappings: () => readonly Mapping[];
  readonly nextRun: (mapping: Mapping) => Date | null;
  readonly now: () => Date;
  /** Writes the page of metrics. */
  readonly metrics: () => Promise<string>;
};

/** RFC 9457 problem details: a stable code, a sentence, no stack trace. */
type ProblemDetails = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
};

function problemDetails(status: number, code: string, title: string, detail: string): ProblemDetails {
  return { type: `urn:causeway:error:${code}`, title, status, detail, code };
}

/** The HTTP interface: health, readiness, and where flows and records stand. */
export function httpServer(parts: ServerParts): FastifyInstance {
  const app = Fastify({
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    return503OnClosing: true,
    forceCloseConnections: true,
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .type('application/problem+json')
      .send(
        problemDetails(404, 'no_such_path', 'Nothing is here', `There is no ${request.method} on this path.`),
      ),
  );
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500;
    const code = status === 500 ? 'internal' : 'bad_request';
    const detail =
      status === 500
        ? 'The request could not be answered.'
        : 'The request is not one that this server understands.';
    return reply
      .status(status)
      .type('application/problem+json')
      .send(problemDetails(status, code, 'The request failed', detail));
  });
  app.get('/healthz', () => ({ status: 'up' }));
  app.get('/readyz', async (_request, reply) => {
    try {
      await parts.database.query('select 1');
      return { status: 'ready' };
    } catch {
      return reply
        .status(503)
        .type('application/problem+json')
        .send(problemDetails(503, 'database_unreachable', 'Not ready', 'The database does not answer.'));
    }
  });
  app.get('/metrics', async (_request, reply) => reply.type(expositionType).send(await parts.metrics()));
  app.get('/v1/flows', () => flowsReport(parts));
  app.get<{ Params: { flow: string; id: string } }>('/v1/flows/:flow/records/:id', async (request, reply) => {
    const mapping = parts.mappings().find(({ flow }) => flow === request.params.flow);
    const found =
      mapping === undefined || request.params.id.includes('\0')
        ? null
        : await recordReport(parts, mapping, request.params.id);
    if (found !== null) return found;
    const what =
      mapping === undefined
        ? 'No flow has this name.'
        : 'The source has not shown a record with this id yet.';
    return reply
      .status(404)
      .type('application/problem+json')
      .send(problemDetails(404, 'not_found', 'Not found', what));
  });
  return app;
}

async function flowsReport(parts: ServerParts): Promise<unknown> {
  const flows = [];
  const inDoubt = await readInDoubt(parts.database);
  for (const mapping of parts.mappings()) {
    const { counts, oldestPending } = await countStates(parts.database, mapping);
    flows.push({
      flow: mapping.flow,
      about: mapping.about,
      records: counts,
      inDoubt: inDoubt.get(mapping.flow) ?? null,
      oldestPendingAt: oldestPending,
      nextRunAt: parts.nextRun(mapping),
      mapping: mapping.hash,
    });
  }
  return { flows };
}

async function recordReport(parts: ServerParts, mapping: Mapping, id: string): Promise<unknown> {
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
    since: record.since,
    targetId: record.targetId,
    deliveredAt: record.deliveredAt,
    nextCheckAfterSeconds: settled ? null : seconds,
    history: history.map(({ at, event, code, message }) => ({ at, event, code, message })),
  };
}
