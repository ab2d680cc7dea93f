/** A webhook as it came in: whoever sent it, nothing of it is believed yet. */
export type WebhookRequest = {
  readonly method: string;
  /** As the vendor called it: with the public name of the server, path and query as they were sent. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
  /** The bytes as they came: signatures are over these, and not over what they say. */
  readonly body: Buffer;
  readonly now: Date;
  /** What the flows of the connection read: a hint of anything else is of no use. */
  readonly reads: readonly Read[];
};

export type Read = { readonly entity: string; readonly with: readonly string[] };

/** That something happened to a record: never what. The record is read again by its id. */
export type Hint = { readonly entity: string; readonly id: string };

/** Why a webhook is not taken; each has an error code of its own. */
export type WebhookRefusal = 'unsigned' | 'forged' | 'stale' | 'malformed' | 'not_configured';

export type WebhookReceipt =
  | {
      readonly status: 'taken';
      readonly hints: readonly Hint[];
      /** What the webhook told that nothing here is interested in, by the vendor's own name for it. */
      readonly ignored: { readonly [what: string]: number };
      /**
       * What names this request among all that the vendor signs, and until when the vendor's scheme would take it again:
       * it is remembered so long. Null where the scheme has no time: nothing tells a replay from a repetition then.
       */
      readonly once: { readonly key: string; readonly until: Date } | null;
    }
  | { readonly status: 'refused'; readonly why: WebhookRefusal };
