import type { Fault } from '../connector/fault.ts';
import type { Lookup } from '../mapping/lookup/lookup.ts';
import type { Database } from '../store/database.ts';
import { listenForDeliveries } from '../store/delivery-notice.ts';
import { keptAnswers, usualRoom } from './answers.ts';
import type { LookupConnection } from './ask.ts';
import { type BreakerState, usualBreaker } from './breaker.ts';
import type { Written } from './deliveries.ts';
import { door } from './door.ts';
import { type LookupEngine, lookupEngine } from './engine.ts';
import { facts, type TellStanding } from './facts.ts';
import { watchStops } from './stops.ts';
import type { Reachable } from './systems.ts';
import { type LookupTally, lookupTally } from './tally.ts';

/** Everything that answers lookups in one process. */
export type LookupService = Pick<LookupEngine, 'answer'> & {
  /** The newest good lookups. */
  readonly lookups: () => readonly Lookup[];
  readonly tally: LookupTally;
  /** How the breaker of each connection stands that a lookup asks. */
  breakers(): { readonly connection: string; readonly state: BreakerState }[];
  /** Reads now whether connections are held or paused, as every process knows it. */
  look(): Promise<void>;
  /** Listens for deliveries and watches the connections from now on: for a process that stays up. */
  serve(): Promise<void>;
  close(): Promise<void>;
};

/** A connection of its own for lookups, with its slice of the connection's allowance. */
export type LookupOpening = {
  readonly connection: LookupConnection;
  readonly concurrency: number;
  readonly verify: Reachable['verify'];
};

export type ServiceParts = {
  /** Of the database in which `deliveries` are told. */
  readonly url: string;
  /** A pool of its own: what carries records may have all connections of the other. */
  readonly database: Database;
  readonly lookups: () => readonly Lookup[];
  readonly openings: ReadonlyMap<string, LookupOpening>;
  readonly written: (flow: string) => Written | null;
  readonly tellStanding: TellStanding;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onError: (error: Error | Fault) => void;
};

/** So many questions may wait for a connection beyond those that are being asked. */
const mostWaiting = 200;

/** Puts together what answers lookups. Nothing is asked, and no session is opened, before it is needed. */
export function lookupService(parts: ServiceParts): LookupService {
  const { database, lookups, now } = parts;
  const stops = watchStops(database, now);
  const reachable = new Map(
    [...parts.openings].map(([name, { connection, concurrency, verify }]): [string, Reachable] => {
      const settings = { connection: name, concurrency, queue: mostWaiting, breaker: usualBreaker, now };
      return [name, { connection, verify, door: door({ ...settings, stopped: () => stops.of(name) }) }];
    }),
  );
  const tally = lookupTally();
  const engine = lookupEngine({
    lookups,
    reach: (name) => {
      const found = reachable.get(name);
      if (found === undefined) throw new Error(`no connection is named ${name}`);
      return found;
    },
    facts: facts(database, parts.tellStanding),
    written: parts.written,
    answers: keptAnswers(usualRoom),
    tally,
    now,
  });
  const closers: (() => Promise<void> | void)[] = [];
  return {
    answer: engine.answer,
    lookups,
    tally,
    breakers() {
      const asked = new Set(lookups().flatMap(({ questions }) => questions.map((one) => one.connection)));
      return [...reachable].flatMap(([connection, { door: one }]) =>
        asked.has(connection) ? [{ connection, state: one.state() }] : [],
      );
    },
    look: stops.read,
    async serve() {
      closers.push(stops.watch());
      const listening = listenForDeliveries(parts.url, {
        heard: engine.delivered,
        missed: engine.forgetAll,
        onError: parts.onError,
      });
      closers.push(listening.close);
      await stops.read();
    },
    async close() {
      for (const close of closers.toReversed()) await close();
    },
  };
}
