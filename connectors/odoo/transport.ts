import type { HttpClient, HttpKit } from '../../src/connector/http.ts';

/** One call of a model's method. */
export type Call = {
  readonly model: string;
  readonly method: string;
  /** The records it is called on; left out for a method of the model itself. */
  readonly ids?: readonly number[];
  /** Arguments by name, in the order in which the method takes them. */
  readonly params?: { readonly [name: string]: unknown };
  /** Added to the context of the connection. */
  readonly context?: { readonly [name: string]: unknown };
  /** True when sending it twice could do harm. */
  readonly writes?: boolean;
  /** JSON-RPC passes the arguments by position: their names differ between Odoo's versions. */
  readonly positional?: boolean;
};

/** Calls Odoo and gives what the method returned. Throws a Fault for every failure. */
export type Rpc = (call: Call, signal: AbortSignal) => Promise<unknown>;

/** One of Odoo's two protocols. */
export type Protocol = { readonly name: 'json2' | 'jsonrpc'; readonly call: Rpc };

/** Room for 200 records with all their texts, or for the description of the largest model. */
const maxResponseBytes = 32 * 1024 * 1024;

/** Makes a client for the server; `secretHeaders` are those of a protocol that authenticates by header. */
export function serverClient(
  http: HttpKit,
  settings: { readonly url: string; readonly deadlineMs: number },
  secretHeaders: { readonly [name: string]: string } = {},
  headers: { readonly [name: string]: string } = {},
): HttpClient {
  return http.client({
    baseUrl: settings.url,
    secretHeaders,
    headers,
    deadlineMs: settings.deadlineMs,
    maxResponseBytes,
  });
}

/** Import reads datetimes in the time zone of the context, so it is never anything but UTC here. */
export function contextOf(
  settings: { readonly context: { readonly [name: string]: unknown } },
  call: Call,
): { [name: string]: unknown } {
  return { lang: 'en_US', ...settings.context, ...call.context, tz: 'UTC' };
}
