/** What a wait is given up with when its time is over. */
export class TimeOver extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`the time of ${Math.round(ms)} ms is over`);
    this.name = 'TimeOver';
    this.ms = ms;
  }
}

/** A signal that aborts with {@link TimeOver} after the time; `end` takes its timer away. */
export type TimeLimit = { readonly signal: AbortSignal; end(): void };

export function timeLimit(ms: number): TimeLimit {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new TimeOver(ms)), Math.max(0, ms));
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

/**
 * Gives the result of work, or rejects with the signal's reason as soon as it aborts, whatever the work does: what hangs
 * in a driver keeps nobody waiting. A late failure of the work is heard by nobody.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const settled = (): void => signal.removeEventListener('abort', leave);
    work.then(
      (value) => (settled(), resolve(value)),
      (error: unknown) => (settled(), reject(error as Error)),
    );
  });
}
