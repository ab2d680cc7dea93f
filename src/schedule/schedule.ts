import { createTask, type ScheduledTask } from 'node-cron';
import type { Logger } from 'pino';
import { continuous } from '../mapping/continuous.ts';
import type { Mapping } from '../mapping/mapping.ts';

type Scheduled = Pick<Mapping, 'flow' | 'schedule' | 'scheduleTimezone'>;

/** How often the source of a continuous flow is read, whatever the webhooks say: every 30 seconds. */
const cronOfContinuous = '*/30 * * * * *';

const cronOf = (schedule: string): string => (schedule === continuous ? cronOfContinuous : schedule);

/** When a flow's schedule fires next, or null when it has none: of a continuous flow, when its source is read next. */
export function nextRun(mapping: Scheduled): Date | null {
  if (mapping.schedule === null) return null;
  const task = createTask(cronOf(mapping.schedule), () => {}, { timezone: mapping.scheduleTimezone });
  try {
    return task.getNextRuns(1)[0] ?? null;
  } finally {
    void task.destroy();
  }
}

export type Schedule = {
  /** Starts, changes and stops ticks, so that they are those of the mappings given. After `stop` it starts none. */
  keep(mappings: readonly Scheduled[]): void;
  stop(): void;
};

/**
 * Fires `onTick` for each flow at its times, in every process: Postgres decides who acts on a tick. A flow that is
 * still running misses its tick, and goes on at the next.
 */
export function startSchedule(onTick: (flow: string) => Promise<void>, log: Logger): Schedule {
  const ticking = new Map<string, { readonly rule: string; readonly task: ScheduledTask }>();
  let stopped = false;
  const drop = (flow: string): void => {
    void ticking.get(flow)?.task.destroy();
    ticking.delete(flow);
  };
  const quiet = {
    info: () => {},
    debug: () => {},
    warn: (text: string) => log.debug({ text }, 'node-cron'),
    error: (error: string | Error) => log.error({ err: error }, 'node-cron'),
  };
  return {
    keep(mappings) {
      // Whoever was still looking at the mapping files when the service ended comes here late.
      if (stopped) return;
      const wanted = new Map(mappings.filter((m) => m.schedule !== null).map((m) => [m.flow, m]));
      for (const flow of ticking.keys()) if (!wanted.has(flow)) drop(flow);
      for (const [flow, { schedule, scheduleTimezone }] of wanted) {
        const rule = `${schedule ?? ''} ${scheduleTimezone}`;
        if (schedule === null || ticking.get(flow)?.rule === rule) continue;
        drop(flow);
        const task = createTask(cronOf(schedule), () => onTick(flow), {
          name: flow,
          timezone: scheduleTimezone,
          noOverlap: true,
          logger: quiet,
        });
        void task.start();
        ticking.set(flow, { rule, task });
      }
    },
    stop() {
      stopped = true;
      for (const flow of ticking.keys()) drop(flow);
    },
  };
}
