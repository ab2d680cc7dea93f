/** Lets those who wait for an answer go first where they come in a crowd: they share one thread with what is carried. */
export type Crossing = {
  /** Notes that somebody has asked. */
  asked(): void;
  /** Resolves at once, or when the crowd has passed, or when it has been waited for long enough. */
  giveWay(signal: AbortSignal): Promise<void>;
};

type CrossingParts = {
  /** Milliseconds of a clock that never jumps. */
  readonly clock: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Nobody has asked for so long: there is no need to look again. Milliseconds. */
const calmMs = 50;
/** So many within so many milliseconds are a crowd: a thousand a second. */
const crowd = 3;
const lookMs = 3;
/** Work stands back no longer than this at a time, in milliseconds, however many come. */
const longestMs = 500;

export function crossing({ clock, sleep }: CrossingParts): Crossing {
  let count = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    asked() {
      count += 1;
      lastAt = clock();
    },
    async giveWay(signal) {
      const began = clock();
      if (began - lastAt > calmMs) return;
      while (clock() - began < longestMs && !signal.aborted) {
        const before = count;
        await sleep(lookMs, signal).catch(() => {});
        if (count - before < crowd) return;
      }
    },
  };
}
