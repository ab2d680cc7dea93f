import type { Mapping } from '../mapping/mapping.ts';
import type { Stream } from '../store/cursor.ts';
import { beginRun, endRun } from '../store/run.ts';
import type { SyncContext } from './context.ts';
import { type Detected, detect, readersOf } from './detect.ts';
import { resyncAll } from './resync.ts';

/** What stands in the way of reading a source to its end now. */
export type Unread = { readonly connection: string; readonly reason: string };

const readerPollMs = 500;

/**
 * After a backup of the database was restored: reads every source up to now, and then asks for all of its records once
 * more, so that each is sent in its newest state. What was delivered since the backup was made is not known any more:
 * a record that changed and changed back since then would look delivered, while the ERP holds what it was in between.
 * Reading comes first: what the backup holds is old, and must not be sent. Gives how many records were queued in each
 * flow, or the first source that could not be read; then nothing is asked for.
 */
export async function askAfterRestore(
  context: SyncContext,
  onPage: (flow: string, queued: number) => void,
  signal: AbortSignal,
): Promise<{ readonly queued: ReadonlyMap<string, number>; readonly unread: Unread | null }> {
  const mappings = context.mappings();
  for (const stream of streamsOf(mappings)) {
    const reason = await readUpToNow(context, stream, signal);
    if (reason !== null) return { queued: new Map(), unread: { connection: stream.connection, reason } };
  }
  const queued = new Map<string, number>();
  for (const mapping of mappings) {
    const count = await resyncAll(context, mapping, (sofar) => onPage(mapping.flow, sofar), signal);
    queued.set(mapping.flow, count);
  }
  return { queued, unread: null };
}

function streamsOf(mappings: readonly Mapping[]): Stream[] {
  const streams = mappings.map(({ read }) => ({ connection: read.from, entity: read.entity }));
  return [...new Map(streams.map((stream) => [JSON.stringify(stream), stream])).values()];
}

/** Null when everything up to now is read, or why it is not. */
async function readUpToNow(
  context: SyncContext,
  stream: Stream,
  signal: AbortSignal,
): Promise<string | null> {
  const [mapping] = readersOf(context, stream);
  if (mapping === undefined) return null;
  const runId = await beginRun(context.database, mapping.flow, 'resync');
  let problem: string | null = 'ended before its time';
  try {
    const detected = await readToTheEnd(context, mapping, runId, signal);
    problem = detected.end === 'held' ? detected.reason : null;
    return problem;
  } finally {
    await endRun(context.database, runId, problem).catch(() => {});
  }
}

async function readToTheEnd(
  context: SyncContext,
  mapping: Mapping,
  runId: string,
  signal: AbortSignal,
): Promise<Detected> {
  for (;;) {
    const detected = await detect(context, mapping, runId, signal);
    if (detected.end !== 'elsewhere') return detected;
    // Another process reads it; what it has read by then counts, too.
    await context.sleep(readerPollMs, signal);
  }
}
