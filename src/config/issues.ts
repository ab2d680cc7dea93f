import type { z } from 'zod';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { didYouMean } from '../errors/suggestion.ts';
import type { ConfigPath } from './config.ts';
import { knownKeys } from './known-keys.ts';
import type { Locate } from './locate.ts';
import { type Issue, valueAt } from './texts.ts';

/** What was checked, and where it stands: `path` leads to it, and its issues' own paths lead on from there. */
export type Subject = {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly path: ConfigPath;
  readonly locate: Locate;
};

/** Makes problems of what a schema found, in words that name the key. A message repeats no value. */
export function issueProblems(issues: readonly Issue[], subject: Subject): Problem[] {
  return issues.flatMap((issue) => issueProblem(issue, subject));
}

function issueProblem(issue: Issue, subject: Subject): Problem[] {
  const inner = issue.path as ConfigPath;
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, inner, subject);
  const { name: called, ...place } = subject.locate([...subject.path, ...inner]);
  const name = called.replace(/^t/u, 'T');
  const value = valueAt(subject.value, inner);
  if (value === undefined && inner.length > 0)
    return [problem('config_missing_key', `${name} is missing.`, place)];
  return [problem('config_invalid_value', `${name} ${complaint(issue, value)}`, place)];
}

function unknownKeys(
  keys: readonly string[],
  inner: ConfigPath,
  { schema, path, locate }: Subject,
): Problem[] {
  const around = [...path, ...inner];
  const known = knownKeys(schema, inner);
  return keys.map((key) => {
    const message = `\`${key}\` is not a key of ${locate(around).name}${didYouMean(key, known) || listed(known)}`;
    const { at, frame } = locate([...around, key], 'key');
    return problem('config_unknown_key', message, { ...(at && { at }), ...(frame && { frame }) });
  });
}

const listed = (known: readonly string[]): string =>
  known.length === 0 ? '.' : `. There are: ${known.map((key) => `\`${key}\``).join(', ')}.`;

const expectations: { readonly [expected: string]: string } = {
  string: 'a single value',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'a group of keys',
  record: 'a group of keys',
  array: 'a list',
};

/** Reads on from the name of the key. */
function complaint(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_type') return `must be ${expectations[issue.expected] ?? issue.expected}.`;
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const hint = typeof value === 'string' ? didYouMean(value, values) : '';
    return `must be one of ${values.map((one) => `\`${one}\``).join(', ')}${hint || '.'}`;
  }
  if (issue.code === 'too_small') return `must be ${sized(issue.origin, 'at least', issue.minimum)}.`;
  if (issue.code === 'too_big') return `must be ${sized(issue.origin, 'at most', issue.maximum)}.`;
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return 'must be an address such as https://crm.example.com.';
  const said = issue.message.replace(/\.$/u, '');
  return /^(?:must|is|holds)\b/u.test(said) ? `${said}.` : `is not accepted: ${said}.`;
}

function sized(origin: string, bound: string, size: number | bigint): string {
  if (origin === 'string') return `${bound} ${size} characters long`;
  return origin === 'array' ? `a list of ${bound} ${size}` : `${bound} ${size}`;
}
