/** Names whose value is a secret, whatever it is. */
const secretName =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|.*(?:password|passwd|secret|token|credential|api[-_]?key|apikey))s?$/iu;

/** Names under which whole payloads travel: an object there is left out, a plain text or number is an id and stays. */
const payloadName =
  /^(?:body|payload|records?|fields|items|lines|headers|settings|config|data|raw|response|request)$/iu;

const deepest = 4;
const mostEntries = 50;
const longestText = 2000;

/**
 * Makes a copy of what somebody wants to log that is safe to write down: no payload, no value under a secret name,
 * errors reduced to what helps, and bounded in depth and size. Known secret values are taken out later, from the line.
 */
export function loggable(value: unknown, name = '', depth = 0): unknown {
  if (secretName.test(name)) return '[redacted]';
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value;
  if (value instanceof Error) return loggableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (payloadName.test(name)) return '[left out]';
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((entry) => loggable(entry, '', depth + 1));
  if (!isPlain(value)) return '[object]';
  const entries = Object.entries(value).slice(0, mostEntries);
  return Object.fromEntries(entries.map(([key, entry]) => [key, loggable(entry, key, depth + 1)]));
}

/** The same for the named values that one log line carries. */
export function loggableEntry(entry: object): Record<string, unknown> {
  const named = Object.entries(entry).map(([name, value]) => [
    name,
    loggableExchange(value, name) ?? loggable(value, name),
  ]);
  return Object.fromEntries(named) as Record<string, unknown>;
}

/** What a web server logs of a request and of its answer: no headers, and no query, where people put keys. */
function loggableExchange(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  if (name === 'req' && 'method' in value && 'url' in value) {
    return { method: String(value.method), url: String(value.url).replace(/[?#].*$/su, '') };
  }
  if (name === 'res' && 'statusCode' in value) return { statusCode: Number(value.statusCode) };
  return null;
}

/**
 * Picks what a log may say of an error. Everything else stays behind: the errors of an HTTP client carry the
 * request with its credentials, those of a database driver the row.
 */
function loggableError(error: Error, depth: number): Record<string, unknown> {
  const picked: Record<string, unknown> = { type: error.name, message: shortened(error.message) };
  for (const key of ['code', 'kind', 'retryAfterMs', 'syscall', 'status']) {
    const value: unknown = Reflect.get(error, key);
    if (typeof value === 'string' || typeof value === 'number') picked[key] = value;
  }
  if (error.stack !== undefined) picked['stack'] = framesOf(error.stack);
  if (depth < deepest && error.cause instanceof Error)
    picked['cause'] = loggableError(error.cause, depth + 1);
  if (depth < deepest && error instanceof AggregateError) {
    picked['errors'] = error.errors.slice(0, 5).map((one: unknown) => loggable(one, '', depth + 1));
  }
  return picked;
}

/** The places only: the text above them repeats the message, which may be long. */
const framesOf = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /u.test(line))
    .slice(0, 15)
    .map((line) => line.trim())
    .join('\n');

const shortened = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}… (${text.length} characters)` : text;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
