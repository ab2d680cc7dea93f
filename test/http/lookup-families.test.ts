import { expect, it } from 'vitest';
import { lookupFamilies } from '../../src/http/lookup-families.ts';
import { lookupTally } from '../../src/lookup/tally.ts';
import { exposition } from '../../src/telemetry/exposition.ts';
import { aLookup } from '../lookup/a-lookup.ts';
import { readExposition } from '../telemetry/read-exposition.ts';

it('metrics of lookups tell endings, waits and breakers', () => {
  const tally = lookupTally();
  tally.take('customer-credit', { kind: 'late', deadlineMs: 100, retryAfterSeconds: 1 }, 0.1);
  tally.take('customer-credit', { kind: 'not_found', sentence: '' }, 0.004);
  const breakers = () => [{ connection: 'erp', state: 'half_open' as const }];
  const page = exposition(lookupFamilies({ lookups: () => [aLookup()], tally, breakers }));
  const read = readExposition(page);
  const ended = read.get('causeway_lookups_total')?.samples.filter(({ value }) => value > 0);
  expect(ended?.map(({ labels }) => labels['ending'])).toEqual(['not_found', 'late']);
  const waits = read.get('causeway_lookup_seconds')?.samples ?? [];
  const within = (le: string) => waits.find(({ labels }) => labels['le'] === le)?.value;
  expect(['0.0025', '0.005', '0.1', '+Inf'].map(within)).toEqual([0, 1, 2, 2]);
  expect(read.get('causeway_lookup_breaker_state')?.samples.find(({ value }) => value === 1)?.labels).toEqual(
    { connection: 'erp', state: 'half_open' },
  );
});
