/**
 * Failures as Odoo sends them, with the fault kind that each must become. Shapes recorded from Odoo 16.0 (JSON-RPC) and
 * Odoo 19.0 (JSON-2), with the tracebacks shortened and a canary in place of what must never be shown.
 */
import type { FaultKind } from '../../../src/connector/fault.ts';

export const canary = 'canary-in-traceback';

/** What Odoo says of a failure, and the status that JSON-2 gives it. */
type Failure = { readonly exception: string; readonly message: string; readonly status: number };

type Recorded = Failure & { readonly name: string; readonly kind: FaultKind };

const socketPath = `/var/run/postgresql/${canary}.s.PGSQL.5432`;

export const recorded: readonly Recorded[] = [
  {
    name: 'a wrong password',
    exception: 'odoo.exceptions.AccessDenied',
    message: 'Access Denied',
    kind: 'auth',
    status: 403,
  },
  {
    name: 'an API key that is refused',
    exception: 'werkzeug.exceptions.Unauthorized',
    message: 'Invalid apikey',
    kind: 'auth',
    status: 401,
  },
  {
    name: 'a missing right',
    exception: 'odoo.exceptions.AccessError',
    message:
      "You are not allowed to create 'Contact' (res.partner) records.\n\nThis operation is allowed for the following groups:\n\t- Extra Rights/Contact Creation\n\nContact your administrator to request access if necessary.",
    kind: 'config',
    status: 403,
  },
  {
    name: 'a record that is gone',
    exception: 'odoo.exceptions.MissingError',
    message: 'Record does not exist or has been deleted.\n(Record: res.partner(99,), User: 2)',
    kind: 'not_found',
    status: 404,
  },
  {
    name: 'a validation error',
    exception: 'odoo.exceptions.ValidationError',
    message:
      'The operation cannot be completed: another model requires the record being deleted. If possible, archive it instead.',
    kind: 'invalid_record',
    status: 422,
  },
  {
    name: 'a refusal by the business rules',
    exception: 'odoo.exceptions.UserError',
    message: 'You can not delete a sent quotation or a confirmed sales order. You must first cancel it.',
    kind: 'invalid_record',
    status: 422,
  },
  {
    name: 'a warning that leads elsewhere',
    exception: 'odoo.exceptions.RedirectWarning',
    message: 'You cannot delete contacts linked to an active user.',
    kind: 'invalid_record',
    status: 500,
  },
  {
    name: 'an unknown field on create',
    exception: 'builtins.ValueError',
    message: "Invalid field 'nofield' on model 'res.partner'",
    kind: 'invalid_record',
    status: 500,
  },
  {
    name: 'an unknown field on write',
    exception: 'builtins.KeyError',
    message: "'nofield'",
    kind: 'invalid_record',
    status: 500,
  },
  {
    name: 'a text in a many2one',
    exception: 'psycopg2.errors.InvalidTextRepresentation',
    message: 'invalid input syntax for type integer: "Germany"\nLINE 1: ...',
    kind: 'invalid_record',
    status: 500,
  },
  {
    name: 'a unique value that is taken',
    exception: 'psycopg2.errors.UniqueViolation',
    message: 'duplicate key value violates unique constraint "x"\nDETAIL:  Key (ref)=(A1) already exists.\n',
    kind: 'invalid_record',
    status: 500,
  },
  {
    name: 'an unknown model',
    exception: 'odoo.exceptions.UserError',
    message: "Object res.nothing doesn't exist",
    kind: 'config',
    status: 422,
  },
  {
    name: 'an unknown method',
    exception: 'builtins.AttributeError',
    message: "type object 'res.partner' has no attribute 'nothing'",
    kind: 'config',
    status: 500,
  },
  {
    name: 'an unknown database',
    exception: 'psycopg2.OperationalError',
    message: `connection to server on socket "${socketPath}" failed: FATAL:  database "nope" does not exist\n`,
    kind: 'config',
    status: 500,
  },
  {
    name: 'a database that is down',
    exception: 'psycopg2.OperationalError',
    message: `connection to server on socket "${socketPath}" failed: Connection refused\n`,
    kind: 'transient',
    status: 500,
  },
  {
    name: 'a serialization failure',
    exception: 'psycopg2.errors.SerializationFailure',
    message: 'could not serialize access due to concurrent update\n',
    kind: 'transient',
    status: 500,
  },
  {
    name: 'a lock that is not available',
    exception: 'psycopg2.errors.LockNotAvailable',
    message: 'could not obtain lock on row in relation "res_partner"\n',
    kind: 'transient',
    status: 500,
  },
  {
    name: 'a deadlock',
    exception: 'psycopg2.errors.DeadlockDetected',
    message: 'deadlock detected\nDETAIL:  Process 1 waits',
    kind: 'transient',
    status: 500,
  },
  {
    name: 'a full connection pool',
    exception: 'psycopg2.pool.PoolError',
    message: 'The Connection Pool Is Full',
    kind: 'transient',
    status: 500,
  },
  {
    name: 'an ended session',
    exception: 'odoo.http.SessionExpiredException',
    message: 'Session expired',
    kind: 'auth',
    status: 403,
  },
  {
    name: 'an exception of an unknown app',
    exception: 'odoo.addons.custom.models.Surprise',
    message: 'something else',
    kind: 'bug',
    status: 500,
  },
];

const traceback = `Traceback (most recent call last):\n  File "/opt/${canary}/odoo/http.py", line 1638, in _serve_db\n`;

const data = ({ exception, message }: Failure): { readonly [name: string]: unknown } => ({
  name: exception,
  debug: traceback,
  message,
  arguments: [message],
  context: {},
});

export const asJsonRpc = (error: Failure): unknown => ({
  status: 200,
  body: { jsonrpc: '2.0', id: 1, error: { code: 200, message: 'Odoo Server Error', data: data(error) } },
});

export const asJson2 = (error: Failure): unknown => ({ status: error.status, body: data(error) });

/** Answers that are not Odoo's own, the same over both protocols. */
export const fromTheFront: readonly {
  readonly name: string;
  readonly kind: FaultKind;
  readonly answer: unknown;
}[] = [
  { name: 'a 429', kind: 'rate_limited', answer: { status: 429, text: '<h1>429 Too Many Requests</h1>' } },
  { name: 'a 503', kind: 'transient', answer: { status: 503, text: '<h1>503 Service Unavailable</h1>' } },
  {
    name: 'a 502 in answer to a write',
    kind: 'ambiguous',
    answer: { status: 502, text: '<h1>502 Bad Gateway</h1>' },
  },
  {
    name: 'a 504 in answer to a write',
    kind: 'ambiguous',
    answer: { status: 504, text: '<h1>504 Gateway Time-out</h1>' },
  },
  {
    name: 'a bare 500 in answer to a write',
    kind: 'ambiguous',
    answer: { status: 500, text: 'Internal Server Error' },
  },
  {
    name: 'a page that is not there',
    kind: 'config',
    answer: { status: 404, text: '<!doctype html><title>404 Not Found</title>' },
  },
  {
    name: 'a redirect',
    kind: 'config',
    answer: { status: 301, text: '', headers: { location: 'https://elsewhere.example' } },
  },
  { name: 'a page in place of JSON', kind: 'config', answer: { status: 200, text: '<html>Welcome</html>' } },
  {
    name: 'a request that is too large',
    kind: 'invalid_record',
    answer: { status: 413, text: '<h1>413</h1>' },
  },
];
