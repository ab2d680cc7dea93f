/** Processes that must not outlive the bench, however it ends: a stopped worker or a server would stay for ever. */
const alive = new Set<number>();

export const mustEnd = (pid: number | undefined): void => void (pid === undefined || alive.add(pid));
export const hasEnded = (pid: number | undefined): void => void (pid === undefined || alive.delete(pid));

process.on('exit', () => {
  for (const pid of alive) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has gone by itself.
    }
  }
});

const ended = 130;
let onSignal = (_signal: 'SIGINT' | 'SIGTERM'): void => process.exit(ended);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => onSignal(signal));

/**
 * SIGTERM ends the bench after the runs in flight, and a second one at once. SIGINT always ends it at once: a terminal
 * sends it to the workers as well, so that there is nothing left to judge. `tell` says what was found until then.
 */
export function endWhenTold(afterThese: () => void, tell: () => void): void {
  onSignal = (signal) => {
    if (signal === 'SIGTERM') {
      onSignal = atOnce;
      return afterThese();
    }
    atOnce();
  };
  const atOnce = (): void => {
    tell();
    process.exit(ended);
  };
}
