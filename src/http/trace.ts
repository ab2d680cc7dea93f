import type { FastifyRequest } from 'fastify';
import { newTraceId, traceIdOf, traceparentOf, withTrace } from '../connector/trace.ts';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's trace where it names one, else a new one. */
    traceId: string;
  }
}

/**
 * Follows a caller's trace (W3C Trace Context): what a request does, logs and asks for bears it, and the answer names it in
 * `traceresponse`. A header that the standard does not allow is as none.
 */
export function followTraces(app: App): void {
  app.decorateRequest('traceId', '');
  app.addHook('onRequest', (request, reply, done) => {
    request.traceId = traceIdOf(only(request, 'traceparent')) ?? newTraceId();
    reply.header('traceresponse', traceparentOf(request.traceId));
    withTrace(request.traceId, done);
  });
  // What reads the body goes on in the context of its socket.
  app.addHook('preValidation', (request, _reply, done) =>
    request.body === undefined ? done() : withTrace(request.traceId, done),
  );
}

/** A header that came twice says nothing. */
function only({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
