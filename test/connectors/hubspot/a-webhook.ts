import { signatureV3 } from '../../../connectors/hubspot/signature.ts';
import type { Read, WebhookRequest } from '../../../src/connector/webhook.ts';
import type { Bench } from './bench.ts';

/** The secret that connections to the sandbox judge by. */
export const webhookSecret = 'sandbox-webhook-secret';

const url = 'https://causeway.example.com/v1/webhooks/crm';

/** A webhook with this body, signed as HubSpot signs it, now or at another time. */
export function signed(
  { clock }: Pick<Bench, 'clock'>,
  reads: readonly Read[],
  content: unknown,
  over: Partial<WebhookRequest> = {},
): WebhookRequest {
  const now = clock.now();
  const request = {
    method: 'POST',
    url,
    body: Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content)),
    now,
    reads,
    ...over,
  };
  const timestamp = String(now.getTime());
  const headers = {
    'content-type': 'application/json',
    'x-hubspot-request-timestamp': timestamp,
    'x-hubspot-signature-v3': signatureV3(webhookSecret, { ...request, timestamp }),
  };
  return { headers, ...request };
}

/** What HubSpot sends when a property of these records was changed. */
export function aWebhook(bench: Pick<Bench, 'clock'>, read: Read, ids: readonly string[]): WebhookRequest {
  const what =
    read.entity === 'companies'
      ? { subscriptionType: 'company.propertyChange' }
      : { subscriptionType: 'object.propertyChange', objectTypeId: read.entity };
  return signed(
    bench,
    [read],
    ids.map((id) => ({
      ...what,
      objectId: Number(id),
      propertyName: 'name',
      propertyValue: 'secret',
      attemptNumber: 0,
    })),
  );
}
