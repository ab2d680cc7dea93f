import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import type { Mapping } from '../mapping/mapping.ts';
import { nextRun } from '../schedule/schedule.ts';
import { type DeadLetter, listDeadLetters, redrive as redriveLetters } from '../sync/dead-letters.ts';
import { explain } from '../sync/explain.ts';
import { renderExplanation } from './explain.ts';
import { type ExitCode, type GlobalOptions, inSession, print, requireFlow } from './session.ts';

/** `causeway dead-letters list [FLOW]`. Exit code 1 when there are any. */
export async function listAll(
  flow: string | undefined,
  options: GlobalOptions & { limit: number },
): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mappings: readonly Mapping[] =
      flow === undefined ? causeway.context.mappings() : [requireFlow(causeway, flow)];
    const letters: DeadLetter[] = [];
    for (const mapping of mappings)
      letters.push(...(await listDeadLetters(causeway.context.database, mapping, options.limit)));
    print(
      json,
      { deadLetters: letters },
      letters.length === 0 ? 'There are no dead letters.' : letters.map(renderLetter).join('\n'),
    );
    return letters.length === 0 ? 0 : 1;
  });
}

function renderLetter(letter: DeadLetter): string {
  const fields = letter.fields
    .map(({ field, message }) => `\n    ${field === '' ? 'record' : field}: ${message}`)
    .join('');
  return `${letter.flow} ${letter.sourceId}  ${letter.code ?? ''}  since ${letter.since.toISOString().slice(0, 19)}Z${fields === '' ? `\n    ${letter.reason ?? ''}` : fields}`;
}

/** `causeway dead-letters show FLOW ID`: its story, whatever its state is by now. */
export async function show(flow: string, id: string, options: GlobalOptions): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mapping = requireFlow(causeway, flow);
    const found = await explain(causeway.context, mapping, id, {
      nextRun: nextRun(mapping),
      historyLimit: 50,
    });
    if (found === null)
      throw new CausewayError([problem('unknown_record', `The flow ${flow} has never seen a record ${id}.`)]);
    print(json, found, renderExplanation(found));
    return 0;
  });
}

/** `causeway dead-letters redrive FLOW (--id … | --all)`: sends them again with the next run. */
export async function redrive(
  flow: string,
  options: GlobalOptions & { id?: string[] | undefined; all?: true | undefined },
): Promise<ExitCode> {
  return inSession({ ...options, systems: 'closed' }, async ({ causeway, json }) => {
    const mapping = requireFlow(causeway, flow);
    if ((options.id === undefined) === (options.all === undefined)) {
      throw new CausewayError([
        problem('usage', 'redrive wants either --id (once or several times) or --all.'),
      ]);
    }
    const queued = await redriveLetters(causeway.context, mapping, options.id ?? 'all');
    const others = (options.id ?? [])
      .filter((id) => !queued.includes(id))
      .map((id) => `${id} is not a dead letter.`);
    print(
      json,
      { queued, notDead: others.length },
      [`${queued.length} queued. They are sent with the next run.`, ...others].join('\n'),
    );
    return others.length === 0 ? 0 : 1;
  });
}
