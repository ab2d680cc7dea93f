import { describe, expect, it } from 'vitest';
import type { Page } from '../../../src/connector/contract.ts';
import { bench, hourMs, type Bench } from './bench.ts';

const told = (pages: readonly Page[]): string[] =>
  pages.flatMap((page) => page.changes.map(({ kind, id }) => `${kind} ${id}`)).toSorted();

/** Two companies of which one is deleted, hours apart, all of it read. */
async function readToTheEnd(): Promise<{ own: Bench; kept: string; gone: string; deletedAt: Date }> {
  const own = await bench();
  const kept = (await own.add('companies', { name: 'Kept' })).id;
  const gone = (await own.add('companies', { name: 'Gone' })).id;
  own.clock.advance(hourMs);
  const pages = await own.catchUp('companies', null);
  own.clock.advance(hourMs);
  const deletedAt = own.clock.now();
  await own.remove('companies', gone);
  own.clock.advance(hourMs);
  const later = await own.catchUp('companies', pages.at(-1)!.cursor);
  expect(told(later)).toEqual([`delete ${gone}`]);
  own.clock.advance(hourMs);
  return { own, kept, gone, deletedAt };
}

describe('a HubSpot cursor that is set back', () => {
  it('to the beginning reads everything again, and what was deleted since', async () => {
    const { own, kept, gone } = await readToTheEnd();
    const again = await own.catchUp('companies', own.source.cursorFrom!(null));
    expect(told(again)).toEqual([`delete ${gone}`, `upsert ${kept}`]);
  });

  it('to an instant reads what changed from then on, deletes included', async () => {
    const { own, gone, deletedAt } = await readToTheEnd();
    const again = await own.catchUp(
      'companies',
      own.source.cursorFrom!(new Date(deletedAt.getTime() - 1000)),
    );
    expect(told(again)).toEqual([`delete ${gone}`]);
    own.clock.advance(hourMs);
    expect(told(await own.catchUp('companies', again.at(-1)!.cursor))).toEqual([]);
  });
});
