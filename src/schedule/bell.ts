import { once } from 'node:events';
import type { SyncContext } from '../sync/context.ts';

/** Tells whoever sleeps that there is work. */
export type Bell = {
  ring(): void;
  /** Resolves when it rings, at once when it has rung since it was heard last, and when the signal aborts. */
  heard(signal: AbortSignal): Promise<void>;
};

export function bell(): Bell {
  const rung = new EventTarget();
  let unheard = false;
  return {
    ring() {
      unheard = true;
      rung.dispatchEvent(new Event('rung'));
    },
    async heard(signal) {
      if (!unheard) await once(rung, 'rung', { signal }).catch(() => {});
      unheard = false;
    },
  };
}

/** Sleeps until the time is over, the bell rings, or the signal aborts; true when it has rung. */
export async function nap(
  { sleep }: Pick<SyncContext, 'sleep'>,
  bell: Bell,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const awake = new AbortController();
  const either = AbortSignal.any([signal, awake.signal]);
  const rung = bell.heard(either).then(() => !either.aborted);
  const over = sleep(ms, either).then(
    () => false,
    () => false,
  );
  const which = await Promise.race([rung, over]);
  awake.abort();
  return which;
}
