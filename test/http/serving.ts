import type { RouteOptions } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { App } from '../../src/http/app.ts';
import { httpServer, type ServerParts } from '../../src/http/server.ts';
import { webhookTally } from '../../src/http/webhook-tally.ts';
import type { Database } from '../../src/store/database.ts';

const noLookups: ServerParts['lookups'] = {
  lookups: () => [],
  answer: () => Promise.reject(new Error('there is no lookup')),
};

/** The HTTP interface over a database, with what a test does not care about filled in. Close it. */
export function serverOver(
  database: Database,
  over: Partial<ServerParts> = {},
  onRoute: (route: RouteOptions) => void = () => {},
): App {
  const now = over.now ?? ((): Date => new Date());
  const log = pino({ level: 'silent' });
  const app = httpServer({
    database,
    mappings: () => [],
    nextRun: () => null,
    lookups: noLookups,
    metrics: async () => '',
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    folder: { current: () => [], stale: () => [], problems: () => [], described: () => ({}) },
    newWork: { ring: () => {} },
    waker: { wake: () => {} },
    redrive: async () => ({ queued: [], changed: [], unknown: [] }),
    callbacks: null,
    recordUrl: () => null,
    now,
    log,
    keys: { keys: async () => [], used: () => {} },
    rateLimit: { requests: 1_000_000, seconds: 1 },
    takeWebhook: async () => ({ status: 'refused', why: 'unknown' }),
    onHints: () => {},
    onCaller: () => {},
    webhooks: webhookTally(),
    publicUrl: null,
    version: '1.2.3',
    ...over,
  });
  app.addHook('onRoute', onRoute);
  return app;
}
