import limiter from '@fastify/rate-limit';
import type { App } from './app.ts';
import { HttpProblem } from './problem.ts';

/** So many requests in so many seconds, for each key; without keys, for each address. */
export type RateLimit = { readonly requests: number; readonly seconds: number };

/**
 * Holds each key to a number of requests, in each process by itself. The headers are those of the IETF's draft
 * (draft-ietf-httpapi-ratelimit-headers). A route with `rateLimit: false` is never too busy to answer, such as a health
 * check.
 */
export function limitRequests(app: App, { requests, seconds }: RateLimit): void {
  void app.register(limiter, {
    global: true,
    // After the key was judged: what has none is refused before it is counted.
    hook: 'preValidation',
    max: requests,
    timeWindow: seconds * 1000,
    enableDraftSpec: true,
    cache: 10_000,
    keyGenerator: ({ caller, ip }) => caller.key ?? ip,
    errorResponseBuilder: (_request, { ttl }) =>
      new HttpProblem('too_many_requests', `More than ${requests} requests came in ${seconds} seconds.`, {
        retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)),
      }),
  });
}
