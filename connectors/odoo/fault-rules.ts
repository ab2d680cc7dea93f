import type { FaultKind } from '../../src/connector/fault.ts';

/** What an exception means. `quote` says whether Odoo's own sentence is worth showing. */
export type ExceptionRule = {
  readonly name: RegExp;
  readonly message?: RegExp;
  readonly kind: FaultKind;
  readonly code: string;
  readonly says: string;
  readonly quote: boolean;
};

/** PostgreSQL's words for "somebody else was there at the same moment". They arrive inside answers of success, too. */
export const concurrencyText =
  /could not serialize access|deadlock detected|could not obtain lock|lock timeout|concurrent update/i;

/** The first rule that fits decides. */
export const exceptionRules: readonly ExceptionRule[] = [
  {
    name: /^odoo\.exceptions\.AccessDenied$/,
    kind: 'auth',
    code: 'odoo_access_denied',
    says: 'Odoo refused the user name or the key',
    quote: false,
  },
  {
    name: /SessionExpired/,
    kind: 'auth',
    code: 'odoo_session_expired',
    says: 'Odoo says that the session has ended',
    quote: false,
  },
  {
    name: /^werkzeug\.exceptions\.Unauthorized$/,
    kind: 'auth',
    code: 'odoo_api_key_refused',
    says: 'Odoo refused the API key: is it missing, mistyped or past its last day?',
    quote: false,
  },
  {
    name: /^odoo\.exceptions\.AccessError$/,
    kind: 'config',
    code: 'odoo_access_error',
    says: 'Odoo does not allow this to the user of the connection',
    quote: true,
  },
  {
    name: /^odoo\.exceptions\.MissingError$/,
    kind: 'not_found',
    code: 'odoo_record_gone',
    says: 'The record does not exist in Odoo',
    quote: false,
  },
  {
    name: /^odoo\.exceptions\.LockError$/,
    kind: 'transient',
    code: 'odoo_locked',
    says: 'Somebody else holds the record in Odoo',
    quote: false,
  },
  {
    name: /^odoo\.exceptions\.UserError$/,
    message: /^Object .* doesn't exist/,
    kind: 'config',
    code: 'odoo_unknown_model',
    says: 'Odoo has no such model: is the app installed?',
    quote: true,
  },
  {
    // A posted entry in a period that is closed: `_check_fiscal_lock_dates` of account.move, in every version.
    name: /^odoo\.exceptions\.(?:UserError|ValidationError|RedirectWarning)$/,
    message: /prior to and inclusive of|\block date\b/i,
    kind: 'invalid_record',
    code: 'odoo_period_closed',
    says: 'The date lies in a period that is closed in Odoo; no later attempt heals that',
    quote: true,
  },
  {
    name: /^odoo\.exceptions\.ValidationError$/,
    kind: 'invalid_record',
    code: 'odoo_validation_error',
    says: 'Odoo refused the record',
    quote: true,
  },
  {
    name: /^odoo\.exceptions\.UserError$/,
    kind: 'invalid_record',
    code: 'odoo_user_error',
    says: 'Odoo refused the record',
    quote: true,
  },
  {
    name: /^odoo\.exceptions\.RedirectWarning$/,
    kind: 'invalid_record',
    code: 'odoo_redirect_warning',
    says: 'Odoo refused the record',
    quote: true,
  },
  {
    name: /^psycopg/,
    message: concurrencyText,
    kind: 'transient',
    code: 'odoo_locked',
    says: 'Somebody else was writing to the same records in Odoo',
    quote: false,
  },
  {
    name: /^psycopg.*(?:Serialization|Deadlock|LockNotAvailable|TransactionRollback)/,
    kind: 'transient',
    code: 'odoo_locked',
    says: 'Somebody else was writing to the same records in Odoo',
    quote: false,
  },
  {
    name: /^psycopg/,
    message: /database ".*" does not exist/,
    kind: 'config',
    code: 'odoo_unknown_database',
    says: 'Odoo has no database of this name',
    quote: false,
  },
  {
    name: /^psycopg.*(?:Operational|Interface|Internal|Pool|Shutdown|CannotConnect|QueryCanceled|Connection|Memory|DiskFull)/,
    kind: 'transient',
    code: 'odoo_database_unavailable',
    says: 'The database behind Odoo does not answer',
    quote: false,
  },
  {
    name: /PoolError$/,
    kind: 'transient',
    code: 'odoo_database_unavailable',
    says: 'The database behind Odoo takes no more connections',
    quote: false,
  },
  {
    name: /^psycopg/,
    kind: 'invalid_record',
    code: 'odoo_database_refused',
    says: 'The database behind Odoo refused the values',
    quote: true,
  },
  {
    name: /^builtins\.AttributeError$/,
    message: /^The method .* does not exist|^type object .* has no attribute/,
    kind: 'config',
    code: 'odoo_unknown_method',
    says: 'The Odoo model does not offer this method',
    quote: true,
  },
  {
    name: /^builtins\.(?:ConnectionError|ConnectionResetError|TimeoutError|MemoryError)$|^requests\.|^urllib3\./,
    kind: 'transient',
    code: 'odoo_service_unavailable',
    says: 'Something that Odoo itself needs did not answer',
    quote: false,
  },
  {
    name: /^builtins\.(?:ValueError|KeyError|TypeError|AttributeError|AssertionError|OverflowError|IndexError)$/,
    kind: 'invalid_record',
    code: 'odoo_value_error',
    says: 'Odoo could not take the values',
    quote: true,
  },
  {
    name: /^werkzeug\.exceptions\.NotFound$/,
    kind: 'config',
    code: 'odoo_unknown_model',
    says: 'Odoo has no such model or method: is the app installed?',
    quote: true,
  },
  {
    name: /^werkzeug\.exceptions\.Forbidden$/,
    kind: 'config',
    code: 'odoo_access_error',
    says: 'Odoo does not allow this to the user of the connection',
    quote: true,
  },
  {
    name: /^werkzeug\.exceptions\.(?:UnprocessableEntity|BadRequest|UnsupportedMediaType|MethodNotAllowed)$/,
    kind: 'bug',
    code: 'odoo_request_refused',
    says: 'Odoo does not understand the request',
    quote: true,
  },
];
