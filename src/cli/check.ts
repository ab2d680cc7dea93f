import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { unknownRetentionFlows } from '../config/retention.ts';
import { asFault } from '../connector/fault.ts';
import { problem } from '../errors/catalogue.ts';
import type { Problem } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import { type Described, describedText, readDescribed } from '../mapping/described.ts';
import {
  describedNow,
  describeSystems,
  mergeDescribed,
  sidesInWords,
  sidesOf,
  undescribed,
} from '../sync/descriptions.ts';
import { describedFile } from '../sync/mapping-texts.ts';
import type { Definitions } from '../compose.ts';
import {
  type ExitCode,
  type GlobalOptions,
  inDefinitions,
  inReading,
  print,
  type ReadingSession,
} from './session.ts';

type Answer = { readonly connection: string; readonly identity: string; readonly version: string };

/**
 * `causeway check`: is everything in order? The mappings are held against the descriptions that were kept; `--online`
 * asks every connection, and keeps what the systems say of their entities now. Writes nothing in either system.
 */
export function check(options: GlobalOptions & { online?: true | undefined }): Promise<ExitCode> {
  if (!options.online) {
    return inDefinitions(options, async (definitions) => {
      const { folder } = definitions;
      const unknown = undescribed(folder.current(), folder.described(), folder.lookups());
      const note =
        unknown.length === 0
          ? []
          : [
              `Not looked at, because these systems have not described it: ${sidesInWords(unknown)}. causeway check --online asks them.`,
            ];
      return report(options, definitions, [], [], note);
    });
  }
  return inReading({ ...options, systems: 'open' }, async (session) => {
    const { reading } = session;
    const { answers, problems } = await askConnections(session);
    if (problems.length > 0) return report(options, reading, answers, problems, []);
    const asked = await describeSystems(
      reading.context.connections,
      reading.systems,
      sidesOf(
        [...reading.folder.current(), ...reading.folder.doubted()],
        [...reading.folder.lookups(), ...reading.folder.doubtedLookups()],
      ),
      session.shutdown.soft,
    );
    const note = await keepDescribed(reading, asked.described);
    reading.folder.learn(asked);
    return report(options, reading, answers, asked.unanswered, note);
  });
}

async function askConnections({
  reading,
  shutdown,
}: ReadingSession): Promise<{ answers: Answer[]; problems: Problem[] }> {
  const answers: Answer[] = [];
  const problems: Problem[] = [];
  for (const connection of reading.context.connections.values()) {
    try {
      const answer = await (connection.sink ?? connection.source)?.check(shutdown.soft);
      if (answer !== undefined) answers.push({ connection: connection.name, ...answer });
    } catch (error) {
      const { message } = asFault(error);
      problems.push(
        problem(
          'connection_unusable',
          `The connection ${connection.name} (${connection.title}) cannot be used: ${message}.`,
        ),
      );
    }
  }
  return { answers, problems };
}

/** Writes the file of descriptions where it has changed, and says so. A folder that takes no files is no failure. */
async function keepDescribed({ config, folder, systems }: Definitions, now: Described): Promise<string[]> {
  const path = join(config.mappings, describedFile);
  const shown = relative(process.cwd(), path);
  // What is kept of systems that are not configured any more helps nobody.
  const before = describedNow(readDescribed(folder.texts().described).described, systems);
  const text = describedText(mergeDescribed(before, now));
  if (text === (await readFile(path, 'utf8').catch(() => null))) return [];
  try {
    await writeFile(path, text);
    return [`What the systems say of their entities is kept in ${shown}.`];
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no reason given';
    return [`What the systems say of their entities could not be kept in ${shown}: ${reason}`];
  }
}

function report(
  options: GlobalOptions,
  { config, folder }: Definitions,
  answers: readonly Answer[],
  found: readonly Problem[],
  notes: readonly string[],
): ExitCode {
  const flows = folder.current().map(({ flow }) => flow);
  const problems = [...folder.problems(), ...unknownRetentionFlows(config.retention, flows), ...found];
  const lookups = folder.lookups().map(({ name }) => name);
  const good = [
    `${flows.length} flows are in order: ${flows.join(', ')}.`,
    ...(lookups.length === 0 ? [] : [`${lookups.length} lookups are in order: ${lookups.join(', ')}.`]),
  ].join('\n');
  const said = answers.map((answer) => `${answer.connection}: ${answer.identity}, version ${answer.version}`);
  print(
    options.json === true,
    { flows, lookups, connections: answers, problems, notes },
    [...said, ...notes, problems.length === 0 ? good : printProblems(problems)].join('\n'),
  );
  if (problems.some(({ code }) => code === 'connection_unusable')) return 3;
  return problems.length === 0 ? 0 : 1;
}
