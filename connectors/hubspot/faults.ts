/**
 * Every failure of HubSpot, sorted by what follows. The body counts first and the status second: HubSpot's body of
 * a 429 differs from all its other errors, and each field of an error may be missing.
 * Source: developers.hubspot.com/docs/api-reference/error-handling and /docs/api/usage-details.
 */
import { z } from 'zod';
import { Fault } from '../../src/connector/fault.ts';
import type { FaultKind, FieldFault } from '../../src/connector/fault.ts';
import type { HttpReply } from '../../src/connector/http.ts';

const names = z.union([z.array(z.string()), z.string().transform((name) => [name])]);

const errorDetail = z.looseObject({
  message: z.string().nullish().catch(null),
  code: z.string().nullish().catch(null),
  context: z.record(z.string(), names.catch([])).nullish().catch(null),
});

const errorBody = z.looseObject({
  message: z.string().nullish().catch(null),
  category: z.string().nullish().catch(null),
  policyName: z.string().nullish().catch(null),
  correlationId: z.string().nullish().catch(null),
  context: z.record(z.string(), names.catch([])).nullish().catch(null),
  errors: z.array(errorDetail).nullish().catch(null),
});
type ErrorBody = z.output<typeof errorBody>;

const second = 1000;
const hour = 3600 * second;
const longestMessage = 500;

/** How long to hold where HubSpot gives a policy and no header. The daily count is looked at again every hour. */
const policyWaits: { readonly [policy: string]: number } = {
  SECONDLY: second,
  TEN_SECONDLY_ROLLING: 10 * second,
  DAILY: hour,
};

/** 522, 525 and 526 speak of a connection or certificate that a person has to mend; the rest pass by themselves. */
const brokenConnection = new Set([522, 525, 526]);

/** What an answer with an error status means. `secret` is blanked wherever the answer repeats it. */
export function classify(reply: HttpReply, secret = ''): Fault {
  const parsed = errorBody.safeParse(reply.body);
  const body: ErrorBody = parsed.success ? parsed.data : {};
  const verdict = judge(reply, body);
  const fields = verdict.kind === 'invalid_record' ? fieldsAtFault(body) : [];
  const message = `HubSpot ${verdict.says} (${reference(reply, body)})${quote(body)}`;
  return new Fault({
    kind: verdict.kind,
    code: verdict.code,
    message: blank(message, secret),
    fields: fields.map(({ field, message: text }) => ({ field, message: blank(text, secret) })),
    ...(verdict.waitMs !== undefined && { retryAfterMs: verdict.waitMs }),
  });
}

type Verdict = { kind: FaultKind; code: string; says: string; waitMs?: number };

function judge(reply: HttpReply, body: ErrorBody): Verdict {
  const { status } = reply;
  if (status === 429 || body.category === 'RATE_LIMITS') return rateLimited(reply, body);
  if (status === 401) return { kind: 'auth', code: 'hubspot_unauthorized', says: 'refused the access token' };
  if (status === 403) return forbidden(body);
  if (status === 404)
    return { kind: 'not_found', code: 'hubspot_not_found', says: 'does not have what was asked for' };
  if (status === 409) return clash(body);
  if (status === 414)
    return {
      kind: 'invalid_record',
      code: 'hubspot_too_long',
      says: 'found the request or the merge too large',
    };
  if (status === 423)
    return { kind: 'transient', code: 'hubspot_locked', says: 'has the record locked', waitMs: 2 * second };
  if (status === 477) {
    const waitMs = retryAfter(reply) ?? hour;
    return {
      kind: 'rate_limited',
      code: 'hubspot_migrating',
      says: 'is moving this account to another place',
      waitMs,
    };
  }
  if (brokenConnection.has(status))
    return {
      kind: 'config',
      code: 'hubspot_unreachable_edge',
      says: 'cannot be reached behind its own edge',
    };
  if (status >= 500)
    return { kind: 'transient', code: 'hubspot_unavailable', says: 'is not available', ...wait(reply) };
  if (status >= 300 && status < 400)
    return { kind: 'config', code: 'hubspot_redirect', says: 'redirects: is `baseUrl` right?' };
  if (status === 400 && /^Unable to infer object type/i.test(body.message ?? ''))
    return { kind: 'config', code: 'hubspot_unknown_entity', says: 'does not have this object any more' };
  if (status === 400 || status === 422)
    return { kind: 'invalid_record', code: 'hubspot_validation_error', says: 'refused what was sent' };
  if (status >= 400) return { kind: 'bug', code: 'hubspot_request_refused', says: 'refused the request' };
  return { kind: 'transient', code: 'hubspot_unreadable_answer', says: 'gave an answer that cannot be read' };
}

