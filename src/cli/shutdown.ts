/** Three stages of stopping: take nothing more and finish what is in hand; give that back; end, whatever hangs. */
export type Shutdown = {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly soft: AbortSignal;
  /** Aborts when the grace has passed, or at the second signal. */
  readonly halt: AbortSignal;
  /** Stops listening to signals. What still hangs after it does not keep a process that was told to stop. */
  release(): void;
};

/** Milliseconds that batches in hand get to finish. */
const graceMs = 3000;

/** Milliseconds from the first signal after which the process ends, even if a system holds it up. */
const boundMs = 4500;

/** The same, from the second signal: enough to give back what is in hand, where the database answers. */
const hurriedBoundMs = 1000;

/** The message of the reason with which both signals abort. */
export const stopped = 'Causeway was told to stop';

const cutShort =
  'Stopped at once, because a system did not answer in time. Nothing is lost: what was in hand goes back to the queue by itself, within half a minute.\n';

/** Ends the process without waiting: a database that hangs would otherwise keep it for ever. */
function endNow(): void {
  if (process.exitCode === undefined) process.stderr.write(cutShort);
  process.exit(process.exitCode ?? 3);
}

export function listenForShutdown(): Shutdown {
  const soft = new AbortController();
  const halt = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const reason = new Error(stopped);
  const stop = (): void => {
    if (soft.signal.aborted) return;
    soft.abort(reason);
    timers.push(
      setTimeout(() => halt.abort(reason), graceMs),
      setTimeout(endNow, boundMs),
    );
  };
  const hurry = (): void => {
    halt.abort(reason);
    timers.push(setTimeout(endNow, hurriedBoundMs));
  };
  const onSignal = (): void => (soft.signal.aborted ? hurry() : stop());
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
      for (const timer of timers) timer.unref();
    },
  };
}
