import { z } from 'zod';
import type { WebhookRequest } from '../../connector/webhook.ts';
import type { HttpCode } from '../../errors/http-codes.ts';
import type { TakenWebhook } from '../../sync/take-webhook.ts';
import type { App } from '../app.ts';
import { HttpProblem, refusals } from '../problem.ts';
import type { WebhookTally } from '../webhook-tally.ts';

export type WebhookParts = {
  readonly takeWebhook: (
    connection: string,
    request: Omit<WebhookRequest, 'reads'>,
    traceId: string,
  ) => Promise<TakenWebhook>;
  /** Hears that records are to be read again. */
  readonly onHints: () => void;
  readonly webhooks: WebhookTally;
  /** The address under which the vendors call this server, without a slash at its end; null where they call it directly. */
  readonly publicUrl: string | null;
  readonly now: () => Date;
};

/** Hundreds of events come at once, and some are large. */
const bodyLimit = 1024 * 1024;

type Refusal = (TakenWebhook & { status: 'refused' })['why'];

const refusalCodes: { readonly [why in Refusal]: readonly [code: HttpCode, detail: string] } = {
  unknown: ['not_found', 'No connection of this name takes webhooks.'],
  not_configured: ['webhook_not_configured', 'The connection has no secret to judge webhooks by.'],
  unsigned: ['webhook_forged', 'The request bears no signature that is taken here.'],
  forged: ['webhook_forged', 'The signature is not that of this request.'],
  stale: ['webhook_stale', 'The request was signed more than five minutes ago, or in the future.'],
  replayed: ['webhook_replayed', 'This very request was taken before.'],
  malformed: ['webhook_malformed', 'The body is not what the vendor sends.'],
};

/**
 * Takes webhooks of the systems. What is signed is judged over the bytes as they came, so nothing is parsed before; it is
 * stored and answered, and read afterwards.
 */
export function webhookRoutes(app: App, parts: WebhookParts): void {
  // The parser of bodies is that of these routes alone.
  void app.register(async (inner: App) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
      done(null, body),
    );
    inner.post(
      '/v1/webhooks/:connection',
      {
        // Strangers who sign nothing must not use up what the vendor may send from the same proxy.
        config: { scope: 'open', rateLimit: false },
        bodyLimit,
        schema: {
          operationId: 'receiveWebhook',
          summary: 'Takes a webhook of a system, judged by its signature alone.',
          tags: ['webhooks'],
          security: [],
          params: z.object({
            connection: z
              .string()
              .meta({ description: 'The name of a connection in causeway.yaml.', examples: ['crm'] }),
          }),
          body: z.any().meta({
            description:
              'What the vendor sends, as it sends it: for HubSpot a list of events, with its signature in headers.',
            examples: [[{ subscriptionType: 'company.propertyChange', objectId: 42100000441 }]],
          }),
          response: {
            202: z
              .object({
                hints: z.int().meta({ description: 'How many records are read again.' }),
                ignored: z.int().meta({ description: 'How many events spoke of nothing that is read.' }),
              })
              .meta({ id: 'WebhookTaken', description: 'Everything that was said is stored.' }),
            ...refusals(
              'webhook_malformed',
              'webhook_forged',
              'not_found',
              'webhook_replayed',
              'body_too_large',
              'webhook_not_configured',
            ),
          },
        },
      },
      async (request, reply) => {
        const { connection } = request.params;
        const taken = await parts.takeWebhook(
          connection,
          {
            method: request.method,
            url: `${parts.publicUrl ?? `${request.protocol}://${request.host}`}${request.raw.url ?? ''}`,
            headers: singleHeaders(request.headers),
            body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
            now: parts.now(),
          },
          request.traceId,
        );
        if (taken.status === 'refused') {
          if (taken.why !== 'unknown') parts.webhooks.refused(connection, taken.why);
          const [code, detail] = refusalCodes[taken.why];
          throw new HttpProblem(
            code,
            detail,
            taken.why === 'not_configured' ? { retryAfterSeconds: 60 } : {},
          );
        }
        parts.webhooks.taken(connection, taken);
        if (taken.hints > 0) parts.onHints();
        const ignored = Object.values(taken.ignored).reduce((sum, count) => sum + count, 0);
        return reply.status(202).send({ hints: taken.hints, ignored });
      },
    );
  });
}

/** A header that came twice is left out: which of the two was meant is not to be guessed. */
function singleHeaders(headers: {
  readonly [name: string]: string | string[] | undefined;
}): WebhookRequest['headers'] {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
