import type { Logger } from 'pino';
import type { PgBoss } from 'pg-boss';
import type { Connection, Connector, Limits } from '../connector/contract.ts';
import type { Mapping } from '../mapping/mapping.ts';
import type { Database } from '../store/database.ts';
import type { KeyLocks } from '../store/key-lock.ts';
import type { Counts } from '../store/run.ts';

/** A configured instance of a connector, open and ready. */
export type OpenConnection = Connection & {
  readonly name: string;
  readonly connector: Pick<Connector, 'name' | 'title' | 'capabilities'>;
  readonly limits: Limits;
};

/** Named points of a record's journey. Tests stop, kill and look at them; in production they are inert. */
export type Step =
  | 'ticked'
  | 'page_read'
  | 'cursor_moved'
  | 'page_committed'
  | 'hinted_read'
  | 'jobs_leased'
  | 'looked_up'
  | 'intents_committed'
  | 'batch_answered'
  | 'settling'
  | 'settled'
  | 'write_back_answered'
  | 'written_back';

/** What a flow tells about its progress while it runs. */
export type Progress =
  | {
      readonly flow: string;
      readonly kind: 'read';
      readonly read: number;
      readonly total: number | null;
      readonly queued: number;
    }
  | { readonly flow: string; readonly kind: 'settled'; readonly counts: Partial<Counts> }
  | { readonly flow: string; readonly kind: 'waiting_until'; readonly until: Date; readonly reason: string };

/** Everything that carrying records needs, handed in: nothing here is global. */
export type SyncContext = {
  readonly database: Database;
  readonly boss: PgBoss;
  /** For sinks in which nothing makes a create safe to repeat. */
  readonly keyLocks: KeyLocks;
  readonly connections: ReadonlyMap<string, OpenConnection>;
  /** The newest good mappings, parents before the flows that refer to them. */
  readonly mappings: () => readonly Mapping[];
  /** Looks at the mapping files again: now, or when the last look is two seconds old. Never throws. */
  readonly refreshMappings: (when: 'now' | 'when_due', signal: AbortSignal) => Promise<void>;
  /** Connections whose tenant this process has found to be the one that the stored ids belong to. */
  readonly verified: Set<string>;
  /** Whether what is sent for a flow may be kept, or only its hash. */
  readonly keepsPayloads: (flow: string) => boolean;
  /** Whether a lookup tells of what the flow writes: then its deliveries are announced. */
  readonly isLookedUp: (flow: string) => boolean;
  /** Names this process in leases. */
  readonly processId: string;
  readonly now: () => Date;
  readonly random: () => number;
  /** Resolves after the time, or rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Called before a page or a batch is worked on: those who wait for an answer of this process go first. */
  readonly giveWay: () => Promise<void>;
  /** Aborts when the process must stop at once: calls in flight are given up, and their jobs given back. */
  readonly halt: AbortSignal;
  readonly log: Logger;
  readonly onProgress: (progress: Progress) => void;
  readonly reached: (step: Step, flow: string) => void | Promise<void>;
};

/** The connection that a flow reads from or writes to. Loading has checked that it exists. */
export function connectionOf(context: SyncContext, name: string): OpenConnection {
  const connection = context.connections.get(name);
  if (connection === undefined) throw new Error(`no connection is named ${name}`);
  return connection;
}
