import type { z } from 'zod';
import type { Kit } from '../../../../src/connector/contract.ts';
import { Fault } from '../../../../src/connector/fault.ts';
import type { HttpReply, HttpRequest } from '../../../../src/connector/http.ts';
import { classify } from './faults.ts';

/** Speaks to a plain ERP; an answer other than success is thrown as its Fault. */
export type PlainClient = {
  /** Asks, and reads the answer by the schema. */
  read<T>(
    path: string,
    query: NonNullable<HttpRequest['query']>,
    answer: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** Sends what may do harm when it is sent twice, and gives the answer as it stands. */
  write(path: string, body: unknown, signal: AbortSignal): Promise<HttpReply>;
};

export function plainClient(
  settings: { readonly url: string; readonly apiKey: string; readonly deadlineMs: number },
  kit: Kit,
): PlainClient {
  const http = kit.http.client({
    baseUrl: settings.url,
    secretHeaders: { 'x-api-key': settings.apiKey },
    deadlineMs: settings.deadlineMs,
    maxResponseBytes: 32 * 1024 * 1024,
  });
  return {
    async read(path, query, answer, signal) {
      const reply = await http.send({ method: 'GET', path, query, safe: true }, signal);
      const fault = classify(reply, false);
      if (fault !== null) throw fault;
      const parsed = answer.safeParse(reply.body);
      if (parsed.success) return parsed.data;
      throw new Fault({
        kind: 'config',
        code: 'plain_not_here',
        message: 'What answers at this address is not a plain ERP.',
      });
    },
    write: (path, body, signal) => http.send({ method: 'POST', path, body, safe: false }, signal),
  };
}
