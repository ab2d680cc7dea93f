import { AsyncLocalStorage } from 'node:async_hooks';

/** How urgent work is: a person waits, a change, a first full read. The more urgent goes first. */
export const priorities = { interactive: 30, incremental: 20, backfill: 10 } as const;
export type Priority = keyof typeof priorities;

const present = new AsyncLocalStorage<Priority>();

/** Does work whose requests, however deep below, take their turns with this priority. */
export function withPriority<T>(priority: Priority, work: () => T): T {
  return present.run(priority, work);
}

/** The priority of the work that asks; a request that nobody has classified is a change like others. */
export const presentPriority = (): Priority => present.getStore() ?? 'incremental';
