/**
 * The outbound HTTP kit on axios: what every connector speaks through. Deadlines over the whole body, size
 * limits, no redirects, no foreign hosts, redaction, and the connection's shared budget.
 */

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the client's base URL, beginning with `/`. Never built from a vendor's next-page link. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | readonly string[] };
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  /**
   * Whether sending it twice does harm. When no answer comes, an unsafe request fails as `ambiguous` and a
   * safe one as `transient`.
   */
  readonly safe: boolean;
  /** Milliseconds for the whole exchange, the last byte of the body included. Default: the client's. */
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
  /** Throws a Fault: `transient` (surely not sent, or safe), `ambiguous` (unsafe and unanswered). */
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
