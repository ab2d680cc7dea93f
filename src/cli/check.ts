import { asFault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import { type ExitCode, type GlobalOptions, inSession, print } from './session.ts';

/** `causeway check`: is everything in order? With `--online` every connection is asked, too. Writes nothing anywhere. */
export async function check(options: GlobalOptions & { online?: true | undefined }): Promise<ExitCode> {
  return inSession({ ...options, systems: options.online ? 'open' : 'closed' }, async ({ causeway, shutdown, json }) => {
    const problems: Problem[] = [...causeway.folder.problems()];
    const answers: { connection: string; identity: string; version: string }[] = [];
    if (options.online) {
      for (const connection of causeway.context.connections.values()) {
        try {
          const answer = await (connection.sink ?? connection.source)?.check(shutdown.soft);
          if (answer !== undefined) answers.push({ connection: connection.name, ...answer });
        } catch (error) {
          const fault = asFault(error);
          problems.push(problem('connection_unusable', `The connection ${connection.name} (${connection.connector.title}) cannot be used: ${fault.message}.`));
        }
      }
      problems.push(...(await causeway.checkEntities(shutdown.soft)));
    }
    const flows = causeway.context.mappings().map(({ flow }) => flow);
    const good = `${flows.length} flows are in order: ${flows.join(', ')}.`;
    const said = answers.map((answer) => `${answer.connection}: ${answer.identity}, version ${answer.version}`);
    print(json, { flows, connections: answers, problems }, [...said, problems.length === 0 ? good : printProblems(problems)].join('\n'));
    if (problems.some(({ code }) => code === 'connection_unusable')) return 3;
    return problems.length === 0 ? 0 : 1;
  });
}
