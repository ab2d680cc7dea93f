/** What is watched, and what is handed in so that a test needs no time. */
export type Watch<T> = {
  /** What there is now. Two looks are the same when their JSON is. */
  readonly look: () => Promise<T>;
  /** Waits until it is time to look again. Rejects, or comes at once, when `signal` aborts. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Is told of what there is at first, and after each change of it; `before` is null at first. */
  readonly changed: (now: T, before: T | null) => Promise<void> | void;
};

/**
 * Looks again and again until it is told to stop. A change counts when two looks in a row find the same, so that a
 * file which is still being written is left until it is whole. It looks at texts and not at file events: an editor
 * that writes a new file and renames it is no different from one that writes in place.
 */
export async function watch<T>({ look, pause, signal, changed }: Watch<T>): Promise<void> {
  let told = await look();
  await changed(told, null);
  let last = JSON.stringify(told);
  while (!signal.aborted) {
    await pause(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return;
    const now = await look();
    const text = JSON.stringify(now);
    if (text === last && text !== JSON.stringify(told)) {
      await changed(now, told);
      told = now;
    }
    last = text;
  }
}
