import { describe, expect, it } from 'vitest';
import { dueReadings } from '../../src/schedule/due.ts';

const minute = 60_000;

/** A flow that is due every five minutes, and a clock that a test moves. */
function setting() {
  const at = { now: new Date(0) };
  const mapping = {
    flow: 'accounts',
    schedule: '*/5 * * * *',
    scheduleTimezone: 'UTC',
    read: { from: 'crm', entity: 'companies', with: [] },
  };
  const next = (): Date => new Date((Math.floor(at.now.getTime() / (5 * minute)) + 1) * 5 * minute);
  const due = dueReadings(
    () => [mapping],
    next,
    () => at.now,
  );
  const look = (minutes: number, caughtUp: number | null): number | null => {
    at.now = new Date(minutes * minute);
    const caughtUpAt = caughtUp === null ? null : new Date(caughtUp * minute);
    const found = due({ connection: 'crm', entity: 'companies', caughtUpAt });
    return found === null ? null : found.getTime() / minute;
  };
  return { look };
}

describe('dueReadings', () => {
  it('gives the earliest time that passed without a reading, however many pass after it', () => {
    const { look } = setting();
    expect([look(1, 0), look(4, 0), look(6, 0), look(11, 0), look(21, 0)]).toEqual([null, null, 5, 5, 5]);
  });

  it('forgets it when the stream was read to its end since', () => {
    const { look } = setting();
    expect([look(1, null), look(6, null), look(7, 6.5), look(9, 6.5), look(11, 6.5)]).toEqual([
      null,
      5,
      null,
      null,
      10,
    ]);
  });

  it('knows nothing of streams that no scheduled flow reads', () => {
    const due = dueReadings(
      () => [],
      () => new Date(0),
      () => new Date(1),
    );
    expect(due({ connection: 'crm', entity: 'companies', caughtUpAt: null })).toBeNull();
  });
});
