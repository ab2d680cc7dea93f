import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { WebhookRefusal, WebhookRequest } from '../../src/connector/webhook.ts';
import type { HubSpotSettings } from './settings.ts';

/** HubSpot's own limit: an older request is refused, and one from the future as well. */
const validForMs = 5 * 60_000;

/** The escapes that HubSpot decodes in an address before it signs it, and no others. */
const decoded: { readonly [escape: string]: string } = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};

export type Judged =
  | { readonly good: true; readonly once: { readonly key: string; readonly until: Date } | null }
  | { readonly good: false; readonly why: WebhookRefusal };

const refused = (why: WebhookRefusal): Judged => ({ good: false, why });

/**
 * Judges a request by HubSpot's signature of version 3, and only where there is none, and the settings say so, by that of
 * version 1. A request that bears version 3 is judged by that alone.
 * Source: HubSpot, "Validating requests".
 */
export function judge(settings: HubSpotSettings, request: WebhookRequest): Judged {
  const { webhookSecret: secret, webhookSignature } = settings;
  if (secret === undefined) return refused('not_configured');
  const { 'x-hubspot-signature-v3': third, 'x-hubspot-signature': first } = request.headers;
  if (third !== undefined) return judgeThird(secret, request, third);
  if (first === undefined || webhookSignature !== 'v1') return refused('unsigned');
  const expected = hash('sha256', Buffer.concat([Buffer.from(secret), request.body]));
  return same(first.toLowerCase(), expected) ? { good: true, once: null } : refused('forged');
}

/** The signature comes first and the time second, so that nobody learns from a refusal what time it is here. */
function judgeThird(secret: string, request: WebhookRequest, signature: string): Judged {
  const stamp = request.headers['x-hubspot-request-timestamp'] ?? '';
  const expected = signatureV3(secret, { ...request, timestamp: stamp });
  if (!same(signature, expected)) return refused('forged');
  const at = /^\d{1,15}$/u.test(stamp) ? Number(stamp) : Number.NaN;
  const age = Math.abs(request.now.getTime() - at);
  if (!(age <= validForMs)) return refused('stale');
  return { good: true, once: { key: expected, until: new Date(at + validForMs) } };
}

/** The signature of version 3, in base64. */
export function signatureV3(
  secret: string,
  request: Pick<WebhookRequest, 'method' | 'url' | 'body'> & { readonly timestamp: string },
): string {
  const url = request.url.replaceAll(/%[0-9a-f]{2}/giu, (escape) => decoded[escape.toUpperCase()] ?? escape);
  return createHmac('sha256', secret)
    .update(`${request.method}${url}`)
    .update(request.body)
    .update(request.timestamp)
    .digest('base64');
}

/** Compares in a time that depends on neither text; both are hashed first, so that their lengths tell nothing. */
function same(left: string, right: string): boolean {
  const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(left), digest(right));
}
