/**
 * The connector contract: what a vendor's folder must offer to carry records from it or to it.
 * A connector is data (capabilities, limits, a settings schema) and one function, `open`.
 * The kit in test/contract runs the same cases against every connector.
 */
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Fault } from './fault.ts';
import type { HttpKit } from './http.ts';
import type { SourceRecord, Value } from './value.ts';
import type { Hint, Read, WebhookReceipt, WebhookRequest } from './webhook.ts';

/** Where reading resumes. Opaque outside its connector; plain JSON, kept in Postgres. */
export type Cursor = { readonly [key: string]: unknown };

/** The fact that a source record was upserted, deleted or merged. `modifiedAt` is the source's own stamp, UTC. */
export type Change =
  | {
      readonly kind: 'upsert';
      readonly id: string;
      readonly modifiedAt: string;
      readonly record: SourceRecord;
    }
  | { readonly kind: 'delete'; readonly id: string; readonly modifiedAt: string }
  | { readonly kind: 'merge'; readonly id: string; readonly into: string; readonly modifiedAt: string };

export type ChangesRequest = {
  readonly entity: string;
  /** Related records to nest into each record, e.g. `company`, `line_items`. */
  readonly with: readonly string[];
  /** null starts at the beginning: the backfill. */
  readonly cursor: Cursor | null;
  /** The instant that the settled horizon is measured from. */
  readonly now: Date;
};

/** What a source hands over at a time. The cursor is committed with the changes, in one transaction. */
export type Page = {
  readonly changes: readonly Change[];
  readonly cursor: Cursor;
  /** True when there is nothing more to read for `now`; false asks for the next page at once. */
  readonly caughtUp: boolean;
  /** The newest instant surely covered, or null when nothing is sure yet. */
  readonly watermark: string | null;
  /** How many changes the current window holds in all, where the vendor says so: for progress only. */
  readonly total: number | null;
};

/** The answer for one id that was asked for: exactly one per id, in the order asked. */
export type Found =
  | {
      readonly id: string;
      readonly status: 'found';
      readonly modifiedAt: string;
      /** Who changed it last, as a person would name them, where the vendor says so. */
      readonly modifiedBy?: string;
      readonly record: SourceRecord;
    }
  | { readonly id: string; readonly status: 'missing' }
  | { readonly id: string; readonly status: 'merged'; readonly into: string };

export type FieldType =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'enum'
  | 'country'
  | 'currency'
  | 'reference'
  | 'lines'
  | 'record';

export type FieldDescription = {
  readonly type: FieldType;
  readonly label: string;
  readonly required: boolean;
  readonly readOnly: boolean;
  /** For `enum`: the internal values. */
  readonly options?: readonly string[];
  readonly maxLength?: number;
  /** For `reference`: the entity it names. */
  readonly to?: string;
  /** For `lines` and `record`: the nested fields. */
  readonly fields?: { readonly [name: string]: FieldDescription };
};

/** What the vendor says an entity looks like; mapping paths are checked against it. */
export type EntityDescription = {
  readonly entity: string;
  readonly fields: { readonly [name: string]: FieldDescription };
};

/** The vendor answered and the credentials work. `identity` names the tenant, so that links never cross tenants. */
export type CheckResult = { readonly identity: string; readonly version: string };

export interface Source {
  /** Calls the vendor once. Throws a Fault (`auth`, `config`, `transient`) when it cannot be used. */
  check(signal: AbortSignal): Promise<CheckResult>;
  describe(entity: string, signal: AbortSignal): Promise<EntityDescription>;
  readByIds(
    request: { entity: string; with: readonly string[]; ids: readonly string[] },
    signal: AbortSignal,
  ): Promise<readonly Found[]>;
  /** Everything that changed since the cursor, page by page. A record may come twice; it is never left out. */
  changesSince(request: ChangesRequest, signal: AbortSignal): Promise<Page>;
  /**
   * A cursor from which everything that changed since an instant is read once more, deletes included as far back as
   * the vendor still tells them; null is the beginning. Left out where a cursor cannot be made of an instant: such a
   * source is read again from the beginning alone, and tells no deletes of the time before.
   */
  cursorFrom?(instant: Date | null): Cursor;
  /**
   * Judges a webhook by its signature, in constant time, and says of which records it speaks. Pure apart from the settings:
   * nothing is asked and nothing is kept. There exactly when the capability `webhooks` is.
   */
  receiveWebhook?(request: WebhookRequest): WebhookReceipt;
  /**
   * The records, among those that are read, into which these are nested: what changed in a line shows in its order. As far
   * as the vendor can tell now, and no more than `most` for each. There exactly when the capability `webhooks` is.
   */
  nestedInto?(
    request: {
      readonly entity: string;
      readonly ids: readonly string[];
      readonly reads: readonly Read[];
      readonly most: number;
    },
    signal: AbortSignal,
  ): Promise<readonly Hint[]>;
}

