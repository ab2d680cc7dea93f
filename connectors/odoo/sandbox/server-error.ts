/** An exception as Odoo names it, for example `odoo.exceptions.ValidationError`. */
export class ServerError extends Error {
  readonly exception: string;
  /** HTTP status of JSON-2; JSON-RPC answers everything with 200. */
  readonly status: number;
  /** The column a database error speaks of. */
  readonly column: { readonly name: string; readonly label: string } | null;

  constructor(exception: string, message: string, status: number, column: ServerError['column'] = null) {
    super(message);
    this.name = 'ServerError';
    this.exception = exception;
    this.status = status;
    this.column = column;
  }
}

export const validationError = (message: string): ServerError =>
  new ServerError('odoo.exceptions.ValidationError', message, 422);
export const userError = (message: string): ServerError =>
  new ServerError('odoo.exceptions.UserError', message, 422);
export const redirectWarning = (message: string): ServerError =>
  new ServerError('odoo.exceptions.RedirectWarning', message, 500);
export const accessError = (message: string): ServerError =>
  new ServerError('odoo.exceptions.AccessError', message, 403);
export const accessDenied = (): ServerError =>
  new ServerError('odoo.exceptions.AccessDenied', 'Access Denied', 403);
export const valueError = (message: string): ServerError =>
  new ServerError('builtins.ValueError', message, 500);
export const keyError = (message: string): ServerError =>
  new ServerError('builtins.KeyError', `'${message}'`, 500);
export const notFound = (message: string): ServerError =>
  new ServerError('werkzeug.exceptions.NotFound', `404 Not Found: ${message}`, 404);
export const unprocessable = (message: string): ServerError =>
  new ServerError('werkzeug.exceptions.UnprocessableEntity', message, 422);

export const missingError = (model: string, id: number): ServerError =>
  new ServerError(
    'odoo.exceptions.MissingError',
    `Record does not exist or has been deleted.\n(Record: ${model}(${id},), User: 2)`,
    404,
  );

export const invalidText = (text: string): ServerError =>
  new ServerError(
    'psycopg2.errors.InvalidTextRepresentation',
    `invalid input syntax for type integer: "${text}"\nLINE 1: ...\n`,
    500,
  );

/** A constraint of the database. An import reports it as it is; every other method turns it into a ValidationError. */
export const notNull = (name: string, label: string): ServerError =>
  new ServerError(
    'psycopg2.errors.NotNullViolation',
    `null value in column "${name}" violates not-null constraint`,
    500,
    { name, label },
  );

export const foreignKey = (table: string, name: string, label: string): ServerError =>
  new ServerError(
    'psycopg2.errors.ForeignKeyViolation',
    `insert or update on table "${table}" violates foreign key constraint "${table}_${name}_fkey"\n`,
    500,
    { name, label },
  );

/** What Odoo's service layer makes of a constraint of the database, with its advice that fits deletes only. */
export function constraintAsValidation(error: ServerError): ServerError {
  const field = error.column === null ? '' : `, Field: ${error.column.label} (${error.column.name})`;
  if (error.exception === 'psycopg2.errors.NotNullViolation') {
    return validationError(
      `The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another model requires the record being deleted. If possible, archive it instead.\n\nModel: Unknown (unknown)${field}`,
    );
  }
  if (error.exception === 'psycopg2.errors.ForeignKeyViolation') {
    return validationError(
      'The operation cannot be completed: another model requires the record being deleted. If possible, archive it instead.',
    );
  }
  return error;
}
