import { type CallbackOutbox, sendCallbacks } from '../sync/callback-outbox.ts';

/** How often the outbox is looked at, in milliseconds. */
const lookMs = 1000;

/** Sends callbacks when they are due until the signal aborts. What goes wrong is logged and stops nothing. */
export async function keepCallingBack(outbox: CallbackOutbox, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sendCallbacks(outbox, signal);
    } catch (error) {
      if (!signal.aborted)
        outbox.log.warn({ err: error }, 'callbacks could not be sent; they are again shortly');
    }
    await outbox.sleep(lookMs, signal).catch(() => {});
  }
}
