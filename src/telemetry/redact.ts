const mark = '[redacted]';

/**
 * Makes the function that takes known secrets out of a text, wherever in it they stand: as they are, percent-encoded
 * as in a URL, and escaped as in JSON (also JSON inside JSON). Longer forms go first, so that a secret that contains
 * another leaves no rest.
 */
function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(secrets.flatMap(formsOf));
  forms.delete('');
  const longestFirst = [...forms].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((clean, form) => clean.replaceAll(form, () => mark), text);
}

function formsOf(secret: string): string[] {
  return [secret, encodeURIComponent(secret.toWellFormed()), escaped(secret), escaped(escaped(secret))];
}

/**
 * Makes the function that does the same for a line of JSON. Only its texts and names are changed, so that a secret
 * made of digits or quotes cannot break the line; a line without secrets is not even parsed.
 */
export function lineRedactor(secrets: readonly string[]): (line: string) => string {
  const redact = redactor(secrets);
  const traces = [...new Set(secrets.flatMap(formsOf).map(withoutEscapes))].filter((trace) => trace !== '');
  return (line) => {
    const bare = withoutEscapes(line);
    if (!traces.some((trace) => bare.includes(trace))) return line;
    return `${JSON.stringify(JSON.parse(line, (_key, value: unknown) => redactTexts(value, redact)))}\n`;
  };
}

function redactTexts(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [redact(name), entry]));
}

const escaped = (secret: string): string => JSON.stringify(secret).slice(1, -1);

/** However deep a text is escaped, without its backslashes it looks the same. */
const withoutEscapes = (text: string): string => text.replaceAll('\\', '');
