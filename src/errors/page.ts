import { catalogue } from './catalogue.ts';
import type { ErrorEntry } from './entry.ts';
import { httpCodes, type HttpEntry } from './http-codes.ts';

const exits: Readonly<Record<ErrorEntry['exit'], string>> = {
  1: '1 (findings)',
  2: '2 (usage)',
  3: '3 (a system is not reachable)',
};

/** The text of docs/errors.md: every error of the catalogue, in alphabetical order of the codes, and then those of HTTP. */
export function errorsPage(): string {
  const entries = inOrder<ErrorEntry>(catalogue).map(section);
  const answers = inOrder<HttpEntry>(httpCodes).map(answer);
  return `${[introduction, ...entries, aboutAnswers, ...answers].join('\n\n')}\n`;
}

const inOrder = <T>(codes: { readonly [code: string]: T }): [string, T][] =>
  Object.entries(codes).sort(([one], [other]) => (one < other ? -1 : 1));

const aboutAnswers = `# Refusals of the HTTP interface

What the [HTTP interface](http.md) answers instead, as problem details (RFC 9457) with one of these codes.`;

const answer = ([code, { title, remedy, status }]: [string, HttpEntry]): string =>
  `## \`${code}\`\n\n${title}\n\nWhat to do: ${remedy}\n\nStatus: ${status}.`;

const introduction = `# Errors

Every error that the program itself ends with has a stable code. A code keeps its meaning for good and is never given to
another error. Here is what each says and what to do about it.

This page is generated from \`src/errors\`; write it anew with \`node scripts/generate-docs.ts\`.`;

function section([code, { title, remedy, exit }]: [string, ErrorEntry]): string {
  return `## \`${code}\`\n\n${title}\n\nWhat to do: ${remedy}\n\nExit code: ${exits[exit]}.`;
}
