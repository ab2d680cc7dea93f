import { z } from 'zod';
import { countNames, type CountName } from '../../store/run.ts';
import type { FlowReport } from '../../sync/flow-report.ts';
import type { Stop } from '../../sync/next-check.ts';
import type { RecordState, StateCounts } from '../../sync/record-state.ts';

export const instant = z.iso.datetime();
export const textOf = (date: Date | null): string | null => date?.toISOString() ?? null;

export const states = [
  'pending',
  'waiting',
  'sending',
  'in_doubt',
  'retrying',
  'synced',
  'skipped',
  'dead',
  'removed',
] as const satisfies readonly RecordState[];

const countsOf = <N extends string>(names: readonly N[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, z.int()])) as { [name in N]: z.ZodInt });

export const stopped = z
  .object({
    what: z.string().meta({ description: 'The connection or the flow that is stopped.' }),
    kind: z.enum(['held', 'paused']),
    code: z.string().nullable(),
    reason: z.string().nullable(),
    since: instant,
    until: instant
      .nullable()
      .meta({ description: 'When it is tried again by itself; null waits for a person.' }),
  })
  .meta({ id: 'Stop' });

/** How one flow stands. */
export const flowStatus = z
  .object({
    flow: z.string(),
    about: z.string(),
    records: countsOf<keyof StateCounts>(states),
    lagSeconds: z.int().meta({ description: 'How long the oldest change has been waiting.' }),
    oldestPendingAt: instant.nullable(),
    freshness: z
      .object({ promisedSeconds: z.int(), kept: z.boolean(), brokenSince: instant.nullable() })
      .nullable()
      .meta({ description: 'What the mapping promises, and whether that is kept.' }),
    caughtUpAt: instant
      .nullable()
      .meta({ description: 'When everything that had changed in the source was last read.' }),
    inDoubt: z
      .object({
        records: z.int(),
        since: instant,
        nextAt: instant.nullable(),
        oldest: z.object({ id: z.string(), reason: z.string().nullable() }),
      })
      .nullable(),
    lastRun: z
      .object({
        cause: z.string(),
        startedAt: instant,
        finishedAt: instant.nullable(),
        counts: countsOf<CountName>(countNames),
        problem: z.string().nullable(),
      })
      .nullable(),
    nextRunAt: instant.nullable().meta({ description: 'Null where it runs on request alone.' }),
    stopped: z.array(stopped).meta({ description: 'What keeps it from sending now, and why.' }),
    mapping: z.object({
      version: z.string().meta({ description: 'Hash of the mapping in use.' }),
      file: z.string(),
      problems: z
        .array(z.object({ code: z.string(), message: z.string(), line: z.int().nullable() }))
        .meta({ description: 'What is wrong with the file: the last good version is in use.' }),
    }),
  })
  .meta({ id: 'FlowStatus' });

export const stopOf = ({ since, until, ...stop }: Stop): z.output<typeof stopped> => ({
  ...stop,
  since: since.toISOString(),
  until: textOf(until),
});

export function flowStatusOf(report: FlowReport, nextRunAt: Date | null): z.output<typeof flowStatus> {
  const { mapping, counts, freshness, inDoubt, lastRun } = report;
  return {
    flow: mapping.flow,
    about: mapping.about,
    records: counts,
    lagSeconds: report.lagSeconds,
    oldestPendingAt: textOf(report.oldestPending),
    freshness: freshness && {
      promisedSeconds: freshness.promisedSeconds,
      kept: freshness.brokenSince === null,
      brokenSince: textOf(freshness.brokenSince),
    },
    caughtUpAt: textOf(report.caughtUpAt),
    inDoubt: inDoubt && {
      ...inDoubt,
      since: inDoubt.since.toISOString(),
      nextAt: textOf(inDoubt.nextAt),
    },
    lastRun: lastRun && {
      cause: lastRun.cause,
      startedAt: lastRun.startedAt.toISOString(),
      finishedAt: textOf(lastRun.finishedAt),
      counts: lastRun,
      problem: lastRun.problem,
    },
    nextRunAt: textOf(nextRunAt),
    stopped: report.stops.map(stopOf),
    mapping: {
      version: mapping.hash,
      file: mapping.file,
      problems: report.problems.map(({ code, message, at }) => ({ code, message, line: at?.line ?? null })),
    },
  };
}
