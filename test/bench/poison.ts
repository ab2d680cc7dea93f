/**
 * A queue with one poison record in each batch, between two systems in memory on a real PostgreSQL: `node
 * test/bench/poison.ts [--quick]`. The sink refuses a whole batch without naming the culprit. What must come out: every
 * neighbour delivered once, every poison record a dead letter with its cause, and about log2 of the batch in extra calls.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Fault } from '../../src/connector/fault.ts';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { aMapping, startJourney } from '../integration/journey.ts';
import { memorySink, memorySource } from '../integration/memory-systems.ts';

const records = process.argv.includes('--quick') ? 4000 : 100_000;
const batch = 200;
/** One stands in each batch as they are queued. What it says is what the sink cannot take. */
const isPoison = (n: number): boolean => n % batch === (Math.floor(n / batch) * 7) % batch;

const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'));
const embedded = await startEmbedded({ dir: join(folder, 'postgres'), log: pino({ level: 'silent' }) });
try {
  const database = openDatabase(embedded.url, { max: 1, onError: () => {} });
  await migrate(database);
  await database.end();
  const [source, sink] = [memorySource(), memorySink()];
  source.pageSize = 200;
  for (let n = 0; n < records; n++)
    source.put(`c${String(n).padStart(8, '0')}`, {
      name: isPoison(n) ? 'poison' : `Company ${n}`,
      street: `Obere Str. ${n}`,
      city: 'Berlin',
    });
  sink.before = (items) => {
    if (!items.some((item) => item.fields['name'] === 'poison')) return;
    throw new Fault({ kind: 'invalid_record', code: 'poisoned', message: 'something in it was not right' });
  };
  const mappings = [aMapping({ flow: 'accounts' })];
  const journey = await startJourney({
    connections: { crm: { source, sink: null }, erp: { source: null, sink } },
    mappings,
    batch,
    concurrency: 2,
    url: embedded.url,
  });
  let most = 0;
  const sampler = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 250);
  const started = performance.now();
  await journey.carry();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(sampler);
  const { rows } = await journey.context.database.query<{ state: string; code: string | null; n: number }>(
    'select state, code, count(*)::int as n from link group by 1, 2 order by 1',
  );
  await journey.close();
  report(sink, rows, seconds, most);
} finally {
  await embedded.stop();
  await rm(folder, { recursive: true, force: true });
}

function report(
  sink: ReturnType<typeof memorySink>,
  rows: readonly { state: string; code: string | null; n: number }[],
  seconds: number,
  most: number,
): void {
  const poison = Array.from({ length: records }, (_, n) => n).filter(isPoison).length;
  const delivered = rows.find(({ state }) => state === 'synced')?.n ?? 0;
  const dead = rows.find(({ state, code }) => state === 'dead' && code === 'poisoned')?.n ?? 0;
  const twice = [...sink.records.values()].filter(({ writes }) => writes !== 1).length;
  const calls = sink.batches.length;
  // A batch with one poison record: the call that is refused, and two for each time it is halved.
  const bound = Math.ceil(records / batch) + poison * 2 * Math.ceil(Math.log2(batch));
  const written = (count: number): string => count.toLocaleString('en');
  process.stdout.write(
    [
      `${written(records)} queued records, one poison record in each batch of ${batch}`,
      `  neighbours delivered: ${written(delivered)} of ${written(records - poison)}; written more than once: ${twice}`,
      `  poison records that are dead letters with their cause: ${written(dead)} of ${written(poison)}`,
      `  calls: ${written(calls)}, ${(calls / poison).toFixed(1)} for each batch; with two for each time it is halved: ${written(bound)} at most`,
      `  ${seconds.toFixed(1)} s, ${written(Math.round(records / seconds))} records/s, ${Math.round(most / 1e6)} MB at most (both systems and all records included)`,
      '',
    ].join('\n'),
  );
  // What is queued is not always taken in the order in which it was queued, so that a batch may hold two.
  if (delivered !== records - poison || dead !== poison || twice > 0 || calls > bound * 1.1)
    throw new Error('not what was promised');
}
