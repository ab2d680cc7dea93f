/**
 * The outbound HTTP kit on axios: what every connector speaks through. Deadlines over the whole body, size
 * limits, no redirects, no foreign hosts, redaction, and the connection's shared budget.
 */
import http from 'node:http';
import https from 'node:https';
import type { Logger } from 'pino';
import { budget, type SharedBudget } from './budget.ts';
import type { Limits } from './contract.ts';
import { exchange, pack } from './exchange.ts';
import { plainBaseUrl, plainPath } from './path.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the client's base URL, beginning with `/`. Never built from a vendor's next-page link. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | readonly string[] };
  readonly headers?: { readonly [name: string]: string };
  /** A text is sent as it stands (name its type in `headers`), anything else as JSON. */
  readonly body?: unknown;
  /**
   * Whether sending it twice does harm. When no answer comes, an unsafe request fails as `ambiguous` and a
   * safe one as `transient`.
   */
  readonly safe: boolean;
  /**
   * Milliseconds for the whole exchange, the last byte of the body included; waiting for the budget comes before
   * and is ended by the signal alone. Default: the client's.
   */
  readonly deadlineMs?: number;
};

/** Any status counts as an answer: the vendor's classifier looks at the body first and the status second. */
export type HttpReply = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  /** Parsed JSON in which every number that is not a safe integer is the text the vendor wrote (`"12.50"`). */
  readonly body: unknown;
  /** The raw text when the body was not JSON, else null. Cut to 2,000 characters. */
  readonly text: string | null;
};

export type HttpClient = {
  /**
   * Throws a Fault: `transient` (surely not sent, or safe), `ambiguous` (unsafe and unanswered), `invalid_record`
   * (larger than any request may be; not sent). Throws the signal's reason when the caller gave up, and then an
   * unsafe request may have been sent or not.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpReply>;
};

export type HttpClientOptions = {
  readonly baseUrl: string;
  /** Sent with every request. Values are secret: they are redacted from everything that is logged or thrown. */
  readonly secretHeaders: { readonly [name: string]: string };
  readonly headers?: { readonly [name: string]: string };
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
};

/** Makes clients that share one connection's budget and connection pool. */
export type HttpKit = { client(options: HttpClientOptions): HttpClient };

/** An {@link HttpKit} with the connections it holds open. Abort what is under way before closing it. */
export type OpenHttpKit = HttpKit & { close(): void };

/**
 * Makes the kit of one connection. All its clients share one budget and one pool of kept-alive connections. `shared`
 * keeps the same limits over all processes; without it each process keeps to them by itself.
 */
export function httpKit(options: {
  readonly limits: Pick<Limits, 'concurrency' | 'rate'>;
  readonly now: () => Date;
  readonly log: Logger;
  readonly shared?: SharedBudget;
}): OpenHttpKit {
  const own = budget(options.limits);
  const takeTurn = async (signal: AbortSignal): Promise<() => void> => {
    const endOwn = await own.take(signal);
    try {
      const endShared = await options.shared?.take(signal);
      return () => {
        endOwn();
        endShared?.();
      };
    } catch (error) {
      endOwn();
      throw error;
    }
  };
  const pool = { keepAlive: true, maxSockets: options.limits.concurrency };
  const agents = { http: new http.Agent(pool), https: new https.Agent(pool) };

  const client = (clientOptions: HttpClientOptions): HttpClient => {
    const base = plainBaseUrl(clientOptions.baseUrl);
    return {
      async send(request, signal) {
        const path = plainPath(request.path);
        const parcel = pack(request, base, path, clientOptions);
        const endTurn = await takeTurn(signal);
        const started = options.now().getTime();
        try {
          const reply = await exchange(parcel, agents, signal);
          // RFC 6585, section 4. Whatever else it means is the connector's to say.
          if (reply.status === 429) options.shared?.slowDown();
          const ms = options.now().getTime() - started;
          options.log.debug(
            { method: request.method, host: base.host, path, status: reply.status, ms },
            'answered',
          );
          return reply;
        } finally {
          endTurn();
        }
      },
    };
  };

  return {
    client,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
