import { keyRing } from '../http/access.ts';
import { callbackSender } from '../http/callbacks.ts';
import { metricsPage } from '../http/metrics.ts';
import { httpServer } from '../http/server.ts';
import type { Tally } from '../http/tally.ts';
import { webhookTally } from '../http/webhook-tally.ts';
import { watchForAlerts } from '../schedule/alerts.ts';
import { readHints } from '../schedule/hints.ts';
import { takeWebhook } from '../sync/take-webhook.ts';
import { keepCallingBack } from '../schedule/callbacks.ts';
import { bell } from '../schedule/bell.ts';
import { carryRequested } from '../schedule/requested.ts';
import { nextRun } from '../schedule/schedule.ts';
import { type Waker, waker } from '../schedule/wake.ts';
import { redriveLetters } from '../sync/redrive.ts';
import { openHttp } from './open-http.ts';
import type { Session } from './session.ts';
import { version } from './version.ts';

/** What a service does beside carrying records. */
export type Serving = {
  /** The server's address, or null when another process on this machine has the port. */
  readonly url: string | null;
  /** It is bound to this machine alone until there is an API key, though others should reach it. */
  readonly waitsForKey: boolean;
  /** Has flows run at once: what comes in over HTTP is carried by the service of the same process. */
  readonly waker: Waker;
  close(): Promise<void>;
};

/**
 * Serves HTTP, carries out what is asked for over it, and watches for alerts, from the first moment on: a first catch-up
 * may take hours.
 */
export async function serve({ causeway, shutdown }: Session, tally: Tally): Promise<Serving> {
  const { context, config, folder } = causeway;
  const { mappings, now } = context;
  // Whoever asks over HTTP waits neither behind what carries records nor for a database that hangs.
  const database = causeway.requests;
  const own = () => ({ problems: folder.problems(), stale: folder.stale() });
  const webhooks = webhookTally();
  const { lookups } = causeway;
  const measured = { own, tally, webhooks, lookups, version: version() };
  const metrics = metricsPage({ database, mappings, now, ...measured });
  const closing = new AbortController();
  const keys = keyRing({ database, now, log: context.log });
  const ending = AbortSignal.any([shutdown.soft, closing.signal]);
  const wakes = waker();
  const hints = readHints(context, wakes, ending);
  const newWork = bell();
  const callbacks = { ...(config.http.callbacks ?? { secret: null, allowPrivate: false }), now };
  const build = () =>
    httpServer({
      database,
      mappings,
      nextRun,
      now,
      takeWebhook: (connection, request, traceId) =>
        takeWebhook({ ...context, database }, connection, request, traceId),
      onHints: hints.arrived,
      onCaller: causeway.onCaller,
      webhooks,
      publicUrl: config.http.publicUrl,
      metrics,
      lookups,
      sleep: context.sleep,
      folder,
      newWork,
      waker: wakes,
      redrive: (mapping, letters, priority, signal) =>
        redriveLetters(context, mapping, letters, { from: 'source', priority, onPage: () => {}, signal }),
      callbacks: config.http.callbacks,
      recordUrl: (connection, entity, id) =>
        context.connections.get(connection)?.sink?.recordUrl?.(entity, id) ?? null,
      keys,
      rateLimit: config.http.rateLimit,
      version: version(),
      log: context.log,
    });
  const { host, port } = config.http;
  const { log, sleep } = context;
  await lookups.serve();
  const http = await openHttp(build, { host, port, keys, now, sleep, log }, ending);
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  if (ending.aborted) tell();
  ending.addEventListener('abort', () => tell(), { once: true });
  const rounds = [
    // At once, and not after the batches in hand: callers who wait are answered while the database is still open.
    told.then(() => http.close()),
    watchForAlerts(causeway, ending),
    carryRequested({ context, folder, waker: wakes, bell: newWork }, ending),
    keepCallingBack({ ...context, send: callbackSender(callbacks) }, ending),
  ];
  return {
    url: http.url,
    waitsForKey: http.waitsForKey,
    waker: wakes,
    async close() {
      closing.abort();
      await Promise.all([...rounds, hints.ended]);
    },
  };
}
