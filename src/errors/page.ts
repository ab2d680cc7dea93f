import { catalogue } from './catalogue.ts';
import type { ErrorEntry } from './entry.ts';

const exits: Readonly<Record<ErrorEntry['exit'], string>> = {
  1: '1 (findings)',
  2: '2 (usage)',
  3: '3 (a system is not reachable)',
};

/** The text of docs/errors.md: every error of the catalogue, in alphabetical order of the codes. */
export function errorsPage(): string {
  const entries = Object.entries<ErrorEntry>(catalogue).sort(([one], [other]) => (one < other ? -1 : 1));
  return `${[introduction, ...entries.map(section)].join('\n\n')}\n`;
}

const introduction = `# Errors

Every error that the program itself ends with has a stable code. A code keeps its meaning for good and is never given to
another error. Here is what each says and what to do about it.

This page is generated from \`src/errors\`; write it anew with \`node scripts/generate-docs.ts\`.`;

function section([code, { title, remedy, exit }]: [string, ErrorEntry]): string {
  return `## \`${code}\`\n\n${title}\n\nWhat to do: ${remedy}\n\nExit code: ${exits[exit]}.`;
}