/** Lines of a record. `key` is the source's id of the line, stable over its life. */
export type LinesValue = {
  readonly removed: 'delete' | 'keep';
  readonly rows: readonly { readonly key: string; readonly fields: { readonly [field: string]: Value } }[];
};

/** Which lines are asked for: those of records in one field, and the keys that they may have been written under. */
export type LinesRequest = {
  readonly entity: string;
  readonly field: string;
  readonly fields: readonly string[];
  readonly items: readonly {
    readonly targetId: string;
    readonly externalKey: string;
    readonly keys: readonly string[];
  }[];
};

/** The lines of one record. The key is null for a line that was not written under one of the keys asked for. */
export type LinesFound = {
  readonly targetId: string;
  readonly lines: readonly { readonly key: string | null; readonly record: SourceRecord }[];
};

/** One record to write. `fields` holds only what is to be written: `null` clears, an absent field is left alone. */
export type SinkItem = {
  /** Names the item in its outcome. */
  readonly id: string;
  /** Our id, stamped on the record in the same transaction that creates it. */
  readonly externalKey: string;
  /** The record's id in the sink; null asks for a create. */
  readonly targetId: string | null;
  readonly fields: { readonly [field: string]: Value };
  readonly lines: { readonly [field: string]: LinesValue };
};

/** The result of one item. Silence is not success: a sink answers every item exactly once. */
export type Outcome =
  | { readonly id: string; readonly status: 'created' | 'updated' | 'removed'; readonly targetId: string }
  | { readonly id: string; readonly status: 'failed'; readonly fault: Fault }
  /** Surely not written, through no fault of its own: a neighbour had the batch refused. It is sent again without it. */
  | { readonly id: string; readonly status: 'not_applied' };

/** A record of the sink that bears an external key of ours. */
export type OwnRecord = {
  readonly key: string;
  readonly targetId: string;
  /** When it was changed last and by whom, where the vendor says so. */
  readonly changedAt?: string;
  readonly changedBy?: string;
};

/** What a sink hands over of the records that bear our keys; `next` asks for what comes after, null ends it. */
export type OwnPage = { readonly items: readonly OwnRecord[]; readonly next: string | null };

/** Reads records by id. */
export type ReadRequest = {
  readonly entity: string;
  readonly ids: readonly string[];
  readonly fields: readonly string[];
  /** Those of `fields` that not every system has: one that is missing is null, where else it is a `config` fault. */
  readonly optional?: readonly string[];
};

/**
 * Searches records in use (archived ones are not): each field is one of the values it is given. An id stands for the
 * record of a reference, and an empty text for an empty field. The connector says whether `field` may lead through references (`location_id.usage`).
 */
export type SearchRequest = {
  readonly entity: string;
  readonly where: readonly { readonly field: string; readonly values: readonly string[] }[];
  readonly fields: readonly string[];
  /** As in {@link ReadRequest}. */
  readonly optional?: readonly string[];
  readonly order: { readonly field: string; readonly descending: boolean } | null;
  /** At most so many records are answered. */
  readonly limit: number;
  /** Whether the answer is null, and no `config` fault, where the entity or a field is not there for this user. */
  readonly mayBeAbsent?: boolean;
};

/** What a search found, in the order asked; `more` says that the limit left some out. */
export type SearchResult = {
  readonly records: readonly { readonly id: string; readonly record: SourceRecord }[];
  readonly more: boolean;
};

/** What becomes of an ERP record whose source record is gone. */
export type Removal = 'delete' | 'deactivate' | 'cancel';