function rateLimited(reply: HttpReply, body: ErrorBody): Verdict {
  const policy = body.policyName ?? policyInWords(body.message ?? '');
  // The interval header describes the ten-second bucket even when it is the daily count that is used up.
  const interval =
    policy === 'DAILY' ? null : positive(reply.headers['x-hubspot-ratelimit-interval-milliseconds']);
  const waitMs = retryAfter(reply) ?? interval ?? policyWaits[policy] ?? 10 * second;
  return {
    kind: 'rate_limited',
    code: policy === 'DAILY' ? 'hubspot_daily_limit' : 'hubspot_rate_limited',
    says: 'takes no more requests for now',
    waitMs,
  };
}

/** The search endpoints say it in words alone. */
function policyInWords(message: string): string {
  if (/(^|\s)secondly limit/i.test(message)) return 'SECONDLY';
  if (/\bdaily\b/i.test(message)) return 'DAILY';
  return 'TEN_SECONDLY_ROLLING';
}

const scopeKeys = ['requiredGranularScopes', 'requiredScopes', 'missingScopes'];

function forbidden(body: ErrorBody): Verdict {
  const contexts = [body.context, ...(body.errors ?? []).map((error) => error.context)];
  const scopes = contexts.flatMap((context) => scopeKeys.flatMap((key) => context?.[key] ?? []));
  const missing = scopes.length > 0 ? `: grant the scope ${[...new Set(scopes)].join(', ')}` : '';
  return {
    kind: 'config',
    code: 'hubspot_missing_scope',
    says: `does not allow this to the private app${missing}`,
  };
}

function clash(body: ErrorBody): Verdict {
  const taken = body.category === 'OBJECT_ALREADY_EXISTS' || /already (exists|has)/i.test(body.message ?? '');
  if (taken)
    return {
      kind: 'invalid_record',
      code: 'hubspot_value_taken',
      says: 'has another record with this value',
    };
  return { kind: 'conflict', code: 'hubspot_conflict', says: 'was changed at the same moment' };
}

/** From `errors[].context.propertyName`, or from the list that HubSpot writes into the message as JSON. */
function fieldsAtFault(body: ErrorBody): FieldFault[] {
  const listed = (body.errors ?? []).flatMap((error) =>
    (error.context?.['propertyName'] ?? []).map((field) => ({
      field,
      message: shorten(error.message ?? error.code ?? ''),
    })),
  );
  if (listed.length > 0) return listed;
  return embeddedErrors(body.message ?? '').map(({ name, message }) => ({
    field: name,
    message: shorten(message),
  }));
}

const embedded = z.array(z.looseObject({ name: z.string(), message: z.string() }));

function embeddedErrors(message: string): z.output<typeof embedded> {
  const start = message.indexOf('[');
  const end = message.lastIndexOf(']');
  if (start < 0 || end < start) return [];
  try {
    return embedded.parse(JSON.parse(message.slice(start, end + 1)));
  } catch {
    return [];
  }
}

function retryAfter(reply: HttpReply): number | null {
  const seconds = positive(reply.headers['retry-after']);
  return seconds === null ? null : seconds * second;
}

function wait(reply: HttpReply): { waitMs?: number } {
  const waitMs = retryAfter(reply);
  return waitMs === null ? {} : { waitMs };
}

function positive(header: string | undefined): number | null {
  const number = Number(header);
  return header !== undefined && Number.isFinite(number) && number > 0 ? number : null;
}

function reference(reply: HttpReply, body: ErrorBody): string {
  const parts = [
    String(reply.status),
    body.category,
    body.correlationId && `correlation id ${body.correlationId}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function quote(body: ErrorBody): string {
  return body.message ? `: ${shorten(body.message)}` : '.';
}

function shorten(text: string): string {
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
}

function blank(text: string, secret: string): string {
  return secret === '' ? text : text.replaceAll(secret, '[secret]');
}
