import type { CallbackVerdict, SendCallback } from '../sync/callback-outbox.ts';
import type { Resolve } from './private-address.ts';
import { answeredWith, webhookSender } from './webhook.ts';

/** How callbacks are signed, and where they may go. */
export type CallbackTarget = {
  /** `whsec_` and base64; null where none is configured: then nothing that was stored before can be sent. */
  readonly secret: string | null;
  readonly allowPrivate: boolean;
  readonly now: () => Date;
  /** Looks names up; the system's way otherwise. */
  readonly resolve?: Resolve;
};

/** The setting that lets callbacks go into a private network. */
export const allowedBy = 'http.callbacks.allow_private';

/** Makes what sends callbacks, each to the address that its request named, signed as Standard Webhooks say. */
export function callbackSender({ secret, ...target }: CallbackTarget): SendCallback {
  return async ({ url, id, body }, signal): Promise<CallbackVerdict> => {
    if (secret === null) return { problem: 'no `http.callbacks.secret` is configured', forGood: false };
    const sender = webhookSender({ ...target, url, secret, allowedBy });
    try {
      const problem = await sender.send({ id, body }, signal);
      // Gone: such a receiver is not to be asked again, says the specification.
      return problem === null ? null : { problem, forGood: problem === answeredWith(410) };
    } finally {
      sender.close();
    }
  };
}
