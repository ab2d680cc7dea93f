import { once } from 'node:events';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { type ExitCode, type GlobalOptions, inSandboxes, print, type SandboxSession } from './session.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT';

/** Speaks to the control surface of a connection's sandbox. */
async function control(
  session: SandboxSession,
  connection: string,
  method: Method,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const sandbox = session.sandboxes.get(connection);
  if (sandbox === undefined) {
    const names = [...session.sandboxes.keys()].join(', ');
    throw new CausewayError([
      problem(
        'no_sandbox',
        `The connection ${connection} has no sandbox. ${names === '' ? 'No connection has one.' : `These have: ${names}.`}`,
      ),
    ]);
  }
  const answer = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new CausewayError([
      problem('sandbox_refused', `The sandbox of ${connection} refused it: ${text.slice(0, 300)}`),
    ]);
  return text === '' ? null : JSON.parse(text);
}

/** `causeway sandbox list CONNECTION ENTITY`. */
export function list(
  connection: string,
  entity: string,
  options: GlobalOptions & { limit: number },
): Promise<ExitCode> {
  return inSandboxes(options, async (session) => {
    const records = await control(session, connection, 'GET', `records/${encodeURIComponent(entity)}`);
    const all: unknown[] = Array.isArray(records) ? records : [];
    const shown = all.slice(0, options.limit);
    print(
      session.json,
      shown,
      [...shown.map((record) => JSON.stringify(record)), `${shown.length} of ${all.length}`].join('\n'),
    );
    return 0;
  });
}

/** Reads `field=value` words. */
function fieldsOf(changes: readonly string[]): { readonly [field: string]: string } {
  return Object.fromEntries(
    changes.map((change): [string, string] => {
      const at = change.indexOf('=');
      if (at < 1) throw new CausewayError([problem('usage', `"${change}" is not of the form field=value.`)]);
      return [change.slice(0, at), change.slice(at + 1)];
    }),
  );
}

/** `causeway sandbox create CONNECTION ENTITY field=value…`: a new record, as a user of the vendor would make it. */
export function create(
  connection: string,
  entity: string,
  values: readonly string[],
  options: GlobalOptions,
): Promise<ExitCode> {
  return inSandboxes(options, async (session) => {
    const fields = fieldsOf(values);
    const path = `records/${encodeURIComponent(entity)}`;
    const record = await control(session, connection, 'POST', path, fields);
    const { id } = record as { readonly id: string | number };
    print(session.json, record, `Created ${entity} ${id}.`);
    return 0;
  });
}

/** `causeway sandbox edit CONNECTION ENTITY ID field=value…`: an edit as a user of the vendor would make it. */
export function edit(
  connection: string,
  entity: string,
  id: string,
  changes: readonly string[],
  options: GlobalOptions,
): Promise<ExitCode> {
  return inSandboxes(options, async (session) => {
    const fields = fieldsOf(changes);
    const record = await control(
      session,
      connection,
      'PATCH',
      `records/${encodeURIComponent(entity)}/${encodeURIComponent(id)}`,
      fields,
    );
    print(
      session.json,
      record,
      `Changed ${Object.keys(fields).join(', ')} of ${entity} ${id}. The next run carries it.`,
    );
    return 0;
  });
}

/** `causeway sandbox misbehave CONNECTION RULES`. */
export function misbehave(connection: string, rules: string, options: GlobalOptions): Promise<ExitCode> {
  return inSandboxes(options, async (session) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(rules);
    } catch {
      throw new CausewayError([
        problem('usage', 'The rules must be a JSON object, such as {"loseAnswerEvery": 10}.'),
      ]);
    }
    await control(session, connection, 'PUT', 'misbehave', parsed);
    print(
      session.json,
      parsed,
      Object.keys(parsed ?? {}).length === 0
        ? `The sandbox of ${connection} behaves well again.`
        : `The sandbox of ${connection} now follows these rules, until it stops or is told otherwise.`,
    );
    return 0;
  });
}

/**
 * `causeway sandbox webhooks CONNECTION [URL]`: has the sandbox tell of every change from now on, at the address given, or
 * at that of the HTTP server which this configuration describes; `--off` ends it.
 */
export function webhooks(
  connection: string,
  url: string | undefined,
  options: GlobalOptions & { off?: true | undefined },
): Promise<ExitCode> {
  return inSandboxes(options, async (session) => {
    const { host, port } = session.config.http;
    const own = `http://${host}:${port}/v1/webhooks/${connection}`;
    const target = options.off ? {} : { url: url ?? own };
    await control(session, connection, 'PUT', 'webhooks', target);
    const told =
      'url' in target
        ? `The sandbox of ${connection} tells ${target.url} of every change, until it stops.`
        : `The sandbox of ${connection} sends no webhooks any more.`;
    print(session.json, target, told);
    return 0;
  });
}

/** `causeway sandbox serve`: the stand-ins in a process of their own, which other commands then use. */
export function serve(options: GlobalOptions): Promise<ExitCode> {
  return inSandboxes(options, async ({ sandboxes, shutdown, json }) => {
    const urls = Object.fromEntries([...sandboxes].map(([name, sandbox]) => [name, sandbox.url]));
    print(
      json,
      urls,
      [...Object.entries(urls).map(([name, url]) => `${name}: ${url}`), 'Ctrl-C stops them.'].join('\n'),
    );
    if (!shutdown.soft.aborted) await once(shutdown.soft, 'abort');
    return 0;
  });
}
