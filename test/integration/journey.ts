import { pino } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../src/connector/contract.ts';
import { defaultCeiling } from '../../src/mapping/ceiling.ts';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { ensureQueues, startBoss } from '../../src/queue/boss.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openKeyLocks } from '../../src/store/key-lock.ts';
import { catchUp } from '../../src/sync/catch-up.ts';
import type { OpenConnection, Progress, Step, SyncContext } from '../../src/sync/context.ts';
import type { FlowRun } from '../../src/sync/sync-flow.ts';
import { freshDatabase } from './postgres.ts';

/** Waits for anything that is due within a minute; gives up on a closed connection after five seconds. */
export const patience = { dueWithinMs: 60_000, closedForMs: 5000, awaitReader: true };

/** A mapping that copies the record's fields; `over` changes what a test is about. */
export function aMapping(over: Partial<Mapping> & Pick<Mapping, 'flow'>): Mapping {
  return {
    part: null,
    about: '',
    file: `${over.flow}.yaml`,
    text: 'text',
    valueFiles: [],
    hash: `hash of ${over.flow}`,
    read: { from: 'crm', entity: over.flow, with: [] },
    write: { to: 'erp', entity: over.flow, key: null },
    schedule: null,
    scheduleTimezone: 'UTC',
    freshnessSeconds: null,
    fullScanSeconds: null,
    whenItLeaves: 'keep',
    whenDeleted: 'keep',
    ceiling: { removals: defaultCeiling, changes: null },
    refersTo: [],
    writeBack: [],
    references: () => [],
    run: (record) => ({ kind: 'record', fields: record, lines: {}, createOnly: [], updateOnly: [] }),
    ...over,
  };
}

export type Journey = {
  readonly context: SyncContext;
  readonly url: string;
  readonly progress: Progress[];
  /** Called at each named step; a test sets it to look, stop or change something there. */
  at: (step: Step, flow: string) => void | Promise<void>;
  /** Called when the mapping files are looked at again. */
  looksAgain: () => void;
  /** What a page or a batch waits for before it is worked on. */
  givesWay: () => Promise<void>;
  carry(flows?: readonly string[]): Promise<FlowRun[]>;
  close(): Promise<void>;
};

export type JourneyParts = {
  readonly connections: Readonly<Record<string, Connection>>;
  readonly mappings: readonly Mapping[];
  /** The mappings as they are now, where a test edits them; those above otherwise. */
  readonly current?: () => readonly Mapping[];
  readonly batch?: number;
  readonly concurrency?: number;
  /** What a connection is like, where it is not like the systems in memory. */
  readonly like?: Readonly<Record<string, Partial<Pick<OpenConnection, 'connector' | 'limits'>>>>;
  /** Whether the payloads of a flow are kept; they are unless a test says otherwise. */
  readonly keepsPayloads?: (flow: string) => boolean;
  /** Whether a lookup tells of what a flow writes; none does unless a test says otherwise. */
  readonly isLookedUp?: (flow: string) => boolean;
  /** Another worker on the same database. */
  readonly url?: string;
};

/** Real Postgres, real pg-boss and the real sync, between two systems in memory. */
export async function startJourney(parts: JourneyParts): Promise<Journey> {
  const fresh = parts.url === undefined ? await freshDatabase() : null;
  const url = parts.url ?? fresh?.url ?? '';
  const database = openDatabase(url, { max: 6, onError: () => {} });
  const boss = await startBoss(url, { onError: () => {}, superviseSeconds: 1 });
  for (const { flow } of parts.mappings) await ensureQueues(boss, flow);
  const keyLocks = openKeyLocks(url, database, () => {});
  const halt = new AbortController();
  const limits = {
    page: 100,
    batch: parts.batch ?? 50,
    concurrency: parts.concurrency ?? 1,
    rate: null,
    settleMs: 0,
  };
  const capabilities = { source: null, sink: null };
  const connections = Object.entries(parts.connections).map(
    ([name, connection]) =>
      [
        name,
        {
          ...connection,
          name,
          limits,
          connector: { name: 'memory', title: 'Memory', capabilities },
          ...parts.like?.[name],
        },
      ] as const,
  );
  const journey: Journey = {
    url,
    progress: [],
    at: () => {},
    looksAgain: () => {},
    givesWay: async () => {},
    context: {
      database,
      boss,
      keyLocks,
      connections: new Map(connections),
      mappings: parts.current ?? (() => parts.mappings),
      refreshMappings: async (when) => {
        if (when === 'now') journey.looksAgain();
      },
      keepsPayloads: (flow) => parts.keepsPayloads?.(flow) ?? true,
      isLookedUp: (flow) => parts.isLookedUp?.(flow) ?? false,
      verified: new Set(),
      processId: `test ${Math.random()}`,
      now: () => new Date(),
      random: () => 0,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      giveWay: () => journey.givesWay(),
      halt: halt.signal,
      log: pino({ level: 'silent' }),
      onProgress: (progress) => void journey.progress.push(progress),
      reached: (step, flow) => journey.at(step, flow),
    },
    carry: (flows) =>
      catchUp(
        journey.context,
        flows ?? parts.mappings.map(({ flow }) => flow),
        'sync',
        patience,
        new AbortController().signal,
      ),
    close: async () => {
      halt.abort();
      await keyLocks.close();
      await boss.stop({ graceful: false });
      await database.end();
      await fresh?.drop();
    },
  };
  return journey;
}
