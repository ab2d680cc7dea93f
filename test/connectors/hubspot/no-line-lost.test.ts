import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/connector/contract.ts';
import type { SourceRecord } from '../../../src/connector/value.ts';
import { bench, hourMs, never, secondMs } from './bench.ts';
import type { Bench } from './bench.ts';

const relations = ['line_items'];
const dealCount = 203;

/** More deals than fit on a page, each with a line. */
async function accountOfDeals(): Promise<{ own: Bench; deals: string[]; lines: string[] }> {
  const own = await bench({ misbehave: { indexLagMs: 60 * secondMs } });
  const [deals, lines]: string[][] = [[], []];
  for (let start = 0; start < dealCount; start += 100) {
    const inputs = Array.from({ length: Math.min(100, dealCount - start) }, (_, index) => ({
      properties: { dealname: `Deal ${start + index}` },
    }));
    const { body } = await own.call('POST', '/crm/v3/objects/deals/batch/create', { inputs });
    deals!.push(...body.results.map(({ id }) => id));
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 20 }];
    const withLines = body.results.map(({ id }) => ({
      properties: { name: 'Line', quantity: '1' },
      associations: [{ to: { id }, types }],
    }));
    const made = await own.call('POST', '/crm/v3/objects/line_items/batch/create', { inputs: withLines });
    lines!.push(...made.body.results.map(({ id }) => id));
  }
  own.clock.advance(hourMs);
  return { own, deals: deals!, lines: lines! };
}

const acts = record({
  do: constantFrom('deal', 'edit', 'add', 'remove', 'advance', 'page', 'page'),
  which: nat(dealCount - 1),
});

describe('no line of a deal is lost', () => {
  it('whatever happens to lines between the pages of a catch-up over a lagging index', async () => {
    await assert(
      asyncProperty(array(acts, { minLength: 5, maxLength: 30 }), async (script) => {
        const { own, deals, lines } = await accountOfDeals();
        const mirror = new Map<string, SourceRecord>();
        let cursor: Cursor | null = null;
        const page = async (): Promise<boolean> => {
          const now = own.clock.now();
          const read = await own.source.changesSince(
            { entity: 'deals', with: relations, cursor, now },
            never,
          );
          for (const change of read.changes)
            if (change.kind === 'upsert') mirror.set(change.id, change.record);
          cursor = JSON.parse(JSON.stringify(read.cursor)) as Cursor;
          return read.caughtUp;
        };
        for (const { do: what, which } of script) {
          const line = lines[which % lines.length]!;
          if (what === 'page') await page();
          if (what === 'advance') own.clock.advance(which * 500);
          if (what === 'deal') await own.edit('deals', deals[which]!, { dealname: `Deal at ${which}` });
          if (what === 'edit') await own.edit('line_items', line, { quantity: String(which + 2) });
          if (what === 'add') await own.add('line_items', { name: `New ${which}`, deal: deals[which]! });
          if (what === 'remove') {
            await own.remove('line_items', line);
            lines.splice(lines.indexOf(line), 1);
          }
        }
        for (const _ of [1, 2]) {
          own.clock.advance(hourMs);
          while (!(await page()));
        }
        const truth = await own.source.readByIds({ entity: 'deals', with: relations, ids: deals }, never);
        const account = new Map(truth.map((found) => [found.id, found.status === 'found' && found.record]));
        expect(mirror).toEqual(account);
        await own.close();
      }),
      { numRuns: 12 },
    );
  });
});
