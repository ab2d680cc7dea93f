import type { z } from 'zod';
import type { Position } from '../errors/error.ts';
import type { LogLevel } from '../telemetry/logger.ts';

/** Everything Causeway is told before it starts, checked and frozen. Paths are absolute. */
export type Config = {
  /** The file that it was read from. */
  readonly file: string;
  readonly database: 'embedded' | { readonly url: string };
  /** Folder of the embedded database and of the sandboxes' state. */
  readonly data: string;
  /** Folder of the mapping files. */
  readonly mappings: string;
  readonly connections: { readonly [name: string]: ConnectionConfig };
  readonly http: HttpConfig;
  /** Where alerts are sent beside the log; null sends them nowhere. */
  readonly alerts: { readonly webhook: WebhookConfig | null };
  readonly log: { readonly level: LogLevel };
  readonly retention: RetentionConfig;
  /** Every secret value that the configuration holds, so that the log can take it out of its lines. */
  readonly secrets: readonly string[];
};

/** The HTTP interface. */
export type HttpConfig = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The address under which others call this server, without a slash at its end; null where there is none in between. */
  readonly publicUrl: string | null;
  /** So many requests in so many seconds, for each API key. */
  readonly rateLimit: { readonly requests: number; readonly seconds: number };
  /** How whoever asked for work is called back; null calls nobody back. */
  readonly callbacks: CallbacksConfig | null;
};

/** How callbacks are signed, and whether they may go to this machine or into a private network. */
export type CallbacksConfig = { readonly secret: string; readonly allowPrivate: boolean };

type WebhookConfig = {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Whether the address may be on this machine or in a private network. */
  readonly allowPrivate: boolean;
};

/** How long what is only looked back on is kept, in seconds, and what is kept of what was sent. */
export type RetentionConfig = {
  readonly history: number;
  readonly runs: number;
  readonly jobs: number;
  /** Whole payloads, or nothing but their hashes; `flows` makes exceptions. */
  readonly payloads: {
    readonly default: 'keep' | 'hashes';
    readonly flows: { readonly [flow: string]: 'keep' | 'hashes' };
  };
};

/** One entry of `connections`. Use `settingsOf` to get settings that the connector accepts. */
export type ConnectionConfig = {
  readonly name: string;
  readonly connector: string;
  /** As configured, secrets resolved, not yet validated: a sandbox may have to supply what is missing. */
  readonly settings: { readonly [key: string]: unknown };
  readonly sandbox: SandboxConfig | null;
  /** Its place in the file, for problems that show up later. */
  readonly at: Position;
};

type SandboxConfig = {
  readonly seed: string;
  readonly misbehave: { readonly [rule: string]: unknown };
  /** 0 takes a free port. */
  readonly port: number;
};

/** What the configuration has to know of a connector. Handed in, because this folder knows no vendor. */
export type ConfigurableConnector = {
  readonly settings: z.ZodType;
  readonly secrets: readonly string[];
  /** Null for a connector that brings no stand-in server. */
  readonly sandbox: object | null;
};

export type ConnectorRegistry = { readonly [name: string]: ConfigurableConnector };

/** Keys and list indexes that lead from the root of the file to a value. */
export type ConfigPath = readonly (string | number)[];
