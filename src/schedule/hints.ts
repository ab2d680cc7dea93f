import { isContinuous } from '../mapping/continuous.ts';
import type { SyncContext } from '../sync/context.ts';
import { readHinted } from '../sync/read-hinted.ts';
import { setback } from './setback.ts';
import type { Waker } from './wake.ts';

/** How often it is looked whether webhooks came in, by way of another process or while a connection was closed. */
const lookMs = 250;

/** Reads what webhooks have named. */
export type HintReader = {
  /** Says that a webhook came in: its records are read at once. */
  arrived(): void;
  /** Resolves when the signal has aborted and everything in hand has ended. */
  readonly ended: Promise<void>;
};

/**
 * Has the records of webhooks read, from the first moment on, and wakes the continuous flows that have something to carry
 * then. What goes wrong is logged and tried again: polling brings everything all the same.
 */
export function readHints(context: SyncContext, waker: Pick<Waker, 'wake'>, signal: AbortSignal): HintReader {
  let next = Promise.withResolvers<void>();
  const trouble = setback(
    context.log,
    context.now,
    'what webhooks have named was not read; it is tried again shortly',
  );
  const round = async (): Promise<void> => {
    try {
      const queued = await readHinted(context, signal);
      trouble.over();
      for (const mapping of context.mappings())
        if (queued.has(mapping.flow) && isContinuous(mapping)) waker.wake(mapping.flow);
    } catch (error) {
      if (!signal.aborted) trouble.met(error);
    }
  };
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      next = Promise.withResolvers();
      await round();
      const resting = new AbortController();
      const rest = context.sleep(lookMs, AbortSignal.any([signal, resting.signal])).catch(() => {});
      await Promise.race([next.promise, rest]);
      resting.abort();
    }
  };
  return { arrived: () => next.resolve(), ended: loop() };
}
