import type { Limits } from './contract.ts';
import { presentPriority, priorities } from './priority.ts';

/** The shared allowance of one connection: how many requests at once, and how many in a stretch of time. */
export type Budget = {
  /**
   * Waits for a turn, the more urgent first and then first come first served, and gives the function that ends it. An
   * aborted wait rejects with the signal's reason, and then nothing was taken.
   */
  take(signal: AbortSignal): Promise<() => void>;
};

/** The same allowance kept over all processes that speak to the connection. */
export type SharedBudget = Budget & {
  /** The vendor said that there were too many requests: everybody goes slower for a while. */
  slowDown(): void;
};

type Waiter = { readonly grant: () => void; readonly priority: number };

/**
 * Keeps to `concurrency` and to at most `requests` in any `perMs` milliseconds, as the vendor counts them: a
 * request may arrive there at any moment between its start and its end, so it fills its place in the window from
 * the start until `perMs` after the end. A counter that is reset at fixed times would let through nearly twice as
 * many around a reset.
 */
export function budget(limits: Pick<Limits, 'concurrency' | 'rate'>): Budget {
  const waiters: Waiter[] = [];
  const endings: number[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;

  const mayStart = (): boolean => {
    if (inFlight >= limits.concurrency) return false;
    if (limits.rate === null) return true;
    const horizon = performance.now() - limits.rate.perMs;
    while (endings[0] !== undefined && endings[0] < horizon) endings.shift();
    return inFlight + endings.length < limits.rate.requests;
  };

  const advance = (): void => {
    clearTimeout(timer);
    while (waiters.length > 0 && mayStart()) waiters.shift()?.grant();
    const oldest = endings[0];
    if (waiters.length === 0 || limits.rate === null || oldest === undefined) return;
    // Where all are under way, the end of one is waited for, and no time.
    if (inFlight >= limits.concurrency) return;
    timer = setTimeout(advance, Math.max(1, Math.ceil(oldest + limits.rate.perMs - performance.now()) + 1));
  };

  const start = (): (() => void) => {
    inFlight += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      inFlight -= 1;
      if (limits.rate !== null) endings.push(performance.now());
      advance();
    };
  };

  return {
    take: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const leave = (): void => {
          waiters.splice(waiters.indexOf(waiter), 1);
          advance();
          reject(signal.reason as Error);
        };
        const grant = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(start());
        };
        const waiter: Waiter = { grant, priority: priorities[presentPriority()] };
        const behind = waiters.findIndex(({ priority }) => priority < waiter.priority);
        waiters.splice(behind === -1 ? waiters.length : behind, 0, waiter);
        signal.addEventListener('abort', leave, { once: true });
        advance();
      }),
  };
}
