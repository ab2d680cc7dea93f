import type { CompiledMapping } from '../mapping/compile.ts';
import { compileRecordCondition } from '../mapping/record-condition.ts';
import { transaction } from '../store/database.ts';
import { addItems, countItems, noteUnknown, takeItems, unqueuedItems } from '../store/resync-item.ts';
import {
  lockQueued,
  noteChosen,
  noteQueued,
  type ResyncRequest,
  type WantedRecords,
} from '../store/resync-request.ts';
import type { SyncContext } from './context.ts';
import { planPages } from './plan.ts';
import { askForMirrored, resyncIds, type Take } from './resync.ts';
import { queueChanged } from './resync-changed.ts';
import { chooseAmong, type Choice, type ChosenPage } from './resync-chosen.ts';

/** Records that are queued in one transaction. */
const pageSize = 500;

/**
 * Chooses the records of a request and queues them. Every step is committed with what it has done, so that whoever
 * takes a request over goes on where the one before stopped; a request that was cancelled meanwhile goes no further.
 * Throws the source's Fault when that cannot be read: then it is to be tried again.
 */
export async function queueRequest(
  context: SyncContext,
  mapping: CompiledMapping,
  request: ResyncRequest,
  signal: AbortSignal,
): Promise<void> {
  if (request.chosenAt === null) await chooseRecords(context, mapping, request, signal);
  const queue = queueing(context, mapping, request, signal);
  for (;;) {
    signal.throwIfAborted();
    const ids = await unqueuedItems(context.database, request.id, pageSize);
    if (ids.length === 0) break;
    await queue(ids);
  }
  await noteQueued(context.database, request.id);
}

async function chooseRecords(
  context: SyncContext,
  mapping: CompiledMapping,
  request: ResyncRequest,
  signal: AbortSignal,
): Promise<void> {
  for await (const page of pagesOf(context, mapping, request, signal)) {
    const goesOn = await transaction(context.database, async (tx) => {
      if (!(await lockQueued(tx, request.id))) return false;
      await addItems(tx, request.id, page.ids);
      const ended = page.after === null;
      const { undecided, after } = page;
      await noteChosen(tx, request.id, { after: after ?? '', undecided, ended });
      return true;
    });
    if (!goesOn) return;
  }
}

/** The records that are meant, a page at a time; the last page is the one that leads no further. */
async function* pagesOf(
  context: SyncContext,
  mapping: CompiledMapping,
  request: ResyncRequest,
  signal: AbortSignal,
): AsyncGenerator<ChosenPage> {
  const choice = choiceOf(request.choice);
  if (choice === null) {
    // A plan always goes through all records: one that is begun again adds what it had not come to.
    for await (const page of planPages(context, mapping, signal)) {
      const ids = page.filter(({ changed }) => changed).map(({ id }) => id);
      yield { ids, undecided: 0, after: '' };
    }
    yield { ids: [], undecided: 0, after: null };
    return;
  }
  for (let after: string | null = request.chosenAfter ?? ''; after !== null;) {
    signal.throwIfAborted();
    const page: ChosenPage = await chooseAmong(context, mapping, choice, after);
    yield page;
    after = page.after;
  }
}

/** Null where a plan says what is meant; ids are chosen already. The condition was checked before the request was stored. */
function choiceOf(wanted: WantedRecords): Choice | null {
  if (wanted.by === 'all') return { by: 'all' };
  if (wanted.by === 'since') return { by: 'since', since: new Date(wanted.since) };
  if (wanted.by !== 'where') return null;
  const condition = compileRecordCondition(wanted.where);
  if (!('holds' in condition)) throw new Error('the condition of a stored request does not compile');
  return { by: 'condition', condition };
}

/** Queues records the way in which the command line does for the same choice. */
function queueing(
  context: SyncContext,
  mapping: CompiledMapping,
  request: ResyncRequest,
  signal: AbortSignal,
): (ids: readonly string[]) => Promise<void> {
  const take: Take = (tx, ids) => takeItems(tx, request.id, mapping.flow, ids);
  switch (request.choice.by) {
    case 'all':
      return (ids) => askForMirrored(context, mapping, ids, take);
    case 'changed':
      return (ids) => queueChanged(context, mapping, ids, take);
    default: {
      const priority = request.choice.by === 'ids' ? 'interactive' : 'incremental';
      return async (ids) => {
        const { unknown } = await resyncIds(context, mapping, ids, signal, priority, take);
        if (unknown.length > 0)
          await transaction(context.database, async (tx) => {
            await noteUnknown(tx, request.id, unknown);
            await countItems(tx, request.id);
          });
      };
    }
  }
}
