import { afterEach, describe, expect, it } from 'vitest';
import { rewindCursor } from '../../src/store/cursor.ts';
import { between, closeAll, names, once, sql } from './setting.ts';

afterEach(closeAll);

const stream = { connection: 'crm', entity: 'accounts' };

describe('a cursor that is set back', () => {
  it('has everything read again, and nothing sent that did not change', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 150; n++) source.put(`c${n}`, { name: `Company ${n}` });
    await journey.carry();
    expect(await rewindCursor(journey.context.database, stream, null, null)).toBe(true);
    expect(await sql(journey, 'select position, watermark from causeway.source_cursor')).toEqual([
      { position: null, watermark: null },
    ]);
    const [again] = await journey.carry();
    expect([again?.run.read, again?.run.created, again?.run.updated]).toEqual([150, 0, 0]);
    expect(sink.batches).toHaveLength(3);
  });

  it('stays set back, though a reader has a page in hand at that moment', async () => {
    const { source, sink, journey } = await between();
    for (let n = 0; n < 150; n++) source.put(`c${n}`, { name: `Company ${n}` });
    await journey.carry();
    source.put('c1', { name: 'Changed' });
    const setBack = once(async () => void (await rewindCursor(journey.context.database, stream, null, null)));
    journey.at = (step) => (step === 'page_read' ? setBack() : undefined);
    const runs = await journey.carry();
    expect(runs.reduce((sum, { run }) => sum + run.read, 0)).toBe(151);
    expect(names(sink)).toContain('Changed');
  });

  it('is none where nothing was ever read', async () => {
    const { journey } = await between();
    expect(await rewindCursor(journey.context.database, stream, null, null)).toBe(false);
  });
});
