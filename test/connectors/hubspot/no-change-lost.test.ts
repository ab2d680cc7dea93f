import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor, Page } from '../../../src/connector/contract.ts';
import type { SourceRecord } from '../../../src/connector/value.ts';
import { bench, hourMs, never, secondMs } from './bench.ts';
import type { Bench } from './bench.ts';

/** What a mirror would hold: the newest record of every id, or what became of it. */
type Mirror = Map<string, SourceRecord | 'deleted' | 'merged'>;

function take(mirror: Mirror, page: Page): void {
  for (const change of page.changes) {
    if (change.kind === 'upsert') mirror.set(change.id, change.record);
    else mirror.set(change.id, change.kind === 'delete' ? 'deleted' : 'merged');
  }
}

type Act =
  | { readonly do: 'add' | 'page' | 'advance'; readonly which: number }
  | { readonly do: 'edit' | 'archive' | 'merge' | 'late'; readonly which: number };

const acts = record({
  do: constantFrom(
    'add',
    'edit',
    'edit',
    'edit',
    'archive',
    'merge',
    'late',
    'advance',
    'page',
    'page',
    'page',
  ),
  which: nat(449),
}) as Arbitrary<Act>;

async function act(own: Bench, { do: what, which }: Act, live: string[]): Promise<void> {
  const id = live[which % live.length]!;
  switch (what) {
    case 'add':
      live.push((await own.add('companies', { name: `New ${which}` })).id);
      return;
    case 'edit':
      await own.edit('companies', id, { city: `City ${which} ${own.clock.now().getTime()}` });
      return;
    case 'archive':
      await own.remove('companies', id);
      live.splice(live.indexOf(id), 1);
      return;
    case 'merge': {
      const other = live[(which + 7) % live.length]!;
      const { body } = await own.call('POST', '/crm/v3/objects/companies/merge', {
        primaryObjectId: id,
        objectIdToMerge: other,
      });
      live.splice(live.indexOf(id), 1);
      live.splice(live.indexOf(other), 1, body.id);
      return;
    }
    case 'late':
      await own.misbehave({ lateCommitMs: 30 * secondMs, indexLagMs: 30 * secondMs });
      await own.add('companies', { name: `Late ${which}` });
      await own.misbehave({ indexLagMs: 60 * secondMs });
      return;
    default:
      own.clock.advance(which * 100);
  }
}

describe('no change of HubSpot is lost', () => {
  it('whatever is done between the pages of a slow catch-up over a lagging index', async () => {
    await assert(
      asyncProperty(array(acts, { minLength: 5, maxLength: 40 }), async (script) => {
        const own = await bench({ seed: 'companies:450', misbehave: { indexLagMs: 60 * secondMs } });
        const live = (await own.all('companies')).map(({ id }) => id);
        const mirror: Mirror = new Map();
        let cursor: Cursor | null = null;
        const page = async (): Promise<boolean> => {
          const read = await own.source.changesSince(
            { entity: 'companies', with: [], cursor, now: own.clock.now() },
            never,
          );
          take(mirror, read);
          cursor = JSON.parse(JSON.stringify(read.cursor)) as Cursor;
          return read.caughtUp;
        };
        for (const step of script) await (step.do === 'page' ? page() : act(own, step, live));
        for (const _ of [1, 2]) {
          own.clock.advance(hourMs);
          while (!(await page()));
        }
        const records = (await own.all('companies')).filter(({ archived }) => String(archived) === 'false');
        const truth = await own.source.readByIds(
          { entity: 'companies', with: [], ids: records.map(({ id }) => id) },
          never,
        );
        const account = new Map(truth.map((found) => [found.id, found.status === 'found' && found.record]));
        const mirrored = [...mirror].filter(([, state]) => typeof state !== 'string');
        expect(new Map(mirrored)).toEqual(account);
        await own.close();
      }),
      { numRuns: 20 },
    );
  });
});
