import type { LookupService } from '../lookup/service.ts';
import { bucketSeconds, type LookupCounts } from '../lookup/tally.ts';
import type { Family, Sample } from '../telemetry/exposition.ts';

/** What is measured of lookups, in this process. */
export type MeasuredLookups = Pick<LookupService, 'lookups' | 'tally' | 'breakers'>;

const breakerStates = ['closed', 'half_open', 'open'] as const;

/** How lookups have ended, how long callers waited, and how the breakers stand; docs/operations.md lists it. */
export function lookupFamilies({ lookups, tally, breakers }: MeasuredLookups): Family[] {
  const counts = tally.counts(lookups().map(({ name }) => name));
  return [
    {
      name: 'causeway_lookups_total',
      help: 'Lookups that this process has answered, by where the answer came from, or why there was none.',
      type: 'counter',
      samples: counts.flatMap(({ lookup, endings }) =>
        endings.map(({ ending, count }) => ({ labels: { lookup, ending }, value: count })),
      ),
    },
    {
      name: 'causeway_lookup_seconds',
      help: 'How long callers waited for lookups.',
      type: 'histogram',
      samples: counts.flatMap(histogram),
    },
    {
      name: 'causeway_lookup_breaker_state',
      help: '1 for the state that the breaker of the connection is in, in this process; 0 for the others.',
      type: 'gauge',
      samples: breakers().flatMap(({ connection, state }) =>
        breakerStates.map((one) => ({ labels: { connection, state: one }, value: Number(one === state) })),
      ),
    },
  ];
}

function histogram({ lookup, within, count, seconds }: LookupCounts): Sample[] {
  return [
    ...bucketSeconds.map((bound, index): Sample => ({
      suffix: '_bucket',
      labels: { lookup, le: String(bound) },
      value: within[index] ?? 0,
    })),
    { suffix: '_bucket', labels: { lookup, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { lookup }, value: seconds },
    { suffix: '_count', labels: { lookup }, value: count },
  ];
}
