import type { Logger } from 'pino';
import { askInDoubt, type Systems } from './descriptions.ts';
import type { SyncContext } from './context.ts';
import type { MappingFolder } from './mapping-folder.ts';

/** What the mapping files are looked at with. */
export type Refreshing = {
  readonly folder: MappingFolder;
  readonly systems: Systems;
  readonly connections: SyncContext['connections'];
  readonly verified: SyncContext['verified'];
  /** Makes the queues of a flow, before anything is put into them. */
  readonly ensureQueues: (flow: string) => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
};

/** How often the mapping files are looked at, in milliseconds. */
const lookEveryMs = 2000;

/**
 * Gives the function that looks at the mapping files again, at most every two seconds unless it must be now. A good
 * edit is used from then on; a bad one is logged, and the last good version goes on. It never throws: files that
 * cannot be read are logged, and stay as they were.
 */
export function mappingRefresher(parts: Refreshing): SyncContext['refreshMappings'] {
  let last = parts.now().getTime();
  let looking: Promise<void> | null = null;
  return async (when, signal) => {
    const now = parts.now().getTime();
    if (when === 'when_due' && now - last < lookEveryMs) return;
    last = now;
    looking ??= look(parts, signal).finally(() => (looking = null));
    await looking;
  };
}

async function look(parts: Refreshing, signal: AbortSignal): Promise<void> {
  const { folder, systems, log } = parts;
  try {
    if (!(await folder.refresh())) return;
    await askInDoubt(parts, folder, systems, signal);
    for (const { flow } of folder.current()) await parts.ensureQueues(flow);
    const flows = folder.current().map(({ flow }) => flow);
    const lookups = folder.lookups().map(({ name }) => name);
    log.info({ flows, lookups }, 'the mapping files have changed');
    for (const problem of folder.problems()) {
      log.error(
        {
          code: problem.code,
          at: problem.at,
          problem: problem.message,
          lastGoodGoesOn: folder.stale().includes(problem.at?.file ?? ''),
        },
        'a mapping file is not good; its last good version goes on, if there was one',
      );
    }
  } catch (error) {
    if (!signal.aborted) log.error({ err: error }, 'the mapping files could not be read');
  }
}
