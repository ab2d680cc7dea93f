import type { AddressInfo } from 'node:net';
import { CausewayError } from '../errors/error.ts';
import { problem } from '../errors/catalogue.ts';
import { isThisMachine, isUsable, type KeyRing, keyRing } from '../http/access.ts';
import type { App } from '../http/app.ts';
import { metricsPage } from '../http/metrics.ts';
import { httpServer } from '../http/server.ts';
import type { Tally } from '../http/tally.ts';
import { watchForAlerts } from '../schedule/alerts.ts';
import { nextRun } from '../schedule/schedule.ts';
import { type Waker, waker } from '../schedule/wake.ts';
import type { Session } from './session.ts';
import { version } from './version.ts';

/** What a service does beside carrying records. */
export type Serving = {
  /** The server's address, or null when another process on this machine has the port. */
  readonly url: string | null;
  /** Has flows run at once: what comes in over HTTP is carried by the service of the same process. */
  readonly waker: Waker;
  close(): Promise<void>;
};

/** Serves HTTP and watches for alerts, from the first moment on: a first catch-up may take hours. */
export async function serve({ causeway, shutdown }: Session, tally: Tally): Promise<Serving> {
  const { context, config, folder } = causeway;
  const { database, mappings, now } = context;
  const own = () => ({ problems: folder.problems(), stale: folder.stale() });
  const metrics = metricsPage({ database, mappings, own, tally, version: version(), now });
  const keys = keyRing({ database, now, log: context.log });
  await requireKeys(config.http.host, keys, now());
  const server = httpServer({
    database,
    mappings,
    nextRun,
    now,
    metrics,
    keys,
    rateLimit: config.http.rateLimit,
    version: version(),
    log: context.log,
  });
  const url = await listen(server, config.http);
  const closing = new AbortController();
  const alerts = watchForAlerts(causeway, AbortSignal.any([shutdown.soft, closing.signal]));
  return {
    url,
    waker: waker(),
    async close() {
      closing.abort();
      await alerts;
      await server.close();
    },
  };
}

/** Whoever can be reached from elsewhere asks for a key. */
async function requireKeys(host: string, keys: KeyRing, now: Date): Promise<void> {
  // Read here once, they are known from then on, even when the database is gone.
  const usable = (await keys.keys()).filter((key) => isUsable(key, now));
  if (usable.length === 0 && !isThisMachine(host))
    throw new CausewayError([
      problem(
        'http_needs_keys',
        `\`http.host\` is \`${host}\`, which can be reached from other machines, and there is no API key.`,
      ),
    ]);
}

/** The server's address, or null when the port is taken: another process on this machine serves already. */
async function listen(server: App, { host, port }: { host: string; port: number }): Promise<string | null> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  }
  const address = server.server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
