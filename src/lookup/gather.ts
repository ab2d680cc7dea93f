import type { Answer, Lookup } from '../mapping/lookup/lookup.ts';
import { linkMark, recordMark } from './answers.ts';
import {
  askByField,
  askById,
  askList,
  type FoundRecord,
  type ListQuestion,
  type RecordQuestion,
} from './ask.ts';
import { type Answers, type Gathered, put, type Putting } from './systems.ts';

/** Thrown where the record of a link is asked for and the CRM record is not linked (yet). */
export class NoLink extends Error {
  readonly flow: string;
  readonly id: string;

  constructor(flow: string, id: string) {
    super('not linked');
    this.name = 'NoLink';
    this.flow = flow;
    this.id = id;
  }
}

/** Thrown where a system holds no such record. */
export class NoRecord extends Error {
  readonly sentence: string;

  constructor(sentence: string) {
    super('not found');
    this.name = 'NoRecord';
    this.sentence = sentence;
  }
}

export const noRecordIn = (connection: string): string =>
  `There is no such record behind this key in ${connection}.`;

/** What is being asked, and what is known so far. */
export type Search = Putting & {
  readonly lookup: Lookup;
  readonly key: string;
  readonly clock: () => number;
};

export const recordQuestions = ({ questions }: Lookup): RecordQuestion[] =>
  questions.filter((question): question is RecordQuestion => question.kind === 'record');

const listQuestions = ({ questions }: Lookup): ListQuestion[] =>
  questions.filter((question): question is ListQuestion => question.kind === 'list');

/**
 * Asks everything at once. Only a list that needs the id of a record which is found by a field waits for that record:
 * the ids behind a link or a key are known before.
 */
export async function gatherAll(search: Search): Promise<Gathered> {
  const { lookup, systems } = search;
  const records = recordQuestions(lookup);
  // The links first: that a record is not linked is known while its system is left alone as well.
  const ids = await knownIds(search, records);
  for (const { connection } of lookup.questions) systems.reach(connection).door.requireOpen(search.asker);
  const stop = new AbortController();
  const signal = AbortSignal.any([search.signal, stop.signal]);
  const started = search.clock();
  try {
    const found = new Map(
      records.map((question) => [question.name, findRecord({ ...search, signal }, question, ids)]),
    );
    const idOf = async (name: string): Promise<string | null> =>
      ids.get(name) ?? (await found.get(name))?.id ?? null;
    const answers = await Promise.all([
      ...records.map(async (question) => named(question, required(question, await found.get(question.name)))),
      ...listQuestions(lookup).map(async (question) =>
        named(question, await listRows({ ...search, signal }, question, idOf)),
      ),
    ]);
    return gathered(search, answers, search.clock() - started);
  } catch (error) {
    // Where one has failed, the others need no answer any more.
    stop.abort(new Error('the lookup is over'));
    throw error;
  }
}

/** The ids that are known before any system is asked: the key itself, or what the link says, in one statement. */
export async function knownIds(
  { lookup, key, systems, signal }: Pick<Search, 'lookup' | 'key' | 'systems' | 'signal'>,
  questions: readonly RecordQuestion[],
): Promise<Map<string, string>> {
  const links = questions.flatMap(({ find }) => (find.by === 'link' ? [{ flow: find.flow, id: key }] : []));
  const linked = links.length === 0 ? () => null : await systems.linked(links, signal);
  const ids = new Map<string, string>();
  for (const { name, find, mayBeMissing } of questions) {
    if (find.by === 'id') ids.set(name, key);
    if (find.by !== 'link') continue;
    const id = linked({ flow: find.flow, id: key });
    if (id !== null) ids.set(name, id);
    else if (!mayBeMissing && lookup.ask === 'all') throw new NoLink(find.flow, key);
  }
  return ids;
}

/** Finds the record of a question; null where there is none. */
export async function findRecord(
  search: Search,
  question: RecordQuestion,
  ids: ReadonlyMap<string, string>,
): Promise<FoundRecord | null> {
  const id = ids.get(question.name);
  const { find } = question;
  if (id !== undefined)
    return put(search, question, (connection, within) => askById(connection, question, id, within));
  if (find.by !== 'field') return null;
  const by = { field: find.field, key: search.key };
  return put(search, question, (connection, within) => askByField(connection, question, by, within));
}

function required(question: RecordQuestion, found: FoundRecord | null | undefined): Answer {
  if (found === null || found === undefined) {
    if (question.mayBeMissing) return { kind: 'record', record: null };
    throw new NoRecord(noRecordIn(question.connection));
  }
  return { kind: 'record', record: found.record };
}

/** The rows of a list; null where they belong to a record that is not there. */
export async function listRows(
  search: Search,
  question: ListQuestion,
  idOf: (record: string) => Promise<string | null>,
): Promise<Answer> {
  const ids = new Map<string, string>();
  for (const condition of question.where) {
    if (!('isRecord' in condition)) continue;
    const id = await idOf(condition.isRecord);
    if (id === null) return { kind: 'list', rows: null, more: false };
    ids.set(condition.isRecord, id);
  }
  return put(search, question, (connection, within) => askList(connection, question, ids, within));
}

const named = (question: { readonly name: string }, answer: Answer): [string, Answer] => [
  question.name,
  answer,
];

/** Puts the answers together, with the marks by which they are found again when one of their records changes. */
export function gathered(
  { lookup, key }: Pick<Search, 'lookup' | 'key'>,
  answers: readonly (readonly [string, Answer])[],
  vendorMs: number,
): Gathered {
  const byName: Answers = Object.fromEntries(answers);
  const marks = recordQuestions(lookup).flatMap(({ name, connection, entity, find }) => {
    const answer = byName[name];
    const id = answer?.kind === 'record' ? answer.record?.['id'] : null;
    return [
      ...(find.by === 'link' ? [linkMark(find.flow, key)] : []),
      ...(typeof id === 'string' ? [recordMark(connection, entity, id)] : []),
    ];
  });
  return { answers: byName, marks, vendorMs };
}
