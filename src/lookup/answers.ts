import { LRUCache } from 'lru-cache';

/** An answer that is kept. Instants are milliseconds since 1970. */
export type KeptAnswer = {
  /** The name of its lookup. */
  readonly lookup: string;
  /** The body without what tells its age. */
  readonly text: string;
  readonly asOf: number;
  /** Until when it is given without asking. */
  readonly freshUntil: number;
  /** Until when it may be given where the systems do not answer; not before `freshUntil`. */
  readonly staleUntil: number;
  /** The records that it tells of, as {@link recordMark} and {@link linkMark} write them. */
  readonly marks: readonly string[];
  /** Before then it is not renewed once more. */
  renewNotBefore: number;
};

/** Names a record of a system among the marks of an answer. */
export const recordMark = (connection: string, entity: string, id: string): string =>
  `record ${JSON.stringify([connection, entity, id])}`;

/** Names the link through which the record of an answer was found. */
export const linkMark = (flow: string, sourceId: string): string =>
  `link ${JSON.stringify([flow, sourceId])}`;

export type Answers = {
  get(key: string): KeptAnswer | undefined;
  keep(key: string, answer: KeptAnswer, now: number): void;
  /** Drops the answers that bear one of the marks. */
  dropMarked(marks: Iterable<string>): void;
  /** Drops all answers of a lookup. */
  dropLookup(name: string): void;
  dropAll(): void;
};

/** What one process keeps at most: so many answers, and so much memory in all. Those asked for least recently go first. */
export type Room = { readonly answers: number; readonly bytes: number };

export const usualRoom: Room = { answers: 20_000, bytes: 64 * 1024 * 1024 };

/** What an answer takes beside its text: the entry itself, its key and its marks. */
const overhead = 600;

/** Keeps answers in the memory of this process, with the way back from a record to the answers that tell of it. */
export function keptAnswers(room: Room): Answers {
  const marked = new Map<string, Set<string>>();
  const unmark = ({ marks }: KeptAnswer, key: string): void => {
    for (const mark of marks) {
      const keys = marked.get(mark);
      keys?.delete(key);
      if (keys?.size === 0) marked.delete(mark);
    }
  };
  const cache = new LRUCache<string, KeptAnswer>({
    max: room.answers,
    maxSize: room.bytes,
    // A text is kept with two bytes a character where one of them is not Latin.
    sizeCalculation: ({ text }, key) => overhead + 2 * (text.length + key.length),
    dispose: unmark,
  });
  return {
    get: (key) => cache.get(key),
    keep(key, answer, now) {
      if (answer.staleUntil <= now) return;
      cache.set(key, answer);
      // One that is larger than all the room is not taken, and must leave no mark behind.
      if (!cache.has(key)) return;
      for (const mark of answer.marks) {
        const keys = marked.get(mark) ?? new Set();
        marked.set(mark, keys.add(key));
      }
    },
    dropMarked(marks) {
      for (const mark of marks) for (const key of marked.get(mark) ?? []) cache.delete(key);
    },
    dropLookup(name) {
      for (const [key, { lookup }] of cache.entries()) if (lookup === name) cache.delete(key);
    },
    dropAll: () => cache.clear(),
  };
}
