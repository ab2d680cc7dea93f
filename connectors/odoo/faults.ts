/**
 * Every failure of Odoo, sorted by what follows. The exception's name in the body counts first, because JSON-RPC
 * answers every failure with status 200 and JSON-2 answers permanent ones with 500; the status comes second.
 * An exception means that Odoo rolled the call back: nothing was written.
 * Source: odoo/http.py and odoo/exceptions.py, and answers recorded from Odoo 16 and 19.
 */
import { z } from 'zod';
import { Fault, type FaultKind } from '../../src/connector/fault.ts';
import type { HttpReply } from '../../src/connector/http.ts';
import { exceptionRules } from './fault-rules.ts';
import { plainSentence, stopped } from './plain-sentence.ts';

/** How a call is judged. */
export type Circumstances = {
  /** Whether the call writes, so that an answer which settles nothing leaves its effect unknown. */
  readonly writes: boolean;
  readonly now: Date;
};

/** What an answer other than success means. */
export function classify(reply: HttpReply, circumstances: Circumstances): Fault {
  const exception = exceptionOf(reply.body);
  if (exception !== null) {
    const fault = classifyException(exception);
    if (fault !== null) return fault;
  }
  return classifyStatus(reply, exception, circumstances);
}

type OdooException = { readonly name: string; readonly message: string };

/** The Fault of an exception that the table knows, else null. */
function classifyException({ name, message }: OdooException): Fault | null {
  const rule = exceptionRules.find((rule) => rule.name.test(name) && (rule.message?.test(message) ?? true));
  if (rule === undefined) return null;
  const own = plainSentence(message);
  return new Fault({
    kind: rule.kind,
    code: rule.code,
    message: stopped(rule.quote && own !== '' ? `${rule.says}: ${own}` : rule.says),
  });
}

const json2Error = z.looseObject({ name: z.string(), message: z.string().catch('') });
const jsonRpcError = z.looseObject({
  error: z.looseObject({ code: z.unknown(), data: json2Error.optional().catch(undefined) }),
});

function exceptionOf(body: unknown): OdooException | null {
  const rpc = jsonRpcError.safeParse(body);
  if (rpc.success) {
    if (rpc.data.error.code === 100) return { name: 'odoo.http.SessionExpiredException', message: '' };
    return rpc.data.error.data ?? { name: 'unknown', message: '' };
  }
  const json2 = json2Error.safeParse(body);
  return json2.success ? json2.data : null;
}

function classifyStatus(
  reply: HttpReply,
  exception: OdooException | null,
  circumstances: Circumstances,
): Fault {
  const { status } = reply;
  const fault = (kind: FaultKind, code: string, says: string): Fault => {
    const wait =
      kind === 'rate_limited' || kind === 'transient' ? retryAfterMs(reply, circumstances.now) : null;
    const message = `${says} (status ${status}).`;
    return new Fault({ kind, code, message, ...(wait === null ? {} : { retryAfterMs: wait }) });
  };
  if (status === 401) return fault('auth', 'odoo_api_key_refused', 'Odoo refused the API key');
  if (status === 403)
    return fault('config', 'odoo_forbidden', 'Something in front of Odoo forbids the request');
  if (status === 404)
    return fault('config', 'odoo_not_here', 'There is no Odoo with this database at this address');
  if (status === 413)
    return fault('invalid_record', 'odoo_request_too_large', 'The request is larger than the server takes');
  if (status === 429)
    return fault('rate_limited', 'odoo_rate_limited', 'Odoo takes no more requests for now');
  if (status === 503) return fault('transient', 'odoo_unavailable', 'Odoo is not available');
  if (exception !== null) return unknownException(exception);
  if (status >= 500 || status === 408) {
    if (!circumstances.writes) return fault('transient', 'odoo_unavailable', 'Odoo is not available');
    return fault('ambiguous', 'odoo_unanswered', 'Odoo did not say whether the call took effect');
  }
  if (status >= 400) return fault('bug', 'odoo_request_refused', 'Odoo does not understand the request');
  if (status >= 300)
    return fault(
      'config',
      'odoo_redirect',
      'The server sends requests elsewhere; set `url` to its final address',
    );
  return fault('config', 'odoo_not_here', 'What answers at this address is not Odoo');
}

const unknownException = ({ name, message }: OdooException): Fault =>
  new Fault({
    kind: 'bug',
    code: 'odoo_unknown_error',
    message: stopped(`Odoo failed with ${plainSentence(name)}: ${plainSentence(message)}`),
  });

/** RFC 9110, section 10.2.3: seconds or an HTTP date. */
function retryAfterMs(reply: HttpReply, now: Date): number | null {
  const header = reply.headers['retry-after'];
  if (header === undefined) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const until = Date.parse(header);
  return Number.isNaN(until) ? null : Math.max(0, until - now.getTime());
}
