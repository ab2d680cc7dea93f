import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aMapping, type Journey, startJourney } from './journey.ts';
import { memorySink, memorySource } from './memory-systems.ts';
import { plainErp } from '../faults/bench/plain-erp/index.ts';

let journey: Journey | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await journey?.close();
});

/** Counts what goes to Postgres, ours and pg-boss's, while `work` runs. Heartbeats and supervision are not work. */
async function countStatements(seen: string[], work: () => Promise<unknown>): Promise<void> {
  const query = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const text =
      typeof first === 'string'
        ? first
        : first !== null && typeof first === 'object' && 'text' in first
          ? String(first.text)
          : '';
    seen.push(text.trim().replaceAll(/\s+/g, ' ').slice(0, 60));
    return Reflect.apply(query, this, args);
  });
  await work();
  vi.restoreAllMocks();
}

/** The worker beside it asks whether more has come while the page is being committed, and pg-boss looks after its queues. */
const polling =
  /^(select connection, identity|insert into connection_state|select flow, code|SELECT q\.name|WITH next AS|select name, count)/;
const supervising =
  /^(WITH due AS|WITH budget AS|BEGIN; SET LOCAL|SELECT [ti]\.relname|UPDATE causeway_jobs\.version)/;
const notPolling = (text: string): boolean => !polling.test(text) && !supervising.test(text);

describe('work is done for a batch, not for a record', () => {
  it.each([
    ['20', 20],
    ['200', 200],
  ])(
    'takes the same statements and one request to read, decide, push and settle %s records',
    async (_name, size) => {
      const [source, sink] = [memorySource(), memorySink()];
      source.pageSize = 500;
      for (let n = 0; n < size; n++) source.put(`c${n}`, { name: `Company ${n}` });
      journey = await startJourney({
        connections: { crm: { source, sink: null }, erp: { source: null, sink } },
        mappings: [aMapping({ flow: 'accounts' })],
        batch: 200,
      });
      const marks: Record<string, number> = {};
      const seen: string[] = [];
      const running = journey;
      await countStatements(seen, () => {
        running.at = (step) => void (marks[step] ??= seen.length);
        return running.carry();
      });
      expect(sink.batches).toHaveLength(1);
      const reading = seen.slice(marks['page_read'], marks['page_committed']).filter(notPolling);
      const delivering = seen.slice(marks['jobs_leased'], marks['settled']).filter(notPolling);
      expect(reading.length, reading.join('\n')).toBeLessThanOrEqual(6);
      expect(delivering.length, delivering.join('\n')).toBeLessThanOrEqual(15);
    },
  );

  it.each([
    ['20', 20],
    ['200', 200],
  ])('takes the same statements for %s records of an ERP without safe replay', async (_name, size) => {
    const [source, sink] = [memorySource(), memorySink()];
    source.pageSize = 500;
    for (let n = 0; n < size; n++) source.put(`c${n}`, { name: `Company ${n}` });
    journey = await startJourney({
      connections: { crm: { source, sink: null }, erp: { source: null, sink } },
      mappings: [aMapping({ flow: 'accounts' })],
      like: {
        erp: {
          connector: plainErp,
          limits: { page: 100, batch: 200, concurrency: 1, rate: null, settleMs: 0, callMs: 5000 },
        },
      },
    });
    const marks: Record<string, number> = {};
    const seen: string[] = [];
    const running = journey;
    await countStatements(seen, () => {
      running.at = (step) => void (marks[step] ??= seen.length);
      return running.carry();
    });
    expect([sink.batches.length, sink.lookUps.length, sink.records.size]).toEqual([1, 1, size]);
    const delivering = seen.slice(marks['jobs_leased'], marks['settled']).filter(notPolling);
    // Three more than elsewhere, and three once for the session that the locks live with.
    expect(delivering.length, delivering.join('\n')).toBeLessThanOrEqual(21);
  });
});
