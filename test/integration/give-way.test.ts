import { afterEach, expect, it } from 'vitest';
import { serverOver } from '../http/serving.ts';
import { between, closeAll, sql } from './setting.ts';

afterEach(closeAll);

it('a page is not taken in, and a batch is not sent, before the callers who wait are through', async () => {
  const { source, sink, journey } = await between();
  source.put('c1', { name: 'Acme' });
  const seen: { mirrored: number; sent: number }[] = [];
  journey.givesWay = async () => {
    const mirrored = await sql(journey, 'select from mirror');
    seen.push({ mirrored: mirrored.length, sent: sink.batches.length });
  };
  await journey.carry();
  expect(seen[0]).toEqual({ mirrored: 0, sent: 0 });
  expect(seen).toContainEqual({ mirrored: 1, sent: 0 });
  expect(sink.records.size).toBe(1);
});

it('every request over HTTP is told to what gives way', async () => {
  const { journey } = await between();
  let asked = 0;
  const app = serverOver(journey.context.database, { onCaller: () => void (asked += 1) });
  await app.inject('/healthz');
  await app.inject('/nowhere');
  expect(asked).toBe(2);
  await app.close();
});
