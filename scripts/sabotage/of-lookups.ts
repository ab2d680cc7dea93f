import type { Sabotage } from '../sabotage.ts';

const among = ['--project', 'unit', 'test/lookup', 'test/http'];

/** What lookups and the HTTP interface rest on. */
export const ofLookups: readonly Sabotage[] = [
  {
    what: 'identical waiting lookups make a call each',
    file: 'src/lookup/flights.ts',
    take: 'if (known !== undefined) return known;',
    put: 'void known;',
    test: 'share one call',
    among,
  },
  {
    what: 'a lookup keeps an answer that was asked for before its record was delivered',
    file: 'src/lookup/live.ts',
    take: 'if (!isOld && !isOvertaken && !note.missed)',
    put: 'if (!isOvertaken && !note.missed)',
    test: 'is not outlived by',
    among,
  },
  {
    what: 'a breaker that is half open lets nobody ask, not even who probes',
    file: 'src/lookup/breaker.ts',
    take: "if (phase.state === 'half_open' && phase.prober !== asker)",
    put: "if (phase.state === 'half_open')",
    test: 'is asked all questions of one lookup',
    among,
  },
  {
    what: 'a server that stops sends callers away who have connected',
    file: 'src/http/listen.ts',
    take: 'await letIn(() => callers);',
    put: 'void letIn; void callers;',
    test: 'answers everybody who had knocked before it closes',
    among,
  },
  {
    what: 'an API key is good for ever',
    file: 'src/http/access.ts',
    take: '|| !isUsable(key, now)',
    put: '|| (void now, false)',
    test: 'ends at its time',
  },
  {
    what: 'a batch is worked on whoever waits for an answer',
    file: 'src/sync/deliver.ts',
    take: 'await context.giveWay();',
    put: '',
    test: 'a batch is not sent, before the callers who wait are through',
  },
  {
    what: 'a resync forgets the trace of who asked for it',
    file: 'src/sync/carry-request.ts',
    take: 'request.traceId ?? newTraceId()',
    put: 'newTraceId()',
    test: 'bears the trace of its caller to the source',
  },
];
