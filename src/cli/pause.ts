import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { freeConnection, pauseConnection, personPausedIt } from '../store/connection-state.ts';
import { pauseFlowByPerson, resumeFlow } from '../store/flow-state.ts';
import { type ExitCode, type GlobalOptions, inSession, print, type Session } from './session.ts';

type Target = { readonly kind: 'connection' | 'flow'; readonly name: string };

/** `causeway pause NAME`: nothing is sent to a connection, or by a flow, until a person resumes it. */
export async function pause(
  name: string,
  options: GlobalOptions & { reason?: string | undefined },
): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const target = findTarget(causeway, name);
    const { database } = causeway.context;
    const reason = options.reason === undefined ? personPausedIt : `${personPausedIt}: ${options.reason}`;
    if (target.kind === 'flow') await pauseFlowByPerson(database, target.name, reason);
    else await pauseConnection(database, target.name, reason);
    const what = `${title(target)} is paused. What changes is ${target.kind === 'flow' ? 'read and queued' : 'queued'}, and nothing is sent until: causeway resume ${name}`;
    print(json, { paused: target }, what);
    return 0;
  });
}

/** `causeway resume NAME`: ends a pause, whoever or whatever made it. */
export async function resume(name: string, options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const target = findTarget(causeway, name);
    const { database } = causeway.context;
    const resumed =
      target.kind === 'flow'
        ? await resumeFlow(database, target.name, 'person')
        : (await freeConnection(database, target.name, 'person')) !== null;
    const what = resumed
      ? `${title(target)} goes on with its next run.`
      : `${title(target)} was not paused; nothing had to be done.`;
    print(json, { resumed, ...target }, what);
    return 0;
  });
}

const title = ({ kind, name }: Target): string => `The ${kind} ${name}`;

function findTarget({ config, context }: Session['causeway'], given: string): Target {
  const flows = context.mappings().map(({ flow }): Target => ({ kind: 'flow', name: flow }));
  const connections = Object.keys(config.connections).map((name): Target => ({ kind: 'connection', name }));
  const all = [...flows, ...connections];
  const found = all.filter(({ kind, name }) => name === given || `${kind}:${name}` === given);
  if (found.length > 1)
    throw new CausewayError([
      problem(
        'usage',
        `Both a flow and a connection are named ${given}: say flow:${given} or connection:${given}.`,
      ),
    ]);
  const [target] = found;
  if (target !== undefined) return target;
  const names = all.map(({ name }) => name);
  throw new CausewayError([
    problem(
      'unknown_name',
      `No flow and no connection is named ${given}${didYouMean(given, names) || `. There are: ${names.join(', ')}.`}`,
    ),
  ]);
}
