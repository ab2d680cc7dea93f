import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../src/connector/value.ts';
import { checkAgainst } from '../../src/mapping/check/against.ts';
import type { Ending } from '../../src/mapping/mapping.ts';
import { bench, never } from '../connectors/hubspot/bench.ts';
import { openBench, type Bench as OdooBench } from '../connectors/odoo/bench.ts';
import { mappings } from './shipped-mappings.ts';

describe.each(['empty:16', 'empty:19'])('the shipped mappings, from HubSpot to Odoo (%s)', (seed) => {
  let odoo: OdooBench;
  beforeAll(async () => {
    odoo = await openBench({ seed });
  });
  afterAll(() => odoo.close());

  it('fit what both systems say of their entities', async () => {
    const { source } = await bench();
    for (const mapping of mappings) {
      const described = {
        source: await source.describe(mapping.read.entity, never),
        sink: await odoo.sink.describe(mapping.write.entity, never),
      };
      expect(
        checkAgainst(mapping, described, mappings).map(
          ({ at, message }) => `${at?.file}:${at?.line} ${message}`,
        ),
      ).toEqual([]);
    }
  });
});

describe('the shipped mappings', () => {
  it('take every record of Northwind, once what it refers to is linked', async () => {
    const hubspot = await bench({ seed: 'northwind' });
    const counts: { [flow: string]: { [ending: string]: number } } = {};
    const rejected: Ending[] = [];
    for (const { flow, read, run } of mappings) {
      const pages = await hubspot.catchUp(read.entity, null, read.with);
      const records = pages.flatMap(({ changes }): SourceRecord[] =>
        changes.flatMap((change) => (change.kind === 'upsert' ? [change.record] : [])),
      );
      const endings = records.map((record) =>
        run(record, { linked: ({ id }) => id, now: '2026-01-31T09:30:00Z' }),
      );
      rejected.push(...endings.filter(({ kind }) => kind === 'rejected' || kind === 'waiting'));
      counts[flow] = Object.fromEntries(
        Object.entries(Object.groupBy(endings, ({ kind }) => kind)).map(([kind, list]) => [
          kind,
          list.length,
        ]),
      );
    }
    expect(rejected).toEqual([]);
    expect(counts).toEqual({
      accounts: { record: 91 },
      contacts: { record: 91 },
      orders: { record: 830 },
      products: { record: 77 },
    });
  });
});
