import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { bodyWithAge } from '../../lookup/body.ts';
import type { Asking } from '../../lookup/engine.ts';
import { origins, type Refusal, type Replied } from '../../lookup/outcome.ts';
import type { LookupService } from '../../lookup/service.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';
import { isStorable, notStorable } from '../storable.ts';

export type LookupParts = { readonly lookups: Pick<LookupService, 'lookups' | 'answer'> };

const longestKey = 255;

const params = z.object({
  name: z.string().meta({ description: 'The name of a lookup.', examples: ['customer-credit'] }),
  key: z
    .string()
    .min(1)
    .max(longestKey)
    .refine(isStorable, notStorable)
    .meta({
      description:
        'What the lookup finds its record by: the id of the CRM record, the id in the ERP, or a business key.',
      examples: ['42100000000'],
    }),
});

const headers = z.looseObject({
  'request-timeout-ms': z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'is a whole number of milliseconds')
    .optional()
    .meta({
      description:
        'How long the caller waits, in milliseconds. The deadline of the lookup holds where it is shorter.',
      examples: ['1500'],
    }),
});

const reply = z
  .object({
    lookup: z.string(),
    key: z.string(),
    reply: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The values under the names of the lookup; decimals are text.' }),
    cut: z.array(z.string()).meta({ description: 'Lists of which there is more than is told.' }),
    unknown: z
      .array(z.string())
      .meta({ description: 'Values that are not known at the moment; each of them is null.' }),
    origin: z.enum(origins).meta({
      description:
        'Asked now; kept; kept and past its time, because a system does not answer; or what was last sent to the ERP.',
    }),
    asOf: z.iso.datetime().meta({ description: 'The instant up to which the answer is true.' }),
    ageMs: z.int().min(0),
  })
  .meta({ id: 'LookupReply' });

/** The answer to a question that somebody waits for. */
export function lookupRoutes(app: App, { lookups }: LookupParts): void {
  app.get(
    '/v1/lookups/:name/:key',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getLookup',
        summary: 'Asks the systems now, within a deadline, and says how old the answer is.',
        tags: ['lookups'],
        params,
        headers,
        response: {
          200: reply,
          ...refusals(
            'not_found',
            'reply_rejected',
            'system_refused',
            'key_not_unique',
            'too_many_lookups',
            'system_unavailable',
            'deadline_passed',
          ),
        },
      },
    },
    async (request, answer) => {
      const started = performance.now();
      const lookup = lookups.lookups().find(({ name }) => name === request.params.name);
      if (lookup === undefined) throw new HttpProblem('lookup_unknown', 'No lookup has this name.');
      const caller = callerOf(answer, request.headers['request-timeout-ms']);
      const outcome = await lookups.answer(lookup, request.params.key, caller);
      if (outcome.kind === 'reply') return send(answer, outcome, performance.now() - started);
      answer.header('server-timing', `total;dur=${millis(performance.now() - started)}`);
      throw problemOf(outcome);
    },
  );
}

/** How long the caller waits, and until when. */
const callerOf = (answer: FastifyReply, deadline: string | undefined): Asking => ({
  deadlineMs: deadline === undefined ? null : Number(deadline),
  signal: () => whenGone(answer),
});

/** Aborts when the caller closes the connection before the answer is sent. */
function whenGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => {
    // Nobody reads it; it ends the request like any other refusal.
    if (!raw.writableFinished) gone.abort(new HttpProblem('deadline_passed', 'The caller has gone.'));
  };
  if (raw.destroyed) leave();
  else raw.once('close', leave);
  return gone.signal;
}

const millis = (ms: number): string => ms.toFixed(1);

/** Sends the text that is kept: it is neither parsed nor written anew for each caller. */
function send(answer: FastifyReply, replied: Replied, totalMs: number): FastifyReply {
  const { origin, ageMs, freshForMs, staleForMs, vendorMs } = replied;
  const timing =
    origin === 'live'
      ? `vendor;dur=${millis(vendorMs)}`
      : `cache;desc=${origin === 'cache' ? 'hit' : origin}`;
  return answer
    .header('content-type', 'application/json; charset=utf-8')
    .header('age', String(Math.floor(ageMs / 1000)))
    .header('cache-control', cacheControl(ageMs, freshForMs, staleForMs))
    .header('server-timing', `total;dur=${millis(totalMs)}, ${timing}`)
    .send(bodyWithAge(replied));
}

/** A cache takes `Age` off `max-age` (RFC 9111, section 4.2), so that this is the whole life of the answer. */
function cacheControl(ageMs: number, freshForMs: number, staleForMs: number): string {
  if (freshForMs === 0) return 'private, no-cache';
  const stale = staleForMs === 0 ? '' : `, stale-if-error=${Math.floor(staleForMs / 1000)}`;
  return `private, max-age=${Math.floor((ageMs + freshForMs) / 1000)}${stale}`;
}

function problemOf(refusal: Refusal): HttpProblem {
  switch (refusal.kind) {
    case 'not_found':
      return new HttpProblem('not_found', refusal.sentence);
    case 'not_unique':
      return new HttpProblem('key_not_unique', refusal.sentence);
    case 'not_linked': {
      const { nextCheckAfterSeconds, message, ...standing } = refusal.standing;
      return new HttpProblem('not_linked', message, {
        ...standing,
        nextCheckAfterSeconds,
        ...(nextCheckAfterSeconds !== null && { retryAfterSeconds: nextCheckAfterSeconds }),
      });
    }
    case 'late':
      return new HttpProblem('deadline_passed', `There was no answer within ${refusal.deadlineMs} ms.`, {
        retryAfterSeconds: refusal.retryAfterSeconds,
        deadlineMs: refusal.deadlineMs,
      });
    case 'unavailable':
      return new HttpProblem('system_unavailable', refusal.sentence, {
        retryAfterSeconds: refusal.retryAfterSeconds,
        system: refusal.system,
      });
    case 'refused':
      return new HttpProblem('system_refused', refusal.sentence, {
        system: refusal.system,
        fault: refusal.fault,
      });
    case 'too_many':
      return new HttpProblem('too_many_lookups', refusal.sentence, {
        retryAfterSeconds: refusal.retryAfterSeconds,
      });
    case 'rejected':
      return new HttpProblem('reply_rejected', 'The answer of the systems does not fit the rules.', {
        problems: refusal.problems,
      });
  }
}
