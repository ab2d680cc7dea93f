import type { Mapping } from '../mapping/mapping.ts';
import { explain } from './explain.ts';
import type { SyncContext } from './context.ts';

/** Where a record stands, in few words: for whoever asks for its ERP record. */
export type ToldStanding = {
  readonly flow: string;
  readonly id: string;
  readonly state: string;
  /** A sentence that a salesperson understands. */
  readonly message: string;
  readonly next: string;
  /** When to look again; null where nothing changes by itself. */
  readonly nextCheckAfterSeconds: number | null;
};

/** States in which a record stays until somebody does something. */
const settledStates: ReadonlySet<string> = new Set(['synced', 'skipped', 'dead', 'removed']);

/** When to look again at what has no time of its own, in seconds. */
const usualSeconds = 60;

/** Tells where a record stands; null where the source has never shown it. */
export async function tellStanding(
  { database, mappings, now }: Pick<SyncContext, 'database' | 'mappings' | 'now'>,
  flow: string,
  id: string,
  nextRun: (mapping: Mapping) => Date | null,
): Promise<ToldStanding | null> {
  const mapping = mappings().find((one) => one.flow === flow);
  if (mapping === undefined) return null;
  const run = nextRun(mapping);
  const told = await explain({ database }, mapping, id, { nextRun: run, historyLimit: 1 });
  if (told === null) return null;
  const { record, headline, next } = told;
  const again = record.nextAt ?? run;
  const seconds =
    again === null ? usualSeconds : Math.max(1, Math.ceil((again.getTime() - now().getTime()) / 1000));
  return {
    flow,
    id,
    state: record.state,
    message: headline,
    next,
    nextCheckAfterSeconds: settledStates.has(record.state) ? null : seconds,
  };
}
