import type { Logger } from 'pino';

/** Tells of rounds of one kind that go wrong: a database that is gone for an hour is a few lines, and not thousands. */
export type Setback = {
  /** A round went wrong. Said at once, and while that goes on once in ten minutes. */
  met(error: unknown): void;
  /** A round went well: said when the one before did not. */
  over(): void;
};

const repeatMs = 600_000;

export function setback(log: Logger, now: () => Date, sentence: string): Setback {
  let saidAt: number | null = null;
  return {
    met(error) {
      const at = now().getTime();
      if (saidAt !== null && at - saidAt < repeatMs) return;
      saidAt = at;
      log.warn({ err: error }, sentence);
    },
    over() {
      if (saidAt !== null) log.info({ after: sentence }, 'this goes well again');
      saidAt = null;
    },
  };
}
