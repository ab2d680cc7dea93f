/** Callbacks out: signed as Standard Webhooks say, within a time limit, without redirects, and to public addresses alone. */
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { AxiosHeaders } from 'axios';
import { exchange } from '../connector/exchange.ts';
import { Fault } from '../connector/fault.ts';
import type { SendNotice } from '../sync/alert-outbox.ts';
import { isPrivateAddress, privateCode, publicLookup, type Resolve } from './private-address.ts';

export type WebhookTarget = {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Whether it may be on this machine or in a private network. */
  readonly allowPrivate: boolean;
  /** The setting that would let it be there, for the sentence that refuses. */
  readonly allowedBy?: string;
  readonly now: () => Date;
  /** Looks names up; the system's way otherwise. */
  readonly resolve?: Resolve;
};

export type WebhookSender = { readonly send: SendNotice; close(): void };

/** The whole exchange, from the look-up of the name to the last byte of the answer. */
const deadlineMs = 10_000;

/** What a receiver answers is not looked at, beyond its status. */
const maxResponseBytes = 64 * 1024;

/** The signature of a message, as the header `webhook-signature` carries it. */
export function signature(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/u, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Makes what sends notices to one receiver. Nothing that it says of a failure holds the address, the secret or the answer. */
export function webhookSender(target: WebhookTarget): WebhookSender {
  const url = new URL(target.url);
  const literal = url.hostname.replace(/^\[|\]$/gu, '');
  const pool = {
    keepAlive: false,
    ...(target.allowPrivate ? {} : { lookup: publicLookup(target.resolve) }),
  };
  const agents = { http: new http.Agent(pool), https: new https.Agent(pool) };
  return {
    async send({ id, body }, signal) {
      // An address that is written out is never looked up.
      if (!target.allowPrivate && isIP(literal) !== 0 && isPrivateAddress(literal)) return refused(target);
      const timestamp = String(Math.floor(target.now().getTime() / 1000));
      const headers = new AxiosHeaders({
        Accept: '*/*',
        'Content-Type': 'application/json',
        'User-Agent': 'causeway',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature(target.secret, id, timestamp, body),
      });
      const parcel = {
        method: 'POST',
        url,
        headers,
        data: body,
        safe: true,
        deadlineMs,
        maxResponseBytes,
      } as const;
      try {
        const { status } = await exchange(parcel, agents, signal);
        return status >= 200 && status < 300 ? null : answeredWith(status);
      } catch (error) {
        signal.throwIfAborted();
        return reasonOf(error, target);
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** What is said of an answer that is no success. */
export const answeredWith = (status: number): string => `the receiver answered with status ${status}`;

const refused = ({ allowedBy = 'alerts.webhook.allow_private' }: WebhookTarget): string =>
  `the address is of this machine or of a private network, and \`${allowedBy}\` does not let it`;

const reasons: { readonly [code: string]: string } = {
  deadline_exceeded: `the receiver did not answer within ${deadlineMs / 1000} seconds`,
  connection_refused: 'the receiver refuses connections',
  host_not_found: 'the name of the receiver is not known',
  tls_failed: 'no trusted TLS connection could be made',
  connection_lost: 'the connection broke before the answer',
  response_too_large: 'the answer of the receiver is too large',
};

function reasonOf(error: unknown, target: WebhookTarget): string {
  if (!(error instanceof Fault)) return 'the notice could not be sent';
  // `exchange` takes over nothing of an error but its code, in brackets.
  if (error.message.includes(`(${privateCode})`)) return refused(target);
  return reasons[error.code] ?? `the receiver cannot be reached (${error.code})`;
}
