import { resolve } from 'node:path';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import type { ConfigPath } from './config.ts';
import type { Environment } from './environment.ts';
import type { Locate } from './locate.ts';

export type ReferenceSources = {
  readonly env: Environment;
  /** Files are named relative to this folder. */
  readonly folder: string;
  /** Reads a file, or throws. */
  readonly readFile: (path: string) => string;
  readonly locate: Locate;
};

export type Resolved = {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly secrets: readonly string[];
};

/**
 * Replaces `${NAME}` by the environment variable and `file:PATH` by what the file holds, everywhere in a value.
 * A problem names the variable or the file, and never what it holds. `secrets` are the contents of the files.
 */
export function resolveReferences(value: unknown, sources: ReferenceSources): Resolved {
  const problems: Problem[] = [];
  const secrets: string[] = [];
  const resolveText = (text: string, path: ConfigPath): string => {
    if (!text.startsWith('file:')) return fromEnvironment(text, path, sources, problems);
    const content = fromFile(text.slice('file:'.length), path, sources, problems);
    secrets.push(content);
    return content;
  };
  const walk = (inner: unknown, path: ConfigPath): unknown => {
    if (typeof inner === 'string') return resolveText(inner, path);
    if (Array.isArray(inner)) return inner.map((entry, at) => walk(entry, [...path, at]));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([key, entry]) => [key, walk(entry, [...path, key])]),
    );
  };
  return { value: walk(value, []), problems, secrets };
}

/** Whether a text takes its value from elsewhere. */
export const isReference = (text: string): boolean => text.startsWith('file:') || text.includes('${');

function fromEnvironment(
  text: string,
  path: ConfigPath,
  { env, locate }: ReferenceSources,
  problems: Problem[],
): string {
  return text.replaceAll(/\$\{([^}]*)\}?/gu, (whole, variable: string) => {
    const { name, ...place } = locate(path);
    if (!/^\w+$/u.test(variable) || !whole.endsWith('}')) {
      const message = `${name} refers to an environment variable in a form that is not known; write \${NAME}.`;
      problems.push(problem('config_invalid_value', message, place));
      return '';
    }
    const value = env[variable];
    if (value === undefined || value === '') {
      const message = `${name} refers to the environment variable ${variable}, which is not set.`;
      problems.push(problem('config_secret_missing', message, place));
      return '';
    }
    return value;
  });
}

/** Editors and secret stores end a file with a line break that is no part of the secret. */
function fromFile(
  file: string,
  path: ConfigPath,
  { folder, readFile, locate }: ReferenceSources,
  problems: Problem[],
): string {
  const whole = resolve(folder, file);
  let reason = 'is empty';
  try {
    const content = readFile(whole).trim();
    if (content !== '') return content;
  } catch (error) {
    reason = `cannot be read (${error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'})`;
  }
  const { name, ...place } = locate(path);
  problems.push(
    problem('config_secret_missing', `${name} refers to the file ${whole}, which ${reason}.`, place),
  );
  return '';
}
