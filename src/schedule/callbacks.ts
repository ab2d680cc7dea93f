import { setback } from './setback.ts';
import { type CallbackOutbox, sendCallbacks } from '../sync/callback-outbox.ts';

/** How often the outbox is looked at, in milliseconds. */
const lookMs = 1000;

/** Sends callbacks when they are due until the signal aborts. What goes wrong is logged and stops nothing. */
export async function keepCallingBack(outbox: CallbackOutbox, signal: AbortSignal): Promise<void> {
  const trouble = setback(outbox.log, outbox.now, 'callbacks could not be sent; they are again shortly');
  while (!signal.aborted) {
    try {
      await sendCallbacks(outbox, signal);
      trouble.over();
    } catch (error) {
      if (!signal.aborted) trouble.met(error);
    }
    await outbox.sleep(lookMs, signal).catch(() => {});
  }
}
