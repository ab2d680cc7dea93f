import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { metricsPage } from '../http/metrics.ts';
import { httpServer } from '../http/server.ts';
import type { Tally } from '../http/tally.ts';
import { watchForAlerts } from '../schedule/alerts.ts';
import { nextRun } from '../schedule/schedule.ts';
import type { Session } from './session.ts';
import { version } from './version.ts';

/** What a service does beside carrying records. */
export type Serving = {
  /** The server's address, or null when another process on this machine has the port. */
  readonly url: string | null;
  close(): Promise<void>;
};

/** Serves HTTP and watches for alerts, from the first moment on: a first catch-up may take hours. */
export async function serve({ causeway, shutdown }: Session, tally: Tally): Promise<Serving> {
  const { context, config, folder } = causeway;
  const { database, mappings, now } = context;
  const own = () => ({ problems: folder.problems(), stale: folder.stale() });
  const metrics = metricsPage({ database, mappings, own, tally, version: version(), now });
  const server = httpServer({ database, mappings, nextRun, now, metrics });
  const url = await listen(server, config.http);
  const closing = new AbortController();
  const alerts = watchForAlerts(causeway, AbortSignal.any([shutdown.soft, closing.signal]));
  return {
    url,
    async close() {
      closing.abort();
      await alerts;
      await server.close();
    },
  };
}

/** The server's address, or null when the port is taken: another process on this machine serves already. */
async function listen(
  server: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<string | null> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return null;
    throw error;
  }
  const address = server.server.address() as AddressInfo;
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
