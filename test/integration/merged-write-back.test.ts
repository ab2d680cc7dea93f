import { afterEach, expect, it } from 'vitest';
import { enqueue } from '../../src/queue/enqueue.ts';
import { writeBackQueue } from '../../src/queue/names.ts';
import { aMapping, startJourney } from './journey.ts';
import { memorySink, memorySource } from './memory-systems.ts';
import { closeAll, closeLater, sql } from './setting.ts';

afterEach(closeAll);

/** Two companies in a CRM that takes what is written on a merged-away record for the one that survives, as HubSpot does. */
async function setting() {
  const [source, crm, sink] = [memorySource(), memorySink(), memorySink()];
  const writeBack = [{ to: 'crm', field: 'erp', from: 'id' }];
  const mappings = [aMapping({ flow: 'accounts', writeBack })];
  const connections = { crm: { source, sink: crm }, erp: { source: null, sink } };
  const journey = closeLater(await startJourney({ connections, mappings }));
  for (const id of ['a', 'b']) {
    source.put(id, { name: id });
    crm.records.set(id, { id, externalKey: id, fields: {}, lines: {}, writes: 0 });
  }
  const settled = async (): Promise<void> => {
    await journey.carry();
    expect(
      await sql(
        journey,
        `select name, singleton_key from causeway_jobs.job where state in ('created', 'retry', 'active') and singleton_key in ('a', 'b')`,
      ),
    ).toEqual([]);
  };
  await settled();
  return {
    source,
    journey,
    settled,
    /** The ERP's number of each. */
    async numbers() {
      const rows = await sql<{ id: string; number: string }>(
        journey,
        'select source_id as id, target_id as number from link',
      );
      const of = (id: string): string => rows.find((row) => row.id === id)?.number ?? '';
      return { a: of('a'), b: of('b') };
    },
    overwrite: (id: string, erp: string) =>
      void crm.records.set(id, { id, externalKey: id, fields: { erp }, lines: {}, writes: 1 }),
    written: () => crm.batches.flat().map((item) => `${item.id} ${item.fields['erp'] as string}`),
  };
}

it('a number that is still to be saved on a record goes nowhere once that was merged away, and the survivor gets its own again', async () => {
  const { source, journey, settled, numbers, overwrite, written } = await setting();
  source.merge('a', 'b');
  source.put('b', { name: 'b, and a' });
  await settled();
  const { database, boss } = journey.context;
  // A write to the loser was sent and not answered, and has come after all.
  await sql(journey, `update link set written_back = null where source_id = 'a'`);
  overwrite('b', (await numbers()).a);
  const jobs = [{ sourceId: 'a', startAfter: null }];
  await enqueue(boss, database, writeBackQueue('accounts'), 'accounts', jobs, 'incremental');
  const before = written().length;
  await settled();
  expect(written().slice(before)).toEqual([`b ${(await numbers()).b}`]);
});

it('a number that was saved on a merged-away record before that was known is put right on the survivor', async () => {
  const { source, settled, numbers, overwrite, written } = await setting();
  // What was written on the loser after the merge has come to stand on the survivor.
  overwrite('b', (await numbers()).a);
  source.merge('a', 'b');
  source.put('b', { name: 'b', erp: (await numbers()).a });
  const before = written().length;
  await settled();
  expect(written().slice(before)).toEqual([`b ${(await numbers()).b}`]);
});
