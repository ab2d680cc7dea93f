import type { Problem } from './error.ts';

/**
 * Renders problems for a terminal: where, the code, what happened, the lines of the file, and what to do. Ends with
 * a line break when there is anything to say. A remedy that several problems in a row share is said once.
 */
export function printProblems(problems: readonly Problem[]): string {
  return problems.map((problem, index) => printProblem(problem, problems[index + 1])).join('');
}

function printProblem({ code, message, remedy, at, frame }: Problem, next: Problem | undefined): string {
  const place = at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
  const parts = [plain(`${place}${code}`), indented(message)];
  if (frame !== undefined) parts.push(indented(frame));
  if (remedy !== next?.remedy) parts.push(indented(`→ ${remedy}`));
  return `${parts.join('\n')}\n`;
}

const indented = (text: string): string => plain(text).replaceAll(/^(?!$)/gmu, '  ');

/** A vendor's message may hold characters that make a terminal do things. */
const plain = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '?');
