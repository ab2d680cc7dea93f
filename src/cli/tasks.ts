import { problem } from '../errors/catalogue.ts';
import { CausewayError } from '../errors/error.ts';
import { finishTasks, listTasks } from '../store/task.ts';
import { userName } from './user-name.ts';
import { type ExitCode, type GlobalOptions, inSession, print, reportError, requireFlow } from './session.ts';

/** `causeway tasks list [FLOW]`: what needs a person. Exit code 1 when there is anything. */
export async function list(
  flow: string | undefined,
  options: GlobalOptions & { limit: number },
): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    if (flow !== undefined) requireFlow(causeway, flow);
    const tasks = await listTasks(causeway.context.database, flow ?? null, options.limit);
    const lines = tasks.map(
      (task) =>
        `${task.id}  ${task.flow}  ${task.code}  since ${task.since.toISOString().slice(0, 19)}Z\n    ${task.sentence}`,
    );
    print(json, { tasks }, lines.length === 0 ? 'There are no tasks.' : lines.join('\n'));
    return tasks.length === 0 ? 0 : 1;
  });
}

/** `causeway tasks done ID…`: somebody has seen to them. Exit code 1 when one was not open. */
export async function done(
  ids: readonly string[],
  options: GlobalOptions & { by?: string | undefined },
): Promise<ExitCode> {
  const odd = ids.filter((id) => !/^[1-9]\d{0,17}$/.test(id));
  if (odd.length > 0)
    return reportError(
      new CausewayError([problem('usage', `${odd.join(', ')} is no number of a task.`)]),
      options.json === true,
    );
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const by = options.by ?? userName() ?? 'somebody';
    const finished = await finishTasks(causeway.context.database, ids, by);
    const others = ids.filter((id) => !finished.includes(id)).map((id) => `${id} is not an open task.`);
    print(
      json,
      { done: finished, notOpen: others.length },
      [`${finished.length} done.`, ...others].join('\n'),
    );
    return others.length === 0 ? 0 : 1;
  });
}
