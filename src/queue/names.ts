/** The queue of records that a flow has to push. */
export const pushQueue = (flow: string): string => `push/${flow}`;

/** The queue of records whose ERP result is to be written back to the CRM. */
export const writeBackQueue = (flow: string): string => `write-back/${flow}`;

/** Where jobs of a queue are put aside with their fault. */
export const deadLetterQueue = (queue: string): string => `${queue}/dead`;

/** A person is waiting; a change; a first full read. Higher goes first. */
export const priorities = { interactive: 30, incremental: 20, backfill: 10 } as const;
export type Priority = keyof typeof priorities;
