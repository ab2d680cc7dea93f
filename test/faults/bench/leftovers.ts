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
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