export interface Sink {
  check(signal: AbortSignal): Promise<CheckResult>;
  describe(entity: string, signal: AbortSignal): Promise<EntityDescription>;
  /** Answers for every id asked, in order; `record` holds the fields asked for. */
  readByIds(request: ReadRequest, signal: AbortSignal): Promise<readonly Found[]>;
  /** The lines of records in one field, as they are now; answers for every record asked, in order. */
  readLines(request: LinesRequest, signal: AbortSignal): Promise<readonly LinesFound[]>;
  /** The sink's id for every external key that exists there; a key that does not is left out. */
  findByExternalKey(
    request: { entity: string; keys: readonly string[] },
    signal: AbortSignal,
  ): Promise<readonly { key: string; targetId: string }[]>;
  /**
   * Writes one batch (at most `limits.batch` items). Throws a Fault when the call as a whole failed: `ambiguous`
   * when it was sent and not answered, anything else when surely nothing was written.
   */
  upsertBatch(entity: string, items: readonly SinkItem[], signal: AbortSignal): Promise<readonly Outcome[]>;
  remove(
    entity: string,
    items: readonly { id: string; targetId: string; how: Removal }[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]>;
  /** The address at which a person looks at a record in the vendor's own pages. Left out where there is none. */
  recordUrl?(entity: string, id: string): string | null;
  /**
   * Lists the records of an entity that bear our external keys and are there, archived ones too, at most `limit` at a
   * time; `after` is the `next` of the page before, null begins. A page may be empty and not be the last. There exactly
   * when the capability `listsOwn` is. Throws `config` with a sentence for a person when the user of the connection may
   * not see them all.
   */
  pageOfOwn?(
    request: { entity: string; after: string | null; limit: number },
    signal: AbortSignal,
  ): Promise<OwnPage>;
  /**
   * Every record in use (archived ones are not) of which a text field holds one of the values, whoever made it. There
   * exactly when the capability `findsByField` is.
   */
  findByField?(
    request: { entity: string; field: string; values: readonly string[] },
    signal: AbortSignal,
  ): Promise<readonly { value: string; targetId: string }[]>;
  /** Searches records by the values of fields, for lookups. There exactly when the capability `searches` is. */
  readWhere?(request: SearchRequest, signal: AbortSignal): Promise<SearchResult | null>;
}

/** What a connector can do, as data. A flow that needs what is missing is refused when it is loaded. */
export type Capabilities = {
  readonly source: null | {
    readonly entities: { readonly [entity: string]: { readonly with: readonly string[] } };
    /**
     * How every other entity can be read, where an account may have entities of its own (a CRM's custom objects); null
     * where `entities` are all there are. Whether an account has one is known when it is asked: `describe` and
     * `changesSince` throw `config` with what there is when it has not.
     */
    readonly otherEntities: { readonly with: readonly string[] } | null;
    readonly deletes: 'none' | 'tombstone' | 'full_scan';
    /** The vendor can tell of changes by calling us, signed. It is a hint: polling goes on. */
    readonly webhooks: boolean;
  };
  readonly sink: null | {
    /** False for a sink that only updates records that already exist (the write-back side of a CRM). */
    readonly creates: boolean;
    /** A batch is written as a whole or not at all. */
    readonly atomicBatches: boolean;
    /** Sending the same create twice makes one record, because the vendor enforces our external key. */
    readonly idempotentCreates: boolean;
    /** It can list the records that bear our external keys: an audit finds those that nothing stands behind. */
    readonly listsOwn: boolean;
    /** It finds records by the value of a field: an audit finds two with one business key. */
    readonly findsByField: boolean;
    /** It searches records by the values of fields: a lookup finds by a business key, and lists. */
    readonly searches: boolean;
    readonly removals: readonly Removal[];
  };
};

/** Limits as data. Requests are counted per connection, over all entities. */
export type Limits = {
  /** Records in a page of a source. */
  readonly page: number;
  /** Records in a batch of a sink. */
  readonly batch: number;
  readonly concurrency: number;
  /** At most `requests` in any `perMs` milliseconds; null where the vendor states none. */
  readonly rate: { readonly requests: number; readonly perMs: number } | null;
  /** After an unanswered create, how long until a look-up by external key can be trusted, in milliseconds. */
  readonly settleMs: number;
  /**
   * For a sink whose `idempotentCreates` is false: the longest that one `upsertBatch` may take, waiting for its turn
   * included, in milliseconds. It is given up by then; a create without an answer is not sent again before.
   */
  readonly callMs?: number;
};

/** What a connector is given: it reads no clock, no environment and no network of its own. */
export type Kit = {
  readonly http: HttpKit;
  readonly now: () => Date;
  /** Resolves after the time, or rejects with the signal's reason. Rejects at once where somebody waits for the answer. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
};

/** A configured instance of a connector. */
export type Connection = { readonly source: Source | null; readonly sink: Sink | null };

/**
 * A running stand-in server that speaks the vendor's protocol over HTTP on loopback. Beside the protocol it serves
 * `/_sandbox/records/{entity}` (GET all, POST one), `/_sandbox/records/{entity}/{id}` (PATCH, DELETE: an edit as a
 * user of the vendor would make it), `/_sandbox/misbehave` (PUT rules), `/_sandbox/stats` (GET request counts).
 */
export type RunningSandbox = {
  readonly url: string;
  /** Settings that make a connection speak to this sandbox; merged over the configured ones. */
  readonly settings: { readonly [key: string]: unknown };
  close(): Promise<void>;
};

export type SandboxOptions = {
  /** Everything the server acknowledged survives in this file; null keeps it in memory. */
  readonly file: string | null;
  /** The data set to begin with, when the file holds nothing yet. */
  readonly seed: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** How it misbehaves from the start; the connector's sandbox README lists the rules. Empty: not at all. */
  readonly misbehave: { readonly [rule: string]: unknown };
  readonly now: () => Date;
};

export type Connector<S = unknown> = {
  readonly name: string;
  readonly title: string;
  /** Unknown keys are refused. Secrets are plain strings here: the config has already resolved `${ENV}` and `file:`. */
  readonly settings: z.ZodType<S>;
  /** Names of the settings that are secrets and must never be printed. */
  readonly secrets: readonly string[];
  readonly capabilities: Capabilities;
  limits(settings: S): Limits;
  open(settings: S, kit: Kit): Connection;
  readonly sandbox: ((options: SandboxOptions) => Promise<RunningSandbox>) | null;
};
