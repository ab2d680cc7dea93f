import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { HttpCode } from '../errors/http-codes.ts';
import { closeGently } from './closing.ts';
import { HttpProblem, problemBody, sendProblem } from './problem.ts';

/** The server with the types of its schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Who may use a route: keys with a scope, or everybody. */
export type Scope = 'read' | 'operate' | 'webhook';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route names it; a test holds that. */
    scope?: Scope | 'open';
  }
}

/** A request has to arrive in full within so many milliseconds, its headers within half of it. */
const arrivesWithinMs = 10_000;
const headerBytes = 16 * 1024;

/**
 * A server without routes: its limits against large and slow callers, the checks by zod schemas, and refusals as problem
 * details, whatever goes wrong.
 */
export function bareApp(log: Logger): App {
  const app = Fastify({
    bodyLimit: 256 * 1024,
    requestTimeout: arrivesWithinMs,
    keepAliveTimeout: 30_000,
    // Whoever neither sends nor reads for longer than any answer takes is gone.
    connectionTimeout: 65_000,
    // See closeGently: what arrives on a connection that is there already is answered, too.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: false },
    http: {
      maxHeaderSize: headerBytes,
      headersTimeout: arrivesWithinMs / 2,
      // How often Node looks for requests that are late.
      connectionsCheckingInterval: 1000,
    },
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(reply, new HttpProblem('bad_request', 'The address of the request cannot be read.')),
    clientErrorHandler(error, socket) {
      const code = unreadable(error.code);
      if (socket.destroyed || !socket.writable) return;
      const body = JSON.stringify(problemBody(code, 'The request could not be read.'));
      socket.end(
        `HTTP/1.1 ${statusLines[code]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, new HttpProblem('no_such_path', `There is no ${request.method} on this path.`)),
  );
  const closing = closeGently(app);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // It was cut: what its work fails with, now that everything ends, is nobody's concern.
    const heard = !(closing() && request.socket.destroyed);
    return answerError(heard ? log : null, error, request, reply);
  });
  return app;
}

const statusLines: { readonly [code in UnreadableCode]: string } = {
  bad_request: '400 Bad Request',
  request_too_slow: '408 Request Timeout',
  header_too_large: '431 Request Header Fields Too Large',
};
type UnreadableCode = 'bad_request' | 'request_too_slow' | 'header_too_large';

/** What Node's HTTP parser found wrong. */
function unreadable(code: string | undefined): UnreadableCode {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_too_slow';
  return code === 'HPE_HEADER_OVERFLOW' ? 'header_too_large' : 'bad_request';
}

function answerError(
  log: Logger | null,
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof HttpProblem) return sendProblem(reply, error);
  if (hasZodFastifySchemaValidationErrors(error)) return sendProblem(reply, invalid(error));
  const known = knownErrors[error.code];
  if (known !== undefined) return sendProblem(reply, new HttpProblem(known.code, known.detail));
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return sendProblem(reply, new HttpProblem('bad_request', 'The request cannot be understood.'));
  if (isDatabaseGone(error))
    return sendProblem(
      reply,
      new HttpProblem('database_unreachable', 'The database does not answer.', { retryAfterSeconds: 5 }),
    );
  log?.error({ err: error, route: request.routeOptions.url }, 'a request could not be answered');
  return sendProblem(reply, new HttpProblem('internal', 'The request could not be answered.'));
}

const knownErrors: {
  readonly [code: string]: { readonly code: HttpCode; readonly detail: string } | undefined;
} = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'The body is larger than is taken here.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'wrong_media_type',
    detail: 'The body must be JSON, and be called `application/json`.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'bad_request', detail: 'There is no body, and JSON was announced.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'bad_request', detail: 'The body is not JSON.' },
};

/** What pg and the system say of a connection that cannot be made, or broke. */
const isDatabaseGone = (error: Error & { readonly code?: string }): boolean =>
  /^(?:ECONN|EPIPE|ETIMEDOUT|57P0|53300|08)/u.test(error.code ?? '') ||
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout/u.test(error.message);

/** Everything that is wrong with a part of the request. A value that was sent is never repeated. */
function invalid({
  validation,
  validationContext,
}: Pick<FastifyError, 'validation' | 'validationContext'>): HttpProblem {
  const errors = (validation ?? []).map(({ instancePath, message = 'is not right' }) => ({
    in: validationContext ?? 'request',
    field: instancePath.replace(/^\//u, '').replaceAll('/', '.'),
    message,
  }));
  const first = errors.map(({ field, message }) => (field === '' ? message : `\`${field}\`: ${message}`));
  return new HttpProblem('bad_request', first.join('; '), { errors });
}
