/** Two stages of stopping: take nothing more and finish what is in hand; then give that back and stop at once. */
export type Shutdown = {
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly soft: AbortSignal;
  /** Aborts when the grace has passed, or at the second signal. */
  readonly halt: AbortSignal;
  /** Stops listening to signals and clears the timer. */
  release(): void;
};

/** Milliseconds that batches in hand get to finish, so that everything has ended within five seconds. */
const graceMs = 3000;

export function listenForShutdown(): Shutdown {
  const soft = new AbortController();
  const halt = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const reason = new Error('Causeway was told to stop');
  const onSignal = (): void => {
    if (soft.signal.aborted) return halt.abort(reason);
    soft.abort(reason);
    timer = setTimeout(() => halt.abort(reason), graceMs);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    soft: soft.signal,
    halt: halt.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      clearTimeout(timer);
    },
  };
}
