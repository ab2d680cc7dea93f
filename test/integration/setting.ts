import { expect } from 'vitest';
import type { Mapping } from '../../src/mapping/mapping.ts';
import { beginRun } from '../../src/store/run.ts';
import { detect } from '../../src/sync/detect.ts';
import { explain } from '../../src/sync/explain.ts';
import { aMapping, type Journey, type JourneyParts, startJourney } from './journey.ts';
import { type MemorySink, type MemorySource, memorySink, memorySource } from './memory-systems.ts';

let open: Journey[] = [];

/** Closes every journey that a test has opened; call it after each test. */
export async function closeAll(): Promise<void> {
  const closing = open;
  open = [];
  await Promise.all(closing.map((journey) => journey.close()));
}

/** Has `closeAll` close a journey that a test has started itself. */
export function closeLater(journey: Journey): Journey {
  open.push(journey);
  return journey;
}

/** A journey and the two systems that it connects. */
export type Setting = { readonly source: MemorySource; readonly sink: MemorySink; readonly journey: Journey };

/** A journey between two fresh systems in memory. */
export async function between(
  mappings: readonly Mapping[] = [aMapping({ flow: 'accounts' })],
  parts: Partial<JourneyParts> = {},
): Promise<Setting> {
  const [source, sink] = [memorySource(), memorySink()];
  const journey = await startJourney({
    connections: { crm: { source, sink: null }, erp: { source: null, sink } },
    mappings,
    ...parts,
  });
  open.push(journey);
  return { source, sink, journey };
}

/** A second worker on the same database and the same two systems. */
export async function anotherWorker({ source, sink, journey }: Setting): Promise<Journey> {
  const connections = { crm: { source, sink: null }, erp: { source: null, sink } };
  const other = await startJourney({ connections, mappings: journey.context.mappings(), url: journey.url });
  open.unshift(other);
  return other;
}

/** The names that the ERP holds, in the order in which they were created. */
export const names = (sink: MemorySink): unknown[] =>
  [...sink.records.values()].map((record) => record.fields['name']);
/** What `explain` says of a record of the nth mapping. */
export const explained = (journey: Journey, id: string, flow = 0) => {
  const mapping = journey.context.mappings()[flow];
  if (mapping === undefined) throw new Error('no such flow');
  return explain(journey.context, mapping, id, { nextRun: null, historyLimit: 20 });
};
/** The state of a record of the nth mapping. */
export const stateOf = async (journey: Journey, id: string, flow = 0): Promise<string | undefined> =>
  (await explained(journey, id, flow))?.record.state;
/** Rows straight from the database. */
export const sql = async <T>(journey: Journey, text: string): Promise<T[]> =>
  (await journey.context.database.query(text)).rows;
/** The source is read and its changes are queued; nothing is sent. */
export const readChanges = async (journey: Journey): Promise<void> => {
  const mapping = journey.context.mappings()[0];
  if (mapping === undefined) throw new Error('no mapping');
  const runId = await beginRun(journey.context.database, mapping.flow, 'sync');
  expect(await detect(journey.context, mapping, runId, new AbortController().signal)).toEqual({
    end: 'caught_up',
  });
};
/** Does it the first time only. */
export const once = (action: () => void | Promise<void>): (() => void | Promise<void>) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    return action();
  };
};
/** Lets the lease of everything that is active run out now, as after a kill or a long stop. */
export const expireLeases = async (journey: Journey): Promise<void> => {
  await sql(
    journey,
    `update causeway_jobs.job set heartbeat_on = now() - interval '1 hour' where state = 'active'`,
  );
  await sql(journey, `update causeway_jobs.queue set monitor_on = null`);
  await journey.context.boss.supervise();
};
