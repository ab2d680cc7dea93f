/** Starts flows because something waits for them: a webhook brought it, or somebody asked for it. */
export type Waker = {
  /** Has the flow run as soon as it can, in this process. Said before anybody listens, it is remembered. */
  wake(flow: string): void;
  /** Hears of every flow that is to be run. Gives the function that ends it. */
  listen(hear: (flow: string) => void): () => void;
};

export function waker(): Waker {
  const remembered = new Set<string>();
  let listener: ((flow: string) => void) | null = null;
  return {
    wake(flow) {
      if (listener === null) remembered.add(flow);
      else listener(flow);
    },
    listen(hear) {
      listener = hear;
      for (const flow of remembered) hear(flow);
      remembered.clear();
      return () => void (listener = null);
    },
  };
}
