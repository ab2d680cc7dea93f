import type { Logger } from 'pino';
import { guard, type KeyRing } from './access.ts';
import { type App, bareApp } from './app.ts';
import { longPolls } from './long-poll.ts';
import { describeRoutes, openapiRoute } from './openapi.ts';
import { limitRequests, type RateLimit } from './rate-limit.ts';
import { type DeadLetterParts, deadLetterRoutes } from './routes/dead-letters.ts';
import { flowRoutes } from './routes/flows.ts';
import { healthRoutes, type HealthParts } from './routes/health.ts';
import { type LookupParts, lookupRoutes } from './routes/lookups.ts';
import { type WebhookParts, webhookRoutes } from './routes/webhooks.ts';
import { followTraces } from './trace.ts';
import { recordRoutes, type RecordParts } from './routes/records.ts';
import { type ResyncParts, resyncRoutes } from './routes/resyncs.ts';

export type ServerParts = RecordParts &
  ResyncParts &
  DeadLetterParts &
  HealthParts &
  LookupParts &
  WebhookParts & {
    readonly keys: KeyRing;
    /** Called with every request. */
    readonly onCaller: () => void;
    readonly rateLimit: RateLimit;
    readonly version: string;
    readonly log: Logger;
  };

/** The HTTP interface. Everything in front of the routes stands here, in the order in which a request meets it. */
export function httpServer(parts: ServerParts): App {
  const app = bareApp(parts.log);
  app.addHook('onRequest', (_request, _reply, done) => {
    parts.onCaller();
    done();
  });
  followTraces(app);
  const polls = longPolls(app, parts);
  guard(app, parts);
  limitRequests(app, parts.rateLimit);
  describeRoutes(app, parts.version);
  // What is registered before is there when the routes are.
  void app.register(async (inner: App) => {
    healthRoutes(inner, parts);
    flowRoutes(inner, parts);
    lookupRoutes(inner, parts);
    webhookRoutes(inner, parts);
    recordRoutes(inner, parts, polls);
    resyncRoutes(inner, parts, polls);
    deadLetterRoutes(inner, parts);
    openapiRoute(inner);
  });
  return app;
}
