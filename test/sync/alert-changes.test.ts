import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertCause } from '../../src/store/alert.ts';
import { alertChanges, goodForMs } from '../../src/sync/alert-changes.ts';

const cause = (key: string): AlertCause => ({
  key,
  code: 'freshness_broken',
  subject: key,
  severity: 'warning',
  message: key,
  remedy: 'mend it',
  since: new Date(0),
});

/** Applies rounds one after the other as the table would, and notes what is told. */
function play(rounds: readonly { readonly seconds: number; readonly bad: readonly string[] }[]) {
  const open = new Map<string, { key: string; seenAt: Date }>();
  const told: { key: string; event: 'raised' | 'resolved'; at: number }[] = [];
  let now = 0;
  for (const { seconds, bad } of rounds) {
    now += seconds * 1000;
    const changes = alertChanges([...open.values()], bad.map(cause), true, new Date(now));
    for (const { key } of [...changes.raise, ...changes.keep]) open.set(key, { key, seenAt: new Date(now) });
    for (const { key } of changes.raise) told.push({ key, event: 'raised', at: now });
    for (const key of changes.resolve) {
      open.delete(key);
      told.push({ key, event: 'resolved', at: now });
    }
  }
  return { told, open: [...open.keys()] };
}

const keys = ['freshness_broken/a', 'connection_held/erp', 'mapping_not_loaded/x.yaml'];
const someRounds = fc.array(fc.record({ seconds: fc.integer({ min: 1, max: 90 }), bad: fc.subarray(keys) }), {
  maxLength: 60,
});

describe('alerts, under any sequence of facts', () => {
  it('are raised once and resolved once, in turn', () => {
    fc.assert(
      fc.property(someRounds, (rounds) => {
        const { told } = play(rounds);
        for (const key of keys) {
          const events = told.filter((one) => one.key === key).map(({ event }) => event);
          expect(events).toEqual(events.map((_, index) => (index % 2 === 0 ? 'raised' : 'resolved')));
        }
      }),
    );
  });

  it('are open in any round in which their cause was found', () => {
    fc.assert(
      fc.property(someRounds, (rounds) => {
        const { open } = play(rounds);
        expect(open).toEqual(expect.arrayContaining([...(rounds.at(-1)?.bad ?? [])]));
      }),
    );
  });

  it('end only when their cause has not been found for a minute', () => {
    fc.assert(
      fc.property(someRounds, (rounds) => {
        let now = 0;
        const times = rounds.map(({ seconds, bad }) => ({ at: (now += seconds * 1000), bad }));
        for (const { key, at } of play(rounds).told.filter(({ event }) => event === 'resolved')) {
          const found = times.filter((round) => round.bad.includes(key) && round.at <= at);
          expect(at - (found.at(-1)?.at ?? Number.NaN)).toBeGreaterThanOrEqual(goodForMs);
        }
      }),
    );
  });

  it('all end when everything has been well for a minute', () => {
    fc.assert(
      fc.property(someRounds, (rounds) => {
        expect(play([...rounds, { seconds: goodForMs / 1000, bad: [] }]).open).toEqual([]);
      }),
    );
  });

  it('are told once when a cause comes and goes every few seconds', () => {
    const flapping = Array.from({ length: 40 }, (_, n) => ({ seconds: 15, bad: n % 3 === 0 ? keys : [] }));
    expect(play(flapping).told.map(({ event }) => event)).toEqual(['raised', 'raised', 'raised']);
  });

  it('do not end where only the causes of one process were looked for', () => {
    const open = [{ key: 'connection_held/erp', seenAt: new Date(0) }];
    expect(alertChanges(open, [], false, new Date(10 * goodForMs)).resolve).toEqual([]);
  });
});
