/** Every failure of a plain ERP, sorted by what follows: the code in the body first, the status second. */
import { z } from 'zod';
import { Fault, type FaultKind } from '../../../../src/connector/fault.ts';
import type { HttpReply } from '../../../../src/connector/http.ts';

/** An error as the ERP words it, for a whole call or for one item. */
export const errorBody = z.looseObject({
  code: z.string(),
  message: z.string().catch(''),
  field: z.string().nullable().catch(null),
  /** For a batch that was stopped midway: how many of its first rows were written. */
  applied: z.int().nullable().catch(null),
});
export type ErrorBody = z.output<typeof errorBody>;

const kinds: Readonly<Record<string, FaultKind>> = {
  unauthorized: 'auth',
  forbidden: 'config',
  no_such_path: 'config',
  value_refused: 'invalid_record',
  closed_period: 'invalid_record',
  batch_refused: 'invalid_record',
  no_such_reference: 'missing_reference',
  no_such_record: 'not_found',
  record_locked: 'conflict',
  busy: 'transient',
  too_many_requests: 'rate_limited',
};

const failed = z.looseObject({ error: errorBody });

/** The error that an answer carries, whatever its status, else null. */
export function errorOf(reply: HttpReply): ErrorBody | null {
  const parsed = failed.safeParse(reply.body);
  return parsed.success ? parsed.data.error : null;
}

/** The Fault of one item. */
export function itemFault(error: ErrorBody): Fault {
  return new Fault({
    kind: kinds[error.code] ?? 'bug',
    code: `plain_${error.code}`,
    message: sentence(error.message),
    fields: error.field === null ? [] : [{ field: error.field, message: sentence(error.message) }],
  });
}

const sentence = (text: string): string => (text === '' ? 'The ERP gave no reason.' : text.slice(0, 500));

/** What an answer other than success means for the whole call, or null when it is one of success. */
export function classify(reply: HttpReply, writes: boolean): Fault | null {
  const error = errorOf(reply);
  const kind = error === null ? undefined : kinds[error.code];
  if (error !== null && kind !== undefined) {
    const wait = kind === 'rate_limited' || kind === 'transient' ? retryAfterMs(reply) : null;
    return new Fault({
      kind,
      code: `plain_${error.code}`,
      message: sentence(error.message),
      ...(wait === null ? {} : { retryAfterMs: wait }),
    });
  }
  return classifyStatus(reply, writes);
}

function classifyStatus(reply: HttpReply, writes: boolean): Fault | null {
  const { status } = reply;
  const fault = (kind: FaultKind, code: string, says: string): Fault => {
    const wait = kind === 'rate_limited' || kind === 'transient' ? retryAfterMs(reply) : null;
    const message = `${says} (status ${status}).`;
    return new Fault({ kind, code, message, ...(wait === null ? {} : { retryAfterMs: wait }) });
  };
  if (status === 429)
    return fault('rate_limited', 'plain_too_many_requests', 'The ERP takes no more requests');
  if (status === 503) return fault('transient', 'plain_unavailable', 'The ERP is not available');
  if (status === 401) return fault('auth', 'plain_unauthorized', 'The ERP refused the API key');
  if (status === 413) return fault('invalid_record', 'plain_too_large', 'The request is too large');
  if (status >= 500) {
    if (!writes) return fault('transient', 'plain_unavailable', 'The ERP is not available');
    return fault('ambiguous', 'plain_unanswered', 'The ERP did not say whether the call took effect');
  }
  if (status === 400) return fault('bug', 'plain_request_refused', 'The ERP does not understand the request');
  if (status >= 300) return fault('config', 'plain_not_here', 'There is no plain ERP at this address');
  if (reply.text !== null)
    return fault('config', 'plain_not_here', 'What answers at this address is not a plain ERP');
  return errorOf(reply) === null
    ? null
    : fault('bug', 'plain_unknown_error', 'The ERP failed and gave no known reason');
}

function retryAfterMs(reply: HttpReply): number | null {
  const header = reply.headers['retry-after'];
  return header !== undefined && /^\d+$/.test(header) ? Number(header) * 1000 : null;
}
