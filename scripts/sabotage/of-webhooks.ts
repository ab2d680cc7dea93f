import type { Sabotage } from '../sabotage.ts';

/** What webhooks rest on. */
export const ofWebhooks: readonly Sabotage[] = [
  {
    what: 'P3: what was read because of a webhook is taken over what came into the mirror meanwhile',
    file: 'src/sync/read-hinted.ts',
    take: 'mirrorSightings(tx, stream, sightings, { since })',
    put: "mirrorSightings(tx, stream, sightings, 'record')",
    test: 'never takes an older state over a newer one',
  },
  {
    what: 'P1: a hint that comes while its record is being read ends with that reading',
    file: 'src/store/hint.ts',
    take: 'h.seen > r.seen as again',
    put: 'false as again',
    test: 'is not over with that reading',
  },
  {
    what: 'P1: a webhook is answered, and its hints are not kept',
    file: 'src/sync/take-webhook.ts',
    take: 'await keepHints(tx, connection, hints, traceId);',
    put: '',
    test: 'is stored before it is answered',
  },
];
