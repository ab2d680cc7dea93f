/** Two stages of stopping: take nothing more and finish what is in hand; then give that back and stop at once. */
export type Shutdown = {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly soft: AbortSignal;
  /** Aborts when the grace has passed, or at the second signal. */
  readonly halt: AbortSignal;
  /** Stops listening to signals and clears the timer. */
  release(): void;
};

/** Milliseconds that batches in hand get to finish, so that everything has ended within five seconds. */
const graceMs = 3000;

/** The message of the reason with which both signals abort. */
export const stopped = 'Causeway was told to stop';

export function listenForShutdown(): Shutdown {
  const soft = new AbortController();
  const halt = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const reason = new Error(stopped);
  const stop = (): void => {
    if (soft.signal.aborted) return;
    soft.abort(reason);
    timer = setTimeout(() => halt.abort(reason), graceMs);
  };
  const onSignal = (): void => (soft.signal.aborted ? halt.abort(reason) : stop());
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  // Started by the launcher: it passes a signal on once, and its end closes the channel.
  process.on('message', stop);
  process.on('disconnect', stop);
  process.channel?.unref();
  return {
    soft: soft.signal,
    halt: halt.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal);
      process.off('message', stop);
      process.off('disconnect', stop);
      clearTimeout(timer);
    },
  };
}
