import type { FastifyReply } from 'fastify';
import type { App } from './app.ts';

/** Requests that wait for something to happen. */
export type LongPolls = {
  /**
   * Asks again and again whether something has happened, until it has, the time is over, the caller has gone or the
   * server closes; nothing is held in between. Says in the answer that the preference was honoured. Does not wait at all
   * where too many wait already: the caller asks again.
   */
  wait(reply: FastifyReply, seconds: number, happened: () => Promise<boolean>): Promise<void>;
};

/** So many requests of one process may wait at once. */
const mostWaiting = 200;
/** Asked often at first, for whoever waits for one record, and less often later; milliseconds. */
const soon = { everyMs: 100, forMs: 3000 };
const laterMs = 500;

/** Lets requests wait, until the server closes. */
export function longPolls(app: App, parts: { readonly sleep: Sleep; readonly now: () => Date }): LongPolls {
  const closing = new AbortController();
  let waiting = 0;
  app.addHook('preClose', async () => closing.abort());
  return {
    async wait(reply, seconds, happened) {
      if (waiting >= mostWaiting || closing.signal.aborted) return;
      void reply.header('preference-applied', `wait=${seconds}`);
      const gone = new AbortController();
      const leave = (): void => gone.abort();
      reply.raw.once('close', leave);
      waiting += 1;
      try {
        await poll(parts, seconds * 1000, happened, AbortSignal.any([gone.signal, closing.signal]));
      } finally {
        waiting -= 1;
        reply.raw.off('close', leave);
      }
    },
  };
}

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

async function poll(
  { sleep, now }: { readonly sleep: Sleep; readonly now: () => Date },
  ms: number,
  happened: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const began = now().getTime();
  for (;;) {
    const spent = now().getTime() - began;
    if (signal.aborted || spent >= ms || (await happened())) return;
    const pause = spent < soon.forMs ? soon.everyMs : laterMs;
    await sleep(Math.min(pause, ms - spent), signal).catch(() => {});
  }
}
