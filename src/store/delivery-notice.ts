import pg from 'pg';
import { z } from 'zod';
import type { Sql } from './database.ts';

/** What the ERP took of one flow: records by both their ids; null where it may have been any of the flow. */
export type DeliveryNotice = {
  readonly flow: string;
  readonly records: readonly { readonly sourceId: string; readonly targetId: string | null }[] | null;
};

const channel = 'causeway_deliveries';

/** Postgres takes less than 8,000 bytes in one notice. */
const mostBytes = 7500;

/**
 * Tells every process that listens, when the transaction commits and only then. Postgres lets one transaction with
 * notices commit at a time: call it only for flows that somebody asks about.
 */
export async function announceDeliveries(
  sql: Sql,
  flow: string,
  records: NonNullable<DeliveryNotice['records']>,
): Promise<void> {
  if (records.length === 0) return;
  await sql.query({
    name: 'announce_deliveries',
    text: `select pg_notify('${channel}', notice) from unnest($1::text[]) as notice`,
    values: [noticesOf(flow, records)],
  });
}

type Written = readonly [sourceId: string, targetId: string | null];

/** Notices short enough for Postgres. One record with ids longer than that stands for all of the flow. */
function noticesOf(flow: string, records: NonNullable<DeliveryNotice['records']>): string[] {
  const notices: string[] = [];
  let batch: Written[] = [];
  let bytes = 0;
  const close = (): void => {
    if (batch.length > 0) notices.push(JSON.stringify({ flow, records: batch }));
    batch = [];
    bytes = Buffer.byteLength(JSON.stringify({ flow, records: [] }));
  };
  close();
  for (const { sourceId, targetId } of records) {
    const pair: Written = [sourceId, targetId];
    const size = Buffer.byteLength(JSON.stringify(pair)) + 1;
    if (size > mostBytes / 2) return [JSON.stringify({ flow, records: null })];
    if (bytes + size > mostBytes) close();
    batch.push(pair);
    bytes += size;
  }
  close();
  return notices;
}

const written = z.object({
  flow: z.string(),
  records: z.array(z.tuple([z.string(), z.string().nullable()])).nullable(),
});

function noticeOf(text: string): DeliveryNotice | null {
  try {
    const { flow, records } = written.parse(JSON.parse(text));
    return {
      flow,
      records: records?.map(([sourceId, targetId]) => ({ sourceId, targetId })) ?? null,
    };
  } catch {
    return null;
  }
}

export type Listening = {
  /** Resolves when it listens for the first time. */
  readonly begun: Promise<void>;
  close(): Promise<void>;
};

export type Listener = {
  readonly heard: (notice: DeliveryNotice) => void;
  /** Notices may have been missed: it listens from now on, and did not before. */
  readonly missed: () => void;
  readonly onError: (error: Error) => void;
};

/** The first pause before a lost session is opened again, and the longest, in milliseconds. */
const firstPauseMs = 250;
const longestPauseMs = 5000;

/** A session that nothing is heard of for so long is asked whether it lives; a broken line says nothing by itself. */
const askEveryMs = 10_000;

/** Listens in a database session of its own, and opens it again whenever it is lost, until it is closed. */
export function listenForDeliveries(url: string, listener: Listener): Listening {
  const closing = new AbortController();
  const begun = Promise.withResolvers<void>();
  const ended = keepListening(url, listener, closing.signal, begun.resolve);
  return {
    begun: begun.promise,
    async close() {
      closing.abort();
      await ended;
    },
  };
}

async function keepListening(
  url: string,
  listener: Listener,
  signal: AbortSignal,
  begun: () => void,
): Promise<void> {
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    try {
      await listenOnce(url, listener, signal, () => {
        pauseMs = firstPauseMs;
        begun();
      });
    } catch (error) {
      if (!signal.aborted) listener.onError(error as Error);
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** One session, from its beginning until it is lost (then it throws) or no longer wanted. */
async function listenOnce(
  url: string,
  { heard, missed }: Listener,
  signal: AbortSignal,
  begun: () => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'causeway lookups',
    keepAlive: true,
    connectionTimeoutMillis: 5000,
    query_timeout: 5000,
  });
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  client.on('error', lost.reject);
  client.on('end', () => lost.reject(new Error('the session has ended')));
  client.on('notification', ({ payload }) => {
    const notice = noticeOf(payload ?? '');
    if (notice === null) missed();
    else heard(notice);
  });
  const leave = (): void => lost.reject(new Error('no longer wanted'));
  signal.addEventListener('abort', leave, { once: true });
  const asking = setInterval(() => void client.query('select 1').catch(lost.reject), askEveryMs);
  try {
    await Promise.race([client.connect(), lost.promise]);
    await Promise.race([client.query(`listen ${channel}`), lost.promise]);
    missed();
    begun();
    await lost.promise;
  } finally {
    clearInterval(asking);
    signal.removeEventListener('abort', leave);
    // A session that nobody answers is not waited for: whatever it has to say is no longer wanted.
    client.end().catch(() => {});
    client.connection.stream.destroy();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
