import { type Priority, priorities } from '../connector/priority.ts';

/** The queue of records that a flow has to push. */
export const pushQueue = (flow: string): string => `push/${flow}`;

/** The queue of records whose ERP result is to be written back to the CRM. */
export const writeBackQueue = (flow: string): string => `write-back/${flow}`;

/** Where jobs of a queue are put aside with their fault. */
export const deadLetterQueue = (queue: string): string => `${queue}/dead`;

export { type Priority, priorities };

/** The priority that a job's number stands for. */
export const priorityOf = (number: number): Priority =>
  number >= priorities.interactive
    ? 'interactive'
    : number >= priorities.incremental
      ? 'incremental'
      : 'backfill';
