import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/connector/fault.ts';
import { catchUp } from '../../src/sync/catch-up.ts';
import type { SyncContext } from '../../src/sync/context.ts';
import { aMapping, type Journey } from './journey.ts';
import { between, closeAll, names, sql } from './setting.ts';

afterEach(closeAll);

const hourMs = 3_600_000;

/**
 * A journey on a clock that stands still until somebody sleeps. The database has a clock of its own, so jobs that are
 * due by the simulated one are made due by that, too. One worker alone: a second one would find its lease run out in
 * the moment in which the first one sleeps.
 */
function onSimulatedClock(journey: Journey): { context: SyncContext; passed(): number } {
  const start = Date.now();
  let passed = 0;
  const now = (): Date => new Date(start + passed);
  const context: SyncContext = {
    ...journey.context,
    now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      passed += ms;
      await journey.context.database.query(
        `update causeway_jobs.job set start_after = now() - interval '1 second' where state in ('created', 'retry') and start_after <= $1`,
        [now()],
      );
    },
  };
  return { context, passed: () => passed };
}

const outages = {
  'refuses connections': () =>
    new Fault({ kind: 'transient', code: 'unreachable', message: 'no connection' }),
  'says 429 and nothing else': () =>
    new Fault({ kind: 'rate_limited', code: 'busy', message: 'too many requests' }),
} as const;

describe('an ERP that is down for an hour', () => {
  it.each(Object.keys(outages) as (keyof typeof outages)[])(
    'and %s costs no attempts and no dead letters, and everything is carried afterwards',
    async (how) => {
      const { source, sink, journey } = await between([aMapping({ flow: 'accounts' })], { batch: 50 });
      const { context, passed } = onSimulatedClock(journey);
      let calls = 0;
      const answer = (): void => {
        calls += 1;
        if (passed() < hourMs) throw outages[how]();
      };
      sink.before = answer;
      const check = sink.check;
      sink.check = (signal) => {
        answer();
        return check(signal);
      };
      // It answered when the process started.
      context.verified.add('erp').add('crm');
      for (let n = 0; n < 400; n++) source.put(`c${n}`, { name: `Company ${n}` });
      let during = 0;
      journey.at = () => {
        if (passed() < hourMs) during = calls;
      };
      await catchUp(
        context,
        ['accounts'],
        'sync',
        { dueWithinMs: hourMs, closedForMs: Number.POSITIVE_INFINITY, awaitReader: true },
        new AbortController().signal,
      );
      expect(passed()).toBeGreaterThanOrEqual(hourMs);
      expect(names(sink).length).toBe(400);
      expect(
        await sql(
          journey,
          'select state, max(attempts) as attempts, count(*)::int as n from causeway.link group by 1',
        ),
      ).toEqual([{ state: 'synced', attempts: 0, n: 400 }]);
      expect(await sql(journey, 'select from causeway_jobs.job where retry_count > 0')).toEqual([]);
      expect(await sql(journey, "select from causeway_jobs.job where name like '%/dead'")).toEqual([]);
      expect(await sql(journey, "select from causeway.history where event = 'dead'")).toEqual([]);
      expect(new Set([...sink.records.values()].map(({ writes }) => writes))).toEqual(new Set([1]));
      // Holds double up to a minute, with jitter: a probe or two a minute, and not one for each record.
      expect(during).toBeLessThan(200);
      process.stdout.write(`an hour in which the ERP ${how}: ${during} calls, and none for each record\n`);
      // How the flow resumes (one probe, then a batch, then its whole width) is asserted here once it is paced.
    },
  );
});
