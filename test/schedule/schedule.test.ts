import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { nextRun, type Schedule, startSchedule } from '../../src/schedule/schedule.ts';

const flow = { flow: 'accounts', schedule: '0 0 1 1 *', scheduleTimezone: 'UTC' };
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

let schedule: Schedule | undefined;
afterEach(() => schedule?.stop());

describe('a schedule', () => {
  it('holds nothing open once it has stopped, also when the mappings are kept once more after that', () => {
    const before = timers();
    schedule = startSchedule(async () => {}, pino({ level: 'silent' }));
    schedule.keep([flow]);
    expect(timers()).toBeGreaterThan(before);
    schedule.stop();
    expect(timers()).toBe(before);
    schedule.keep([flow]);
    expect(timers()).toBe(before);
  });

  it('reads the source of a continuous flow within half a minute, whatever webhooks say', () => {
    const next = nextRun({ flow: 'accounts', schedule: 'continuous', scheduleTimezone: 'UTC' });
    const seconds = ((next?.getTime() ?? 0) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(-1);
    expect(seconds).toBeLessThanOrEqual(30);
    expect(nextRun({ flow: 'accounts', schedule: null, scheduleTimezone: 'UTC' })).toBeNull();
  });
});
