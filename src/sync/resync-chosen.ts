import type { CompiledMapping } from '../mapping/compile.ts';
import type { RecordCondition } from '../mapping/record-condition.ts';
import { pageOfMirrored } from '../store/mirror.ts';
import type { SyncContext } from './context.ts';
import { type Resynced, resyncIds } from './resync.ts';

/** Which mirrored records are meant: those that meet a condition, or that changed in the source since an instant. */
export type Choice =
  | { readonly by: 'condition'; readonly condition: RecordCondition }
  | { readonly by: 'since'; readonly since: Date };

const pageSize = 1000;

/**
 * Chooses among the mirrored records of a flow, and repeats those as `resyncIds` does. A record on which the condition
 * does not work out is not chosen, and is counted.
 */
export async function resyncChosen(
  context: SyncContext,
  mapping: CompiledMapping,
  choice: Choice,
  onPage: (queued: number) => void,
  signal: AbortSignal,
): Promise<Resynced & { readonly undecided: number }> {
  const stream = { connection: mapping.read.from, entity: mapping.read.entity };
  const since = choice.by === 'since' ? choice.since : null;
  const queued: string[] = [];
  const unknown: string[] = [];
  let undecided = 0;
  let after = '';
  for (;;) {
    signal.throwIfAborted();
    const page = await pageOfMirrored(context.database, stream, after, pageSize, since);
    if (page.length === 0) return { queued, unknown, undecided };
    const answers = page.map(({ sourceId, record }) => {
      if (choice.by === 'since') return { sourceId, meant: true };
      return { sourceId, meant: record === null ? false : choice.condition.holds(record) };
    });
    undecided += answers.filter(({ meant }) => meant === null).length;
    const ids = answers.flatMap(({ sourceId, meant }) => (meant === true ? [sourceId] : []));
    const repeated = await resyncIds(context, mapping, ids, signal, 'incremental');
    queued.push(...repeated.queued);
    unknown.push(...repeated.unknown);
    after = page.at(-1)?.sourceId ?? after;
    onPage(queued.length);
  }
}
