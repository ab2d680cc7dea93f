import type { Config } from '../config/config.ts';
import { basename } from 'node:path';
import {
  type Causeway,
  compose,
  composeReading,
  type ComposeOptions,
  define,
  type Definitions,
  openSandboxes,
  type Reading,
  type Sandboxes,
} from '../compose.ts';
import { catalogue, type ErrorCode } from '../errors/catalogue.ts';
import { CausewayError, type Problem } from '../errors/error.ts';
import { printProblems } from '../errors/print.ts';
import { Fault } from '../connector/fault.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { isLost } from '../store/database.ts';
import type { MappingFolder } from '../sync/mapping-folder.ts';
import { problem } from '../errors/catalogue.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { listenForShutdown, type Shutdown, stopped } from './shutdown.ts';

export type GlobalOptions = { readonly json?: true | undefined; readonly config?: string | undefined };

/** Exit codes: 0 good, 1 findings, 2 usage, 3 a system is not reachable. */
export type ExitCode = 0 | 1 | 2 | 3;

export type Session = { readonly causeway: Causeway; readonly shutdown: Shutdown; readonly json: boolean };

export type SessionOptions = GlobalOptions & Pick<ComposeOptions, 'systems' | 'onProgress'>;

/** Composes Causeway, does the work, and stops everything in reverse order, whatever happens. */
export function inSession(
  options: SessionOptions,
  work: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  return guarded(options, async (shutdown) => {
    const { onProgress } = options;
    const logToFile = onProgress !== undefined && options.json !== true && process.stderr.isTTY;
    const causeway = await compose({
      configFile: options.config,
      systems: options.systems,
      halt: shutdown.halt,
      logToFile,
      ...(onProgress && { onProgress }),
    });
    try {
      return await work({ causeway, shutdown, json: options.json === true });
    } finally {
      await causeway.close();
    }
  });
}

/** For what looks at the files alone: nothing is opened. */
export function inDefinitions(
  options: GlobalOptions,
  work: (definitions: Definitions, shutdown: Shutdown) => Promise<ExitCode>,
): Promise<ExitCode> {
  return guarded(options, async (shutdown) => work(await define(options.config), shutdown));
}

export type ReadingSession = {
  readonly reading: Reading;
  readonly shutdown: Shutdown;
  readonly json: boolean;
};

/** For what only looks: the database refuses writes, and no writing method of a connection is within reach. */
export function inReading(
  options: GlobalOptions & Pick<ComposeOptions, 'systems'>,
  work: (session: ReadingSession) => Promise<ExitCode>,
): Promise<ExitCode> {
  return guarded(options, async (shutdown) => {
    const reading = await composeReading({ configFile: options.config, systems: options.systems });
    try {
      return await work({ reading, shutdown, json: options.json === true });
    } finally {
      await reading.close();
    }
  });
}

export type SandboxSession = {
  readonly sandboxes: Sandboxes;
  readonly config: Config;
  readonly shutdown: Shutdown;
  readonly json: boolean;
};

/** For what speaks to the sandboxes alone: no database is opened. */
export function inSandboxes(
  options: GlobalOptions,
  work: (session: SandboxSession) => Promise<ExitCode>,
): Promise<ExitCode> {
  return guarded(options, async (shutdown) => {
    const { config } = await define(options.config);
    const { sandboxes, close } = await openSandboxes(config);
    try {
      return await work({ sandboxes, config, shutdown, json: options.json === true });
    } finally {
      await close();
    }
  });
}

async function guarded(
  options: GlobalOptions,
  work: (shutdown: Shutdown) => Promise<ExitCode>,
): Promise<ExitCode> {
  const shutdown = listenForShutdown();
  try {
    return await work(shutdown);
  } catch (error) {
    if (shutdown.soft.aborted && isAbort(error)) return 0;
    return reportError(error, options.json === true);
  } finally {
    shutdown.release();
  }
}

/** What a wait or a request throws when it is told to stop. */
const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.message === stopped);

/** Prints what went wrong in plain words and gives the exit code for it. */
export function reportError(error: unknown, json: boolean): ExitCode {
  const problems = error instanceof CausewayError ? error.problems : [unexpected(error)];
  if (json) process.stdout.write(`${JSON.stringify({ problems })}\n`);
  else process.stderr.write(printProblems(problems));
  return Math.max(1, ...problems.map(({ code }) => exitOf(code))) as ExitCode;
}

function unexpected(error: unknown): Problem {
  if (error instanceof Fault)
    return problem('connection_unusable', `A system cannot be used: ${error.message.replace(/\.$/, '')}.`);
  if (error instanceof Error && isLost(error))
    return problem('database_unreachable', `The database is not there any more: ${error.message}.`);
  const message =
    error instanceof Error ? `${error.name}: ${error.message}` : 'something that is not an Error was thrown';
  return problem('unexpected', message);
}

const exitOf = (code: string): number => (code in catalogue ? catalogue[code as ErrorCode].exit : 1);

/** The mapping of a flow, or a clear refusal with a suggestion. */
export function requireFlow(causeway: Causeway, flow: string): Mapping {
  return findFlow(causeway.context.mappings(), causeway.folder, flow);
}

/** The same, for a command that only looks. */
export function requireFlowIn({ folder }: Reading, flow: string): CompiledMapping {
  return findFlow(folder.current(), folder, flow);
}

/** Whether a file is named for the flow, or for the one that it stands under `also` of. */
const named = (file: string, flow: string): boolean => basename(file) === `${flow.split('.')[0] ?? ''}.yaml`;

function findFlow<T extends Mapping>(mappings: readonly T[], folder: MappingFolder, flow: string): T {
  const found = mappings.find((mapping) => mapping.flow === flow);
  if (found !== undefined) return found;
  const ofFile = folder.problems().filter(({ at }) => at !== undefined && named(at.file, flow));
  if (ofFile.length > 0) throw new CausewayError(ofFile);
  const names = mappings.map((mapping) => mapping.flow);
  const hint = didYouMean(flow, names) || (names.length === 0 ? '.' : `. There are: ${names.join(', ')}.`);
  const bad = [...new Set(folder.problems().flatMap(({ at }) => (at === undefined ? [] : [at.file])))];
  const files =
    bad.length === 0
      ? ''
      : ` These files have problems, and \`causeway check\` shows them: ${bad.join(', ')}.`;
  throw new CausewayError([problem('unknown_flow', `No flow is named ${flow}${hint}${files}`)]);
}

/** For files with a problem: that their last good version is in use, where there is one. */
export function staleNotes(folder: MappingFolder): string[] {
  return folder.stale().map((file) => `The last good version of ${file} goes on until the file is mended.`);
}

/** Prints a value as JSON, or the text for a person. */
export function print(json: boolean, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}
