import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { type HttpCode, httpCodes, type HttpEntry } from '../errors/http-codes.ts';

/** Members beside those of RFC 9457. `retryAfterSeconds` also becomes the header `Retry-After`. */
export type ProblemMembers = { readonly retryAfterSeconds?: number; readonly [member: string]: unknown };

/** A refusal: thrown by a route, and answered as problem details. `detail` holds no secret and no payload. */
export class HttpProblem extends Error {
  readonly code: HttpCode;
  readonly members: ProblemMembers;

  constructor(code: HttpCode, detail: string, members: ProblemMembers = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.code = code;
    this.members = members;
  }
}

/** Problem details of RFC 9457: a stable code, a sentence, and no stack trace. */
const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: '`urn:causeway:error:` and the code.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened, in a sentence.' }),
    code: z.string().meta({ description: 'Stable; docs/errors.md says what each means.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

/** The refusals that an operation may answer, for the document: these, and those that stand in front of every route. */
export function refusals(...codes: HttpCode[]): { readonly [status: number]: typeof refusal } {
  return Object.fromEntries([...inFront, ...codes].map((code) => [httpCodes[code].status, refusal]));
}

const inFront = [
  'bad_request',
  'key_missing',
  'scope_missing',
  'too_many_requests',
] as const satisfies HttpCode[];

const refusal = {
  description: 'A refusal.',
  content: { 'application/problem+json': { schema: problemSchema } },
};

/** What a refusal says, as JSON. */
export function problemBody(code: HttpCode, detail: string, members: ProblemMembers = {}): object {
  const { status, title, remedy }: HttpEntry = httpCodes[code];
  return { type: `urn:causeway:error:${code}`, title, status, detail, code, remedy, ...members };
}

/** Answers with problem details. */
export function sendProblem(reply: FastifyReply, { code, message, members }: HttpProblem): FastifyReply {
  const { status }: HttpEntry = httpCodes[code];
  if (members.retryAfterSeconds !== undefined) reply.header('retry-after', String(members.retryAfterSeconds));
  return reply
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(code, message, members)));
}
