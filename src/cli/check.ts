import { asFault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import { checkPaths } from '../sync/check-paths.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import { type ExitCode, type GlobalOptions, inDefinitions, inSession, print } from './session.ts';

type Answer = { readonly connection: string; readonly identity: string; readonly version: string };

/** `causeway check`: is everything in order? With `--online` every connection is asked, too. Writes nothing in either system. */
export function check(options: GlobalOptions & { online?: true | undefined }): Promise<ExitCode> {
  if (!options.online) {
    return inDefinitions(options, async ({ folder }) => report(options, folder, [], []));
  }
  return inSession({ ...options, systems: 'open' }, async ({ causeway, shutdown }) => {
    const answers: Answer[] = [];
    const problems: Problem[] = [];
    for (const connection of causeway.context.connections.values()) {
      try {
        const answer = await (connection.sink ?? connection.source)?.check(shutdown.soft);
        if (answer !== undefined) answers.push({ connection: connection.name, ...answer });
      } catch (error) {
        const { message } = asFault(error);
        problems.push(
          problem(
            'connection_unusable',
            `The connection ${connection.name} (${connection.connector.title}) cannot be used: ${message}.`,
          ),
        );
      }
    }
    if (problems.length === 0) problems.push(...(await checkPaths(causeway.context, shutdown.soft)));
    return report(options, causeway.folder, answers, problems);
  });
}

function report(
  options: GlobalOptions,
  folder: MappingFolder,
  answers: readonly Answer[],
  found: readonly Problem[],
): ExitCode {
  const problems = [...folder.problems(), ...found];
  const flows = folder.current().map(({ flow }) => flow);
  const good = `${flows.length} flows are in order: ${flows.join(', ')}.`;
  const said = answers.map((answer) => `${answer.connection}: ${answer.identity}, version ${answer.version}`);
  print(
    options.json === true,
    { flows, connections: answers, problems },
    [...said, problems.length === 0 ? good : printProblems(problems)].join('\n'),
  );
  if (problems.some(({ code }) => code === 'connection_unusable')) return 3;
  return problems.length === 0 ? 0 : 1;
}
