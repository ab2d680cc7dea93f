/** One kind of refusal of the HTTP interface. `status` is the status code of the answer (RFC 9110, section 15). */
export type HttpEntry = { readonly status: number; readonly title: string; readonly remedy: string };

/** Every refusal that a caller of the HTTP interface can meet. Codes are stable and never reused. */
export const httpCodes = {
  bad_request: {
    status: 400,
    title: 'The request is not one that this operation takes.',
    remedy: '`errors` names what is wrong, field by field; `/openapi.json` says what is taken.',
  },
  key_missing: {
    status: 401,
    title: 'The request has no API key.',
    remedy: 'Send `Authorization: Bearer` and a key; `causeway keys create` makes one.',
  },
  key_refused: {
    status: 401,
    title: 'The API key is not known, was revoked, or has ended.',
    remedy: 'Look at `causeway keys list`, and make a new one with `causeway keys create`.',
  },
  scope_missing: {
    status: 403,
    title: 'The API key may not do this.',
    remedy: 'Use a key that has the scope which `detail` names; `causeway keys create --scope` gives it.',
  },
  host_refused: {
    status: 421,
    title: 'The request was meant for another host, or came through a proxy, and there are no API keys.',
    remedy:
      'While there are no API keys, the server answers this machine alone, under the names `127.0.0.1`, `[::1]` and `localhost`, and no proxy. Make a key with `causeway keys create`.',
  },
  no_such_path: {
    status: 404,
    title: 'There is nothing on this path.',
    remedy: 'Look at `/openapi.json` for what there is.',
  },
  not_found: {
    status: 404,
    title: 'What was asked for is not there.',
    remedy: '`detail` says which name or id is not known.',
  },
  lookup_unknown: {
    status: 404,
    title: 'There is no lookup of this name.',
    remedy: 'Look into `mappings/lookups`; `causeway check` says which of the files have a problem.',
  },
  not_linked: {
    status: 404,
    title: 'The record is not in the ERP yet.',
    remedy:
      '`state` and `next` say where it stands and what comes next; ask again after `nextCheckAfterSeconds`, where that is a number.',
  },
  key_not_unique: {
    status: 409,
    title: 'More than one record has this key.',
    remedy: 'Mend the records in the system that `detail` names, or ask by id.',
  },
  too_many_lookups: {
    status: 429,
    title: 'Too many questions wait for the same system.',
    remedy: 'Ask again after `Retry-After`. What is asked often is better kept: give the lookup a `ttl`.',
  },
  reply_rejected: {
    status: 502,
    title: 'What the systems answered does not fit the rules of the lookup.',
    remedy:
      '`problems` names each value and what is wrong with it: mend the record, or the file of the lookup.',
  },
  system_refused: {
    status: 502,
    title: 'A system refuses the question.',
    remedy:
      'Asking again changes nothing. `fault` says of which kind the refusal is: mend the key, the file of the lookup, or the settings of the connection that `system` names; `causeway check --online` says which fields the system does not have.',
  },
  system_unavailable: {
    status: 503,
    title: 'A system gives no answer at the moment.',
    remedy:
      '`detail` says which and why; ask again after `Retry-After`. `causeway status` tells more of a connection that is held or paused.',
  },
  deadline_passed: {
    status: 504,
    title: 'There was no answer in time.',
    remedy: 'Asking again does no harm: nothing is changed by a lookup. Wait as long as `Retry-After` says.',
  },
  body_too_large: {
    status: 413,
    title: 'The body of the request is too large.',
    remedy: 'Send less at once.',
  },
  wrong_media_type: {
    status: 415,
    title: 'The body of the request is not of a type that is taken here.',
    remedy: 'Send `Content-Type: application/json` and JSON.',
  },
  too_many_requests: {
    status: 429,
    title: 'There were too many requests with this API key.',
    remedy: 'Wait for as long as `Retry-After` says. `http.rate_limit` in causeway.yaml sets the limit.',
  },
  request_too_slow: {
    status: 408,
    title: 'The request did not arrive in full in time.',
    remedy: 'Send it again, in one go.',
  },
  header_too_large: {
    status: 431,
    title: 'The headers of the request are too large.',
    remedy: 'Send fewer or shorter headers: 16 KiB are taken in all.',
  },
  webhook_forged: {
    status: 401,
    title: 'The webhook does not bear the signature of its vendor.',
    remedy:
      'Compare the secret in the settings of the connection with that of the vendor. The vendor also signs the address that it calls: set `http.public_url` in causeway.yaml to it, where a proxy stands in between.',
  },
  webhook_stale: {
    status: 401,
    title: 'The webhook was signed too long ago.',
    remedy: 'Look whether the clock of this machine is right. The vendor sends it again with a new time.',
  },
  webhook_replayed: {
    status: 409,
    title: 'This webhook was taken before.',
    remedy:
      'Nothing is to be done: a vendor that repeats itself signs anew. Somebody else may have sent it again.',
  },
  webhook_malformed: {
    status: 400,
    title: 'The webhook cannot be read.',
    remedy: 'Look what was sent: the signature was good, and the body is not what the vendor documents.',
  },
  webhook_not_configured: {
    status: 503,
    title: 'The connection cannot judge webhooks.',
    remedy:
      'Give the connection the secret of its webhooks: the README of its connector names the setting. The vendor sends them again.',
  },
  resync_refused: {
    status: 422,
    title: 'What is asked for cannot be carried out.',
    remedy: '`errors` names everything that is in the way, field by field. Nothing was stored.',
  },
  idempotency_key_missing: {
    status: 400,
    title: 'The request needs an `Idempotency-Key`.',
    remedy:
      'Send a fresh one with each resync that is meant, such as `Idempotency-Key: "…"` with a UUID, and the same one when you repeat it. Only a resync of ids goes without.',
  },
  idempotency_key_malformed: {
    status: 400,
    title: 'The `Idempotency-Key` is not one.',
    remedy:
      'Write it as a string in double quotes: `Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"`.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The `Idempotency-Key` stands for another request.',
    remedy: 'Use a fresh key for a request that is meant to be another one. A key is kept for 24 hours.',
  },
  idempotency_key_busy: {
    status: 409,
    title: 'A request with the same `Idempotency-Key` is being taken in.',
    remedy: 'Repeat it after as many seconds as `Retry-After` says.',
  },
  internal: {
    status: 500,
    title: 'The request could not be answered because of a defect.',
    remedy: 'The log of Causeway has the cause, under the trace id of the answer. Please report it.',
  },
  source_unreachable: {
    status: 503,
    title: 'The source does not answer, or refuses.',
    remedy:
      'Ask again after as many seconds as `Retry-After` says; `causeway status` says how the connection stands. What was done until then stays done, and is not done twice.',
  },
  database_unreachable: {
    status: 503,
    title: 'The database does not answer.',
    remedy: 'Ask again after as many seconds as `Retry-After` says; nothing was done.',
  },
} as const satisfies { readonly [code: string]: HttpEntry };

export type HttpCode = keyof typeof httpCodes;
