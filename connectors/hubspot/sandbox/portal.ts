import type { Journal } from '../../../src/connector/journal.ts';
import { portalId } from './object-types.ts';
import type { ObjectType } from './object-types.ts';
import type { Misbehaviour } from './misbehave.ts';
import { webhooks, type Webhooks } from './webhooks.ts';
import { apply, idOf, rowOf, shown } from './world.ts';
import type { Delay, Entry, Row, State, World } from './world.ts';

/** What the journal holds: where the account began, and then what was committed together, a line each. */
export type Recorded =
  | { readonly seed: string; readonly at: number }
  | { readonly entries: readonly Entry[] };

/** The sandbox's HubSpot account. */
export type Portal = {
  readonly id: number;
  readonly world: World;
  readonly misbehaviour: Misbehaviour;
  readonly webhooks: Webhooks;
  /** HubSpot's own clock, in milliseconds. */
  now(): number;
  /** Makes the entries permanent and then visible, all or none. */
  commit(entries: readonly Entry[]): void;
  /** The delay with which a change made now is shown. */
  delay(): { readonly delay?: Delay };
  newId(type: ObjectType, ahead?: number): string;
  /** A row that an id stands for now and that a reader sees, with its state; archived ones only when asked for. */
  read(type: ObjectType, id: string, archived?: boolean): Seen | null;
};

export type Seen = { readonly row: Row; readonly state: State };

export function openPortal(
  world: World,
  journal: Journal<Recorded>,
  misbehaviour: Misbehaviour,
  clock: () => Date,
): Portal {
  const now = () => clock().getTime() + misbehaviour.rules().clockSkewMs;
  const told = webhooks(portalId, now, misbehaviour.rules);
  return {
    id: portalId,
    world,
    misbehaviour,
    webhooks: told,
    now,
    commit: (entries) => {
      if (entries.length === 0) return;
      journal.append({ entries });
      for (const entry of entries) apply(world, entry);
      told.committed(entries);
    },
    delay: () => {
      const { indexLagMs, lateCommitMs } = misbehaviour.rules();
      if (indexLagMs + lateCommitMs === 0) return {};
      return { delay: { index: now() + lateCommitMs + indexLagMs, reads: now() + lateCommitMs } };
    },
    newId: (type, ahead = 0) => idOf(type, world.made[type] + ahead),
    read: (type, id, archived = false) => {
      const row = rowOf(world, type, id);
      const state = row && shown(row, now(), 'reads');
      return row && state && (state.archivedAt !== null) === archived ? { row, state } : null;
    },
  };
}
