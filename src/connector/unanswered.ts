import { Fault } from './fault.ts';

/** What is known of a request that brought no reply. */
export type Unanswered = {
  readonly error: unknown;
  readonly host: string;
  readonly safe: boolean;
  /** Whether anything of the request can have left: the connection was up, TLS included. */
  readonly left: boolean;
  /** The deadline in milliseconds when it is what ended the wait, else null. */
  readonly deadlineMs: number | null;
};

/**
 * Makes the Fault of a request that was not answered. Only the system's error code is taken over: the error itself
 * carries the request with its credentials, and goes no further.
 */
export function unanswered(request: Unanswered): Fault {
  const code = codeOf(request.error);
  const [name, sentence] = request.left ? lost(request, code) : notConnected(request, code);
  if (request.safe || !request.left) {
    return new Fault({ kind: 'transient', code: name, message: `${sentence}.` });
  }
  const message = `${sentence}; whether the request took effect is not known.`;
  return new Fault({ kind: 'ambiguous', code: name, message });
}

type Description = readonly [code: string, sentence: string];

function lost({ host, deadlineMs, error }: Unanswered, code: string): Description {
  if (deadlineMs !== null)
    return ['deadline_exceeded', `${host} did not answer in full within ${deadlineMs} ms`];
  if (error instanceof Error && error.message.startsWith('maxContentLength')) {
    return ['response_too_large', `The answer of ${host} is larger than this connector accepts`];
  }
  if (/^(?:HPE_|Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD)/u.test(code)) {
    return ['response_unreadable', `The answer of ${host} is not readable as HTTP (${code})`];
  }
  return ['connection_lost', `The connection to ${host} broke before the answer was complete (${code})`];
}

function notConnected({ host, deadlineMs }: Unanswered, code: string): Description {
  if (deadlineMs !== null) return ['deadline_exceeded', `${host} took no connection within ${deadlineMs} ms`];
  if (code === 'ECONNREFUSED') return ['connection_refused', `${host} refuses connections`];
  if (/^(?:ENOTFOUND|EAI_)/u.test(code))
    return ['host_not_found', `The name of ${host} is not known (${code})`];
  if (/CERT|SIGNATURE|TLS|SSL|EPROTO/u.test(code)) {
    return ['tls_failed', `No trusted TLS connection to ${host} could be made (${code})`];
  }
  return ['connection_failed', `${host} cannot be reached (${code})`];
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^\w{1,60}$/u.test(code) ? code : 'no code';
}
