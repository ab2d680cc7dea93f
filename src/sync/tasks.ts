import { dropTasks, raiseTasks } from '../store/task.ts';
import type { Sql } from '../store/database.ts';
import type { Concluded } from './settle.ts';

const notOurs = 'not_created_here';

/** Raises a task for each ERP record that should go and is not ours to remove; ends it when the record is carried again. */
export async function settleTasks(tx: Sql, flow: string, settled: readonly Concluded[]): Promise<void> {
  const raised = settled.flatMap(({ standing, conclusion }) =>
    conclusion.code === notOurs && conclusion.state === 'skipped' && conclusion.targetId !== null
      ? [
          {
            sourceId: standing.sourceId,
            code: notOurs,
            about: conclusion.targetId,
            sentence: `${standing.sourceId} ${conclusion.reason ?? ''}.`,
          },
        ]
      : [],
  );
  await raiseTasks(tx, flow, raised);
  const well = settled.filter(
    ({ standing, conclusion }) => standing.code === notOurs && conclusion.state === 'synced',
  );
  await dropTasks(
    tx,
    flow,
    well.map(({ standing }) => standing.sourceId),
    notOurs,
  );
}
