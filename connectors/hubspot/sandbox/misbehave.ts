import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Refusal, tooManyRequests, unauthorized } from './refusal.ts';
import type { Policy } from './refusal.ts';

const every = z.int().min(1).nullable().default(null);
const ms = z.int().min(0).default(0);

/** How the sandbox misbehaves; the README says what each rule does and which real trap it stands for. */
export const rulesSchema = z.strictObject({
  indexLagMs: ms,
  lateCommitMs: ms,
  clockSkewMs: z.int().default(0),
  delayMs: ms,
  downForMs: ms,
  rateLimitEvery: every,
  rateLimitPolicy: z.enum(['SECONDLY', 'TEN_SECONDLY_ROLLING', 'DAILY']).default('TEN_SECONDLY_ROLLING'),
  rateLimitHeaders: z.boolean().default(true),
  retryAfterSeconds: z.int().min(0).nullable().default(null),
  requestsPerTenSeconds: every,
  searchesPerSecond: every,
  unavailableEvery: every,
  unavailableStatus: z.int().min(500).max(599).default(502),
  loseAnswerEvery: every,
  refuseIds: z.array(z.string()).default([]),
  expireTokenAfter: z.int().min(0).nullable().default(null),
  emptyListings: z.boolean().default(false),
  webhookCopies: z.int().min(1).max(10).default(1),
  webhookDisorder: z.boolean().default(false),
  webhookDelayMs: z.int().min(0).default(20),
  answer: z
    .strictObject({
      status: z.int().min(200).max(599),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.unknown().optional(),
      text: z.string().optional(),
      /** Only requests to this path. */
      only: z.string().optional(),
    })
    .nullable()
    .default(null),
});
export type Rules = z.output<typeof rulesSchema>;

/** The rules in force, and what they count. Setting rules starts all counts anew. */
export type Misbehaviour = {
  rules(): Rules;
  set(rules: Rules): void;
  /** True while the server takes no requests. */
  down(): boolean;
  /** Throws the answer that a rule gives instead of the real one. */
  beforeAnswer(request: { readonly path: string; readonly search: boolean }): Promise<void>;
  /** Whether the answer to the write that was just committed is to be lost. */
  losesAnswer(): boolean;
};

const strikes = (nth: number | null, count: number): boolean => nth !== null && count % nth === 0;

export function misbehaviour(first: Rules, now: () => number, closing: AbortSignal): Misbehaviour {
  let rules = first;
  let since = now();
  let seen = { requests: 0, writes: 0 };
  let recent: { readonly at: number; readonly search: boolean }[] = [];

  /** HubSpot counts searches in a second of their own, and not among the requests of ten seconds. */
  function limitReached(search: boolean): Policy | null {
    const at = now();
    recent = [...recent.filter((request) => at - request.at < 10_000), { at, search }];
    const searches = recent.filter((request) => request.search && at - request.at < 1000).length;
    if (search) return searches > (rules.searchesPerSecond ?? Infinity) ? 'SECONDLY' : null;
    const others = recent.filter((request) => !request.search).length;
    return others > (rules.requestsPerTenSeconds ?? Infinity) ? 'TEN_SECONDLY_ROLLING' : null;
  }

  function limited(policy: Policy, search: boolean): Refusal {
    const { rateLimitHeaders, retryAfterSeconds } = rules;
    return tooManyRequests(policy, {
      ...(rateLimitHeaders && !search && limitHeaders(100, 0)),
      ...(retryAfterSeconds !== null && { 'retry-after': String(retryAfterSeconds) }),
    });
  }

  return {
    rules: () => rules,
    set: (next) => {
      rules = next;
      since = now();
      seen = { requests: 0, writes: 0 };
      recent = [];
    },
    down: () => now() < since + rules.downForMs,
    beforeAnswer: async ({ path, search }) => {
      seen.requests += 1;
      if (rules.delayMs > 0) await delay(rules.delayMs, undefined, { signal: closing });
      if (rules.expireTokenAfter !== null && seen.requests > rules.expireTokenAfter)
        throw unauthorized('EXPIRED_AUTHENTICATION');
      if (strikes(rules.rateLimitEvery, seen.requests)) throw limited(rules.rateLimitPolicy, search);
      if (strikes(rules.unavailableEvery, seen.requests)) throw new Refusal(rules.unavailableStatus, {});
      const { answer } = rules;
      if (answer && (answer.only ?? path) === path)
        throw new Refusal(answer.status, answer.text ?? answer.body ?? {}, answer.headers);
      const reached = limitReached(search);
      if (reached) throw limited(reached, search);
    },
    losesAnswer: () => {
      seen.writes += 1;
      return strikes(rules.loseAnswerEvery, seen.writes);
    },
  };
}

/** HubSpot sends these with every answer but a search's. */
export function limitHeaders(max: number, remaining: number): { readonly [name: string]: string } {
  return {
    'x-hubspot-ratelimit-max': String(max),
    'x-hubspot-ratelimit-remaining': String(remaining),
    'x-hubspot-ratelimit-interval-milliseconds': '10000',
    'x-hubspot-ratelimit-daily': '250000',
    'x-hubspot-ratelimit-daily-remaining': '249000',
  };
}
