import type { Logger } from 'pino';
import type { SharedBudget } from '../connector/budget.ts';
import type { Connection, Kit, Limits } from '../connector/contract.ts';
import { httpKit } from '../connector/http.ts';
import { slicesOf } from '../connector/slice.ts';
import { type LookupOpening, lookupService, type LookupService } from '../lookup/service.ts';
import type { CompiledMapping } from '../mapping/compile.ts';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import { nextRun } from '../schedule/schedule.ts';
import { openDatabase } from '../store/database.ts';
import { requestTurns } from '../sync/request-turns.ts';
import { tellStanding } from '../sync/tell-standing.ts';

/** A connection that can be opened once more. */
export type Openable = {
  readonly name: string;
  readonly limits: Limits;
  open(kit: Kit): Connection;
};

export type LookupsParts = {
  readonly url: string;
  readonly connections: readonly Openable[];
  readonly lookups: () => readonly Lookup[];
  readonly mappings: () => readonly CompiledMapping[];
  /** Makes sure that a connection speaks to the tenant whose ids are stored; throws the Fault that says no. */
  readonly verify: (connection: Connection & { readonly name: string }, signal: AbortSignal) => Promise<void>;
  /**
   * Keeps the slice of a connection over all processes, where the vendor states a rate; null where this process keeps to
   * it by itself.
   */
  readonly turns: Omit<Parameters<typeof requestTurns>[0], 'connection' | 'allowance'> | null;
  readonly now: () => Date;
  readonly log: Logger;
};

/** So long the database is waited for; a lookup has given up before, or soon after. */
const databaseAnswersWithinMs = 5000;

/** A few connections are enough: a statement of a lookup takes a millisecond. */
const databaseConnections = 4;

/** Opens what answers lookups: every connection once more, with its own slice of the allowance, and a small pool. */
export function openLookups(parts: LookupsParts): LookupService {
  const { url, lookups, mappings, now, log } = parts;
  const database = openDatabase(url, {
    max: databaseConnections,
    answersWithinMs: databaseAnswersWithinMs,
    onError: (error) => log.warn({ err: error }, 'a database connection of lookups broke'),
  });
  const kits: { close(): void }[] = [];
  const openings = new Map(
    parts.connections.map((openable): [string, LookupOpening] => {
      const { opening, close } = openOnce(parts, openable);
      kits.push({ close });
      return [openable.name, opening];
    }),
  );
  const service = lookupService({
    url,
    database,
    lookups,
    openings,
    written: (flow) => {
      const mapping = mappings().find((one) => one.flow === flow);
      return mapping === undefined ? null : { connection: mapping.write.to, entity: mapping.write.entity };
    },
    tellStanding: (flow, id) => tellStanding({ database, mappings, now }, flow, id, nextRun),
    now: () => now().getTime(),
    onError: (error) => log.warn({ err: error }, 'deliveries are not heard of at the moment'),
  });
  return {
    ...service,
    async close() {
      await service.close();
      for (const kit of kits) kit.close();
      await database.end();
    },
  };
}

function openOnce(
  { verify, turns, now, log }: LookupsParts,
  { name, limits, open }: Openable,
): { opening: LookupOpening; close(): void } {
  const slice = slicesOf(limits).lookups;
  const own = log.child({ connection: name, for: 'lookups' });
  // Where no rate is stated there is nothing to share, and a lookup costs no statement for it.
  const http = httpKit({
    limits: slice,
    now,
    log: own,
    ...(slice.rate === null || turns === null ? {} : { shared: shared(turns, name, slice) }),
  });
  const connection = { ...open({ http, now, sleep: neverWait, log: own }), name };
  const opening = {
    connection,
    concurrency: slice.concurrency,
    verify: (signal: AbortSignal) => verify(connection, signal),
  };
  return { opening, close: http.close };
}

/** Turns of their own beside those of the sync. A vendor that refuses is left alone by their door, and by it alone. */
function shared(
  turns: NonNullable<LookupsParts['turns']>,
  name: string,
  slice: Pick<Limits, 'concurrency' | 'rate'>,
): SharedBudget {
  const { take } = requestTurns({ ...turns, connection: `${name} lookups`, allowance: () => slice });
  return { take, slowDown: () => {} };
}

/** Somebody waits for a lookup: what a vendor refuses for a moment is not tried again behind their back. */
const neverWait = (): Promise<never> => Promise.reject(new Error('a lookup does not wait'));
