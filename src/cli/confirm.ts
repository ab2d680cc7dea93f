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
  // Ctrl-C and Ctrl-D are a no, too; the terminal gives them to us and not to the process.
  const left = new AbortController();
  terminal.once('SIGINT', () => terminal.close());
  terminal.once('close', () => left.abort());
  try {
    const answer = await terminal.question(`${question} [y/N] `, {
      signal: AbortSignal.any([signal, left.signal]),
    });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    if (left.signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
