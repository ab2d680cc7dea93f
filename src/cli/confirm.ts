import { createInterface } from 'node:readline/promises';
import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';

/**
 * Asks before a step that cannot simply be taken back, unless `--yes` was given. Where nobody can be asked it throws
 * `usage`: nothing is done by default.
 */
export async function confirm(
  question: string,
  options: { readonly yes?: true | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  if (options.yes) return true;
  if (!process.stdin.isTTY)
    throw new CausewayError([problem('usage', `${question} Nobody can be asked here: give --yes.`)]);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}
