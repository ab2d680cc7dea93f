import { z } from 'zod';
import type { Environment } from './environment.ts';
import { type Method, methodOf, type Params } from './methods.ts';
import type { Refusal } from './load.ts';
import {
  accessDenied,
  constraintAsValidation,
  notFound,
  ServerError,
  unprocessable,
  valueError,
} from './server-error.ts';

/** What the HTTP side is to send back. */
export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly html?: string;
  readonly wrote: boolean;
};

/** The database behind both protocols. */
export type Backend = {
  readonly version: Environment['version'];
  readonly database: string;
  readonly username: string;
  readonly apiKey: string;
  readonly wrongPassword: boolean;
  readonly refuses: Refusal;
  environment(context: Environment['context']): Environment;
  /** Counts a call by model and method. */
  count(call: string): void;
  /** An answer to give in place of carrying the call out, or null. */
  interfere(method: string, params: Params): unknown;
};

const traceback = (message: string): string =>
  `Traceback (most recent call last):\n  File "/usr/lib/python3/dist-packages/odoo/http.py", line 1638, in _serve_db\n    return service_model.retrying(self._serve_ir_http, self.env)\n${message}\n`;

const errorData = (error: ServerError): { readonly [name: string]: unknown } => ({
  name: error.exception,
  debug: traceback(`${error.exception}: ${error.message}`),
  message: error.message,
  arguments: [error.message],
  context: {},
});

/** Runs a method in one transaction, and turns what the database complains about into what Odoo says of it. */
function run(
  backend: Backend,
  model: string,
  name: string,
  method: Method,
  ids: readonly number[],
  params: Params,
  context: Environment['context'],
): unknown {
  backend.count(`${model}.${name}`);
  const instead = backend.interfere(name, params);
  if (instead !== null) return instead;
  const env = backend.environment(context);
  try {
    return env.store.transaction(() => method.run(env, model, ids, params));
  } catch (error) {
    throw error instanceof ServerError
      ? constraintAsValidation(error)
      : valueError(error instanceof Error ? error.message : 'failed');
  }
}

const json2Body = z.looseObject({
  ids: z.array(z.number()).optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});

/** `POST /json/2/{model}/{method}`: named arguments, real statuses. */
export function json2(
  backend: Backend,
  path: { model: string; method: string },
  headers: { authorization?: string | undefined; database?: string | undefined },
  text: string,
): Answer {
  if (headers.database !== undefined && headers.database !== backend.database) {
    return {
      status: 404,
      body: null,
      html: '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n',
      wrote: false,
    };
  }
  const method = methodOf(backend, path.model, path.method, backend.refuses);
  try {
    if (headers.authorization !== `bearer ${backend.apiKey}` || backend.wrongPassword) {
      throw new ServerError('werkzeug.exceptions.Unauthorized', 'Invalid apikey', 401);
    }
    const { ids, context, ...params } = parseBody(text);
    const env = backend.environment(context ?? {});
    if (!env.models.has(path.model)) throw notFound(`the model '${path.model}' does not exist`);
    if (method === null) throw notFound(`The method '${path.model}.${path.method}' does not exist`);
    if (method.ofModel && ids !== undefined && ids.length > 0)
      throw unprocessable(`cannot call ${path.model}.${path.method} with ids`);
    const unknown = Object.keys(params).find((name) => !method.params.includes(name));
    if (unknown !== undefined) throw unprocessable(`got an unexpected keyword argument '${unknown}'`);
    const result = run(backend, path.model, path.method, method, ids ?? [], params, context ?? {});
    return { status: 200, body: result ?? null, wrote: method.writes };
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return { status: error.status, body: errorData(error), wrote: false };
  }
}

function parseBody(text: string): z.output<typeof json2Body> {
  try {
    return json2Body.parse(JSON.parse(text === '' ? '{}' : text));
  } catch {
    throw new ServerError('werkzeug.exceptions.BadRequest', 'could not parse the body as json', 400);
  }
}

const rpcBody = z.looseObject({
  id: z.unknown().optional(),
  params: z.looseObject({ service: z.string(), method: z.string(), args: z.array(z.unknown()) }),
});

/** `POST /jsonrpc`: status 200 whatever happens, and `result` left out when a method returns nothing. */
export function jsonRpc(backend: Backend, text: string): Answer {
  let request: z.output<typeof rpcBody>;
  try {
    request = rpcBody.parse(JSON.parse(text));
  } catch {
    return {
      status: 400,
      body: null,
      html: '<!doctype html>\n<title>400 Bad Request</title>\n<p>Invalid JSON data</p>\n',
      wrote: false,
    };
  }
  const envelope = { jsonrpc: '2.0', id: request.id ?? null };
  const { service, method, args } = request.params;
  try {
    const { result, wrote } =
      service === 'common'
        ? { result: common(backend, method, args), wrote: false }
        : object(backend, method, args);
    return {
      status: 200,
      body: result === undefined || result === null ? envelope : { ...envelope, result },
      wrote,
    };
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const code = backend.version === 16 ? 200 : 0;
    return {
      status: 200,
      body: { ...envelope, error: { code, message: 'Odoo Server Error', data: errorData(error) } },
      wrote: false,
    };
  }
}

export const versionInfo = (version: Environment['version']): { readonly [name: string]: unknown } => ({
  server_version: `${version}.0`,
  server_version_info: [version, 0, 0, 'final', 0, ''],
  server_serie: `${version}.0`,
  protocol_version: 1,
});

function common(backend: Backend, method: string, args: readonly unknown[]): unknown {
  if (method === 'version') return versionInfo(backend.version);
  if (method !== 'authenticate' && method !== 'login') throw valueError(`Method not found: ${method}`);
  backend.count(`common.${method}`);
  checkDatabase(backend, args[0]);
  return args[1] === backend.username && args[2] === backend.apiKey && !backend.wrongPassword ? 2 : false;
}

function checkDatabase(backend: Backend, database: unknown): void {
  if (database === backend.database) return;
  throw new ServerError(
    'psycopg2.OperationalError',
    `connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: FATAL:  database "${String(database)}" does not exist\n`,
    500,
  );
}

function object(
  backend: Backend,
  service: string,
  args: readonly unknown[],
): { result: unknown; wrote: boolean } {
  if (service !== 'execute_kw') throw valueError(`Method not found: ${service}`);
  const [database, uid, key, model, name, positional, keywords] = args;
  checkDatabase(backend, database);
  if (uid !== 2 || key !== backend.apiKey || backend.wrongPassword) throw accessDenied();
  const { context, ...named } = (keywords ?? {}) as {
    context?: Environment['context'];
    [name: string]: unknown;
  };
  const method = methodOf(backend, String(model), String(name), backend.refuses);
  if (method === null)
    throw new ServerError(
      'builtins.AttributeError',
      `type object '${String(model)}' has no attribute '${String(name)}'`,
      500,
    );
  const given = [...((positional ?? []) as readonly unknown[])];
  const ids = method.ofModel ? [] : ([given.shift()].flat() as number[]);
  const params = {
    ...Object.fromEntries(given.map((value, at) => [method.params[at] ?? `argument ${at}`, value])),
    ...named,
  };
  const unknown = Object.keys(params).find((param) => !method.params.includes(param));
  if (unknown !== undefined)
    throw new ServerError(
      'builtins.TypeError',
      `BaseModel.${String(name)}() got an unexpected keyword argument '${unknown}'`,
      500,
    );
  return {
    result: run(backend, String(model), String(name), method, ids, params, context ?? {}),
    wrote: method.writes,
  };
}
