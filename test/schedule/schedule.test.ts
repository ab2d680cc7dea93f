import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Schedule, startSchedule } from '../../src/schedule/schedule.ts';

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
});
