import type { Mapping } from '../mapping/mapping.ts';
import { listConnectionStates } from '../store/connection-state.ts';
import { listFlowPauses } from '../store/flow-state.ts';
import { isRequested } from '../store/resync-item.ts';
import { explain } from './explain.ts';
import { nextLookAtRecord, stopsOf } from './next-check.ts';
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
  const stops = stopsOf(mapping, await listConnectionStates(database), await listFlowPauses(database));
  const requested = await isRequested(database, flow, id);
  return {
    flow,
    id,
    state: record.state,
    message: headline,
    next,
    nextCheckAfterSeconds: nextLookAtRecord(record, { stops, nextRun: run, requested, now: now() }),
  };
}
