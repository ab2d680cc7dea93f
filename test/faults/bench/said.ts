/** Asks the workers and the command line what an operator would ask, and keeps every word for the search for canaries. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerName } from './plan.ts';

const paths = ['/healthz', '/readyz', '/metrics', '/v1/flows', '/v1/dead-letters'];
const commands = [['status', '--json'], ['dead-letters', 'list', '--json'], ['status']];

/** The program of the command line, and what it is given. */
type Operator = {
  readonly program: string;
  readonly config: string;
  readonly env: { readonly [name: string]: string };
};

export async function listen(
  folder: string,
  addresses: ReadonlyMap<WorkerName, string>,
  cli: Operator | null,
): Promise<void> {
  for (const [worker, address] of addresses) {
    const answers = await Promise.all(paths.map((path) => ask(`${address}${path}`)));
    writeFileSync(join(folder, `http-${worker}.said`), answers.join('\n'));
  }
  if (cli === null) return;
  const outputs = await Promise.all(commands.map((command) => run(cli, command)));
  writeFileSync(join(folder, 'commands.said'), outputs.join('\n'));
}

async function ask(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
    return `${url} ${answer.status}\n${await answer.text()}`;
  } catch (error) {
    return `${url} ${error instanceof Error ? error.message : 'no answer'}`;
  }
}

function run({ program, config, env }: Operator, command: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(
    process.execPath,
    [program, ...command, '--config', config],
    { env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 60_000 },
    (error, stdout, stderr) => resolve(`${command.join(' ')}: ${error?.code ?? 0}\n${stdout}\n${stderr}`),
  );
  return promise;
}
