import type { JobWithMetadata, PgBoss } from 'pg-boss';
import { z } from 'zod';
import { type Database, type Sql, transaction } from '../store/database.ts';
import { inTransaction, leaseSeconds } from './boss.ts';
import type { JobData } from './enqueue.ts';

export type LeasedJob = JobWithMetadata<JobData>;

/**
 * Jobs taken from a queue, kept alive until `end`. The signal aborts when one of them is no longer ours, and before the
 * lease can run out without a sign of life: a call that is made under it ends before another worker may take the jobs.
 */
export type Lease = {
  readonly jobs: readonly LeasedJob[];
  readonly signal: AbortSignal;
  /**
   * Throws when the lease may have run out since its last sign of life: a process that was stopped for a while, or
   * cut off from the database, must not send what it decided before.
   */
  confirm(): void;
  end(): void;
};

const settledIds = z.object({ affected: z.number(), settled: z.array(z.string()).nullish() });

/** Thrown where work goes on under a lease that has run out. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease on these jobs may be gone');
    this.name = 'LeaseLost';
  }
}

/** So long before the lease may be gone everything under it is given up, in milliseconds. */
const marginMs = 1000;
const safeMs = leaseSeconds * 1000 - marginMs;

/** Takes up to `size` due jobs, the most urgent first, or null when none is due. */
export async function lease(
  boss: PgBoss,
  queue: string,
  size: number,
  now: () => Date,
): Promise<Lease | null> {
  let alive = now().getTime();
  const jobs = await boss.fetch<JobData>(queue, { batchSize: size, includeMetadata: true });
  if (jobs.length === 0) return null;
  const lost = new AbortController();
  const giveUp = (): void => lost.abort(new LeaseLost());
  const untilLost = (): number => Math.max(0, alive + safeMs - now().getTime());
  let end = setTimeout(giveUp, untilLost());
  end.unref();
  const renewed = (asked: number): void => {
    alive = asked;
    clearTimeout(end);
    end = setTimeout(giveUp, untilLost());
    end.unref();
  };
  const beat = setInterval(
    () => {
      const asked = now().getTime();
      void boss.touch(queue, jobs).then(
        (answer) => {
          if (settledIds.parse(answer).affected < jobs.length) giveUp();
          else renewed(asked);
        },
        () => {
          // A database that does not answer for a moment is no reason to stop; the end of the lease is.
        },
      );
    },
    (leaseSeconds * 1000) / 3,
  );
  beat.unref();
  const confirm = (): void => {
    lost.signal.throwIfAborted();
    if (now().getTime() - alive > safeMs) throw new LeaseLost();
  };
  const stop = (): void => {
    clearInterval(beat);
    clearTimeout(end);
  };
  return { jobs, signal: lost.signal, confirm, end: stop };
}

/**
 * Completes jobs in the caller's transaction and gives the ids that were still ours. Passing the fetched jobs fences
 * the settle to this attempt: a worker whose lease is gone completes nothing.
 */
export async function completeJobs(
  boss: PgBoss,
  tx: Sql,
  queue: string,
  jobs: readonly LeasedJob[],
): Promise<Set<string>> {
  if (jobs.length === 0) return new Set();
  return settledOf(await boss.complete(queue, [...jobs], null, inTransaction(tx)), jobs);
}

/** Fails jobs: pg-boss tries them again with a jittered back-off, or puts them aside after the last attempt. */
export async function failJobs(
  boss: PgBoss,
  tx: Sql,
  queue: string,
  jobs: readonly LeasedJob[],
  code: string,
): Promise<Set<string>> {
  if (jobs.length === 0) return new Set();
  return settledOf(await boss.fail(queue, [...jobs], { code }, inTransaction(tx)), jobs);
}

/** Puts leased jobs back as they were: no attempt is used up. For a process that is told to stop at once. */
export async function giveBack(boss: PgBoss, database: Database, queue: string, taken: Lease): Promise<void> {
  await transaction(database, async (tx) => {
    const ours = await completeJobs(boss, tx, queue, taken.jobs);
    const jobs = taken.jobs
      .filter((job) => ours.has(job.id))
      .map((job) => ({ data: job.data, singletonKey: job.data.sourceId, priority: job.priority }));
    if (jobs.length > 0) await boss.insert(queue, jobs, inTransaction(tx));
  });
}

/** Gives leased jobs up after an unexpected error: each uses an attempt, so that an error cannot repeat for ever. */
export async function releaseFailed(
  boss: PgBoss,
  database: Database,
  queue: string,
  taken: Lease,
): Promise<void> {
  await transaction(
    database,
    async (tx) => void (await failJobs(boss, tx, queue, taken.jobs, 'unexpected_error')),
  );
}

function settledOf(answer: unknown, jobs: readonly LeasedJob[]): Set<string> {
  const { affected, settled } = settledIds.parse(answer);
  if (affected === jobs.length) return new Set(jobs.map((job) => job.id));
  return new Set(settled ?? []);
}

/** Whether a failure now would be the last one allowed. */
export const isLastAttempt = (job: LeasedJob): boolean => job.retryCount >= job.retryLimit;
