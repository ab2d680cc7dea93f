import type { CompiledMapping } from '../mapping/compile.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { RecordCondition } from '../mapping/record-condition.ts';
import { pageOfMirrored } from '../store/mirror.ts';
import type { SyncContext } from './context.ts';
import { type Resynced, resyncIds } from './resync.ts';

/** Which mirrored records are meant: those that meet a condition, that changed in the source since an instant, or all. */
export type Choice =
  | { readonly by: 'all' }
  | { readonly by: 'condition'; readonly condition: RecordCondition }
  | { readonly by: 'since'; readonly since: Date };

const pageSize = 1000;

/** Records of a page that are meant; `after` is where the next page goes on, null at the end. */
export type ChosenPage = {
  readonly ids: readonly string[];
  /** Records of which the condition does not work out; they are not meant. */
  readonly undecided: number;
  readonly after: string | null;
};

/** Chooses among the next mirrored records of a flow behind an id. */
export async function chooseAmong(
  context: Pick<SyncContext, 'database'>,
  { read }: Mapping,
  choice: Choice,
  after: string,
): Promise<ChosenPage> {
  const stream = { connection: read.from, entity: read.entity };
  const since = choice.by === 'since' ? choice.since : null;
  const page = await pageOfMirrored(context.database, stream, after, pageSize, since);
  const answers = page.map(({ sourceId, record }) => {
    if (choice.by !== 'condition') return { sourceId, meant: true };
    return { sourceId, meant: record === null ? false : choice.condition.holds(record) };
  });
  return {
    ids: answers.flatMap(({ sourceId, meant }) => (meant === true ? [sourceId] : [])),
    undecided: answers.filter(({ meant }) => meant === null).length,
    after: page.at(-1)?.sourceId ?? null,
  };
}

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
  const queued: string[] = [];
  const unknown: string[] = [];
  let undecided = 0;
  for (let after: string | null = ''; ;) {
    signal.throwIfAborted();
    const page: ChosenPage = await chooseAmong(context, mapping, choice, after);
    if (page.after === null) return { queued, unknown, undecided };
    undecided += page.undecided;
    const repeated = await resyncIds(context, mapping, page.ids, signal, 'incremental');
    queued.push(...repeated.queued);
    unknown.push(...repeated.unknown);
    after = page.after;
    onPage(queued.length);
  }
}
