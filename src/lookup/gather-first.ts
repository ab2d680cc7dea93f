import type { Answer } from '../mapping/lookup/lookup.ts';
import type { FoundRecord, RecordQuestion } from './ask.ts';
import {
  findRecord,
  gathered,
  knownIds,
  listRows,
  NoLink,
  NoRecord,
  recordQuestions,
  type Search,
} from './gather.ts';
import { timeLimit } from './in-time.ts';
import type { Gathered } from './systems.ts';

/**
 * Asks one after the other until one finds its record, and then the lists. A system that does not answer is given its
 * share of the time that is left, and no more: the next one is to be asked within the deadline, too.
 */
export async function gatherFirst(search: Search, deadlineMs: number): Promise<Gathered> {
  const questions = recordQuestions(search.lookup);
  const until = search.clock() + deadlineMs;
  const ids = await knownIds(search, questions);
  const started = search.clock();
  const { question, found } = await findFirst(search, questions, ids, until);
  const idOf = async (name: string): Promise<string | null> => (name === question.name ? found.id : null);
  const lists = search.lookup.questions.filter((one) => one.kind === 'list');
  const rows = await Promise.all(
    lists.map(async (list): Promise<[string, Answer]> => [list.name, await listRows(search, list, idOf)]),
  );
  const records = questions.map(({ name }): [string, Answer] => [
    name,
    { kind: 'record', record: name === question.name ? found.record : null },
  ]);
  return gathered(search, [...records, ...rows], search.clock() - started);
}

type First = { readonly question: RecordQuestion; readonly found: FoundRecord };

async function findFirst(
  search: Search,
  questions: readonly RecordQuestion[],
  ids: ReadonlyMap<string, string>,
  until: number,
): Promise<First> {
  const failures: unknown[] = [];
  for (const [index, question] of questions.entries()) {
    const share = timeLimit((until - search.clock()) / (questions.length - index));
    const signal = AbortSignal.any([search.signal, share.signal]);
    try {
      const found = await findRecord({ ...search, signal }, question, ids);
      if (found !== null) return { question, found };
    } catch (error) {
      search.signal.throwIfAborted();
      failures.push(error);
    } finally {
      share.end();
    }
  }
  // Where one did not answer, nobody can say that there is no such record.
  if (failures.length > 0) throw failures[0];
  const link = questions.find(({ name, find }) => find.by === 'link' && !ids.has(name));
  if (link?.find.by === 'link') throw new NoLink(link.find.flow, search.key);
  throw new NoRecord('None of the systems that were asked has a record for this key.');
}
